//! What a large backlog of one connection does to another connection's live changes.

mod backlog;
mod edits;

use std::time::{Duration, Instant};

use anyhow::ensure;
use tandem_proto::{Lane, Stream};
use tandem_tests::Shape;

use crate::quiet::quiet;
use crate::report::Report;
use crate::samples::{Samples, millis};
use crate::system::{System, Wish, shape_name};
use edits::Edits;

const BACKLOG: usize = 20_000;
const WORSE: f64 = 1.2;
/// A backfill. What piles up in the live lane is shown beside it, without a target.
const BULK: &str = "in the bulk lane";
/// A provider far away.
const FAR: Duration = Duration::from_millis(150);
const LIMIT: Duration = Duration::from_mins(20);
pub(crate) const SEED: [u8; 32] = [4; 32];

/// While what is going on.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    backlog: usize,
    samples: usize,
}

pub(crate) async fn measure(shape: Shape, is_quick: bool) -> anyhow::Result<Report> {
    let columns = [
        "20,000 contacts of another connection",
        "answers after",
        "samples",
        "p50",
        "p95",
        "p95 against none",
        "target",
    ];
    let mut report = Report::new(format!("Live changes beside a backlog, {}", shape_name(shape)), &columns);
    let sizes =
        if is_quick { Sizes { backlog: BACKLOG / 10, samples: 40 } } else { Sizes { backlog: BACKLOG, samples: 150 } };
    for lane in [Lane::Bulk, Lane::Live] {
        one(&mut report, shape, (lane, sizes)).await?;
    }
    Ok(report)
}

/// Without the backlog, while the mapper takes it in, and while the writer works it off at the provider's rate.
async fn one(report: &mut Report, shape: Shape, (lane, sizes): (Lane, Sizes)) -> anyhow::Result<()> {
    let wish = Wish { connections: 2, rates: [None; 2], signing_seed: Some(SEED), ..Wish::of(shape) };
    let mut system = System::start(wish).await?;
    let edits = Edits::prepare(&system).await?;
    quiet(&system, Duration::from_secs(1)).await?;
    let mut alone = Vec::new();
    for answer in [Duration::ZERO, FAR] {
        system.answer_after(answer);
        alone.push((answer, edits.measure(&system, sizes.samples).await?));
    }
    system.answer_after(Duration::ZERO);
    let contacts = backlog::contacts(&system, sizes.backlog)?;
    let published = Instant::now();
    if shape == Shape::Embedded {
        system.stop()?;
    }
    backlog::publish(&system, &contacts, lane).await?;
    if shape == Shape::Embedded {
        system.up().await;
    }
    add(report, "none", &alone, &alone);
    let intake = vec![(Duration::ZERO, edits.measure(&system, sizes.samples).await?)];
    add(report, &format!("in the {} lane, while it is taken in", lane.name()), &intake, &alone);
    taken_in(&system, shape, published).await?;
    let mut beside = Vec::new();
    for answer in [Duration::ZERO, FAR] {
        system.answer_after(answer);
        beside.push((answer, edits.measure(&system, sizes.samples).await?));
    }
    let written = system.openphone().report().writes.created_by_api;
    ensure!(usize::try_from(written)? < sizes.backlog, "the backlog was gone before the end");
    add(report, &format!("in the {} lane, while it is written", lane.name()), &beside, &alone);
    Ok(())
}

/// Waits until the mapper is through, as far as that can be seen from outside.
async fn taken_in(system: &System, shape: Shape, since: Instant) -> anyhow::Result<()> {
    if shape == Shape::Embedded {
        // Its queue can't be looked into while it runs. It takes in some thousand a second.
        tokio::time::sleep(Duration::from_secs(20).saturating_sub(since.elapsed())).await;
        return Ok(());
    }
    let inside = system.inside().await?;
    loop {
        let depth = inside.queue.depth(Stream::Events).await?;
        if depth.waiting + depth.in_flight == 0 {
            return inside.close().await;
        }
        ensure!(since.elapsed() < LIMIT, "the backlog is not taken in");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn add(report: &mut Report, backlog: &str, measured: &[(Duration, Samples)], alone: &[(Duration, Samples)]) {
    for (answer, samples) in measured {
        let base = alone.iter().find(|(other, _)| other == answer).map(|(_, samples)| samples.percentile(95));
        let ratio = samples.percentile(95).as_secs_f64() / base.unwrap_or_default().as_secs_f64();
        let target =
            if backlog.starts_with(BULK) { report.target("< 1.2 times", ratio < WORSE) } else { String::new() };
        report.row([
            backlog.to_owned(),
            if answer.is_zero() { "at once".to_owned() } else { format!("{} ms", answer.as_millis()) },
            samples.count().to_string(),
            millis(samples.percentile(50)),
            millis(samples.percentile(95)),
            format!("{ratio:.2}"),
            target,
        ]);
    }
}
