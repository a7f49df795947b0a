//! How much of a provider's published rate is used while there is a backlog.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tandem_proto::Stream;
use tandem_tests::Shape;
use tandem_twins::RequestSeen;

use crate::quiet::quiet;
use crate::report::Report;
use crate::system::{System, UNTHROTTLED, Wish, location, shape_name};

/// What OpenPhone publishes.
const PUBLISHED: u32 = 10;
/// What OpenPhone is made to allow where 5,000 changes are to take less than eight minutes.
const RAISED: u32 = 100;
const MANY: usize = 5_000;
const LIMIT: Duration = Duration::from_mins(10);
const LOOK: Duration = Duration::from_millis(300);

/// One backlog.
#[derive(Debug, Clone, Copy)]
struct Case {
    shape: Shape,
    writers: usize,
    connections: usize,
    /// New contacts per connection.
    contacts: usize,
    /// OpenPhone's requests a second for each connection.
    rate: u32,
    /// How long both providers take for an answer.
    answer: Duration,
}

/// What one backlog showed.
struct Drained {
    requests: usize,
    took: Duration,
    per_second: f64,
    refused: u64,
    violations: u64,
}

pub(crate) async fn measure(shape: Shape, is_quick: bool) -> anyhow::Result<Report> {
    let columns = [
        "new contacts",
        "writers",
        "OpenPhone's rate",
        "answers after",
        "requests",
        "took",
        "share used",
        "429s",
        "beyond the rate",
        "target",
    ];
    let mut report = Report::new(format!("Draining a backlog, {}", shape_name(shape)), &columns);
    for case in cases(shape, is_quick) {
        let drained = drain(case).await.with_context(|| format!("{case:?}"))?;
        add(&mut report, case, &drained);
    }
    scaling(&mut report, shape).await?;
    Ok(report)
}

fn cases(shape: Shape, is_quick: bool) -> Vec<Case> {
    let contacts = if is_quick { MANY / 5 } else { MANY };
    let many = Case { shape, writers: 1, connections: 1, contacts, rate: RAISED, answer: Duration::ZERO };
    let published = Case { contacts: 200, rate: PUBLISHED, ..many };
    let slow = Case { answer: Duration::from_millis(200), ..published };
    match shape {
        Shape::Embedded => vec![many, published, slow],
        Shape::Distributed => {
            let many = [1, 2, 4].map(|writers| Case { writers, ..many });
            let few = [published, slow].map(|few| Case { writers: 2, ..few });
            many.into_iter().chain(few).collect()
        }
    }
}

/// Ten connections against one, each at the published rate.
async fn scaling(report: &mut Report, shape: Shape) -> anyhow::Result<()> {
    let one = Case { shape, writers: 2, connections: 1, contacts: 200, rate: PUBLISHED, answer: Duration::ZERO };
    let ten = Case { connections: 10, ..one };
    let (alone, together) = (drain(one).await?, drain(ten).await?);
    add(report, one, &alone);
    add(report, ten, &together);
    let ratio = together.per_second / alone.per_second;
    let target = report.target("ten connections >= 9 times one", ratio >= 9.0);
    let mut cells = vec!["ten connections / one".to_owned()];
    cells.extend((0..5).map(|_| String::new()));
    cells.extend([format!("{ratio:.1} times"), String::new(), String::new(), target]);
    report.row(cells);
    Ok(())
}

/// The writers start when everything waits; all in one process, when the first webhook is there.
async fn drain(case: Case) -> anyhow::Result<Drained> {
    let wish = Wish { connections: case.connections, writers: case.writers, ..Wish::of(case.shape) };
    // GHL is not in the way: its published rate is the same ten a second, and here OpenPhone's share counts.
    let mut system = System::prepare(Wish { rates: [Some(UNTHROTTLED), Some(case.rate)], ..wish }).await?;
    system.answer_after(case.answer);
    let total = case.contacts * case.connections;
    match case.shape {
        Shape::Embedded => {
            system.up().await;
            people(&system, case)?;
        }
        Shape::Distributed => {
            system.up_only(false).await;
            people(&system, case)?;
            waiting(&system, total).await?;
            system.up_only(true).await;
        }
    }
    written(&system, total).await?;
    quiet(&system, Duration::from_secs(1)).await?;
    let (judgement, requests) = (system.openphone().report(), system.openphone().requests());
    ensure!(judgement.contacts == total, "{} of {total} people arrived", judgement.contacts);
    let (during, took) = writing(&requests)?;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand requests")]
    let per_second = (during - 1) as f64 / took.as_secs_f64();
    let (refused, violations) = (judgement.answers(429), judgement.rate_violations());
    Ok(Drained { requests: during, took, per_second, refused, violations })
}

fn people(system: &System, case: Case) -> anyhow::Result<()> {
    for number in 0..case.contacts {
        for connection in 0..case.connections {
            system.ghl().create_contact(&json!({
                "locationId": location(connection), "firstName": format!("Ana{number}"), "lastName": "Example",
                "tags": ["lead"],
            }))?;
        }
    }
    Ok(())
}

async fn waiting(system: &System, total: usize) -> anyhow::Result<()> {
    let (inside, until) = (system.inside().await?, Instant::now() + LIMIT);
    while usize::try_from(inside.queue.depth(Stream::Commands).await?.waiting)? < total {
        ensure!(Instant::now() < until, "the backlog doesn't build up");
        tokio::time::sleep(LOOK).await;
    }
    inside.close().await
}

async fn written(system: &System, total: usize) -> anyhow::Result<()> {
    let until = Instant::now() + LIMIT;
    while usize::try_from(system.openphone().report().writes.created_by_api)? < total {
        ensure!(Instant::now() < until, "the backlog is not drained");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Requests from the first to the last write, and the time between the two. Echoes are read about later.
fn writing(requests: &[RequestSeen]) -> anyhow::Result<(usize, Duration)> {
    let writes: Vec<u64> =
        requests.iter().filter(|seen| seen.method != "GET").map(|seen| seen.since_start_us).collect();
    let (first, last) = (writes.first().context("no write")?, writes.last().context("no write")?);
    let during = requests.iter().filter(|seen| (first..=last).contains(&&seen.since_start_us)).count();
    Ok((during, Duration::from_micros(last - first)))
}

fn add(report: &mut Report, case: Case, drained: &Drained) {
    let connections = u32::try_from(case.connections).unwrap_or(u32::MAX);
    let share = drained.per_second / f64::from(case.rate * connections);
    let is_met = share >= 0.9 && drained.refused == 0 && drained.violations == 0;
    let contacts = match case.connections {
        1 => case.contacts.to_string(),
        many => format!("{} in each of {many} connections", case.contacts),
    };
    let writers = match case.shape {
        Shape::Embedded => "in the process".to_owned(),
        Shape::Distributed => case.writers.to_string(),
    };
    let target = report.target(">= 90 %, no 429, none beyond", is_met);
    report.row([
        contacts,
        writers,
        format!("{}/s", case.rate),
        if case.answer.is_zero() { "at once".to_owned() } else { format!("{} ms", case.answer.as_millis()) },
        drained.requests.to_string(),
        format!("{:.1} s", drained.took.as_secs_f64()),
        format!("{:.1} %", share * 100.0),
        drained.refused.to_string(),
        drained.violations.to_string(),
        target,
    ]);
}
