//! First import and sweep of ten thousand contacts.

mod people;
mod tasks;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tandem_tests::Shape;
use tandem_twins::{Faults, WebhookFault};

use crate::quiet::{quiet, requests};
use crate::report::Report;
use crate::samples::{Samples, millis};
use crate::system::{System, Wish, shape_name};
use people::{different, seed};
use tasks::{TASKS_COME_WITHIN, TASKS_OF, add_tasks, edit_tasks, keep_tasks, tasks_that_differ};

const MANY: usize = 10_000;
/// What OpenPhone publishes.
const PUBLISHED: f64 = 10.0;
/// Of 200,000 requests a day.
const SHARE_OF_THE_DAY: u64 = 10_000;
/// Between two edits of somebody who waits for them.
const EDIT_PAUSE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(5);
const REST: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_mins(45);

pub(crate) async fn measure(shape: Shape, is_quick: bool) -> anyhow::Result<Report> {
    let count = if is_quick { MANY / 20 } else { MANY };
    let columns =
        ["contacts", "what", "GHL requests", "OpenPhone requests", "OpenPhone writes", "took", "shown", "target"];
    let mut report = Report::new(format!("First import and sweep, {}", shape_name(shape)), &columns);
    let system = System::start(Wish { rates: [None; 2], ..Wish::of(shape) }).await?;
    first_import(&mut report, &system, count).await?;
    clean_sweep(&mut report, &system, count)?;
    drop(system);
    lossy(&mut report, shape, count).await?;
    Ok(report)
}

/// What happened at the twins between two moments.
struct Spent {
    ghl: u64,
    openphone: u64,
    writes: u64,
    took: Duration,
}

struct Meter {
    before: [u64; 2],
    writes: u64,
    began: Instant,
}

impl Meter {
    fn new(system: &System) -> Self {
        Self { before: requests(system), writes: writes(system), began: Instant::now() }
    }

    fn read(&self, system: &System) -> Spent {
        let after = requests(system);
        let (ghl, openphone) = (after[0] - self.before[0], after[1] - self.before[1]);
        Spent { ghl, openphone, writes: writes(system) - self.writes, took: self.began.elapsed() }
    }
}

fn writes(system: &System) -> u64 {
    let writes = system.openphone().report().writes;
    writes.created_by_api + writes.updated_by_api
}

fn add(report: &mut Report, count: usize, what: &str, spent: &Spent, (shown, target): (String, String)) {
    report.row([
        count.to_string(),
        what.to_owned(),
        spent.ghl.to_string(),
        spent.openphone.to_string(),
        spent.writes.to_string(),
        format!("{:.1} s", spent.took.as_secs_f64()),
        shown,
        target,
    ]);
}

/// At the published rates, while somebody edits.
async fn first_import(report: &mut Report, system: &System, count: usize) -> anyhow::Result<()> {
    let people = seed(system, 0..10)?;
    quiet(system, REST).await?;
    system.ghl().set_webhook_url(None);
    seed(system, 10..10 + count)?;
    system.take_webhooks()?;
    let meter = Meter::new(system);
    let mut command = system.command(&["backfill", "acme", "--json"])?;
    let (edits, import) = tokio::join!(edited(system, &people, count), imported(system, count));
    let (edits, (creates, writing)) = (edits?, import?);
    ensure!(command.wait_for(LIMIT).success(), "the backfill failed: {:?}", command.output());
    quiet(system, REST).await?;
    let spent = meter.read(system);
    ensure!(different(system) == 0, "{} differ after the import", different(system));
    let report_of = system.openphone().report();
    ensure!(report_of.answers(429) == 0 && report_of.rate_violations() == 0, "more than the published rate");
    let edited = edits.count() as u64;
    // An edit is a read in GHL and a write in OpenPhone; they are not the import's.
    let (ghl, openphone) = (spent.ghl - edited, spent.openphone - edited);
    let pages = pages_of(count);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand requests")]
    let (rate, cost) =
        ((creates + edited - 1) as f64 / writing.as_secs_f64(), (ghl + openphone - pages) as f64 / count as f64);
    let used = report.target(">= 90 % of 10 a second, no 429", rate >= 0.9 * PUBLISHED);
    add(report, count, "first import", &spent, (format!("{rate:.2} writes/s"), used));
    let cheap = report.target("<= 1.1 requests per contact besides pages", cost <= 1.1);
    add(report, count, "", &spent, (format!("{cost:.3} requests per contact, {pages} pages"), cheap));
    let p95 = edits.percentile(95);
    let quick = report.target("p95 of edits meanwhile < 5 s", p95 < Duration::from_secs(5));
    let shown = format!("{} edits: p50 {}, p95 {}", edits.count(), millis(edits.percentile(50)), millis(p95));
    add(report, count, "", &spent, (shown, quick));
    Ok(())
}

/// Pages of a scan: GHL's list by a hundred and its empty one, the search by 500, `OpenPhone`'s one.
fn pages_of(count: usize) -> u64 {
    let ghl = count + 10;
    (ghl.div_ceil(100) + 1 + ghl / 500 + 1 + 1) as u64
}

/// Creates that were made, from the first to the last.
async fn imported(system: &System, count: usize) -> anyhow::Result<(u64, Duration)> {
    let created = || system.openphone().report().writes.created_by_api;
    let (before, until) = (created(), Instant::now() + LIMIT);
    let all = u64::try_from(count)?;
    let mut first = None;
    loop {
        let made = created() - before;
        if made > 0 {
            first.get_or_insert_with(Instant::now);
        }
        if let Some(first) = first.filter(|_| made >= all) {
            return Ok((made, first.elapsed()));
        }
        ensure!(Instant::now() < until, "{made} of {count} arrived");
        tokio::time::sleep(LOOK).await;
    }
}

/// From each edit in GHL to its arrival in OpenPhone, until the import is nearly over.
async fn edited(system: &System, people: &[String], count: usize) -> anyhow::Result<Samples> {
    let enough = u64::try_from(count - count / 20)?;
    let mut times = Vec::new();
    while system.openphone().report().writes.created_by_api < enough {
        let person = &people[times.len() % people.len()];
        let name = format!("Edited{}", times.len());
        let at = Instant::now();
        system.ghl().edit_contact(person, &json!({ "lastName": name }))?;
        let across = people::across(system, person).context("somebody is not there")?;
        while system.openphone().contact(&across).is_none_or(|contact| contact["defaultFields"]["lastName"] != name) {
            ensure!(at.elapsed() < LIMIT, "an edit doesn't arrive");
            tokio::time::sleep(LOOK).await;
        }
        times.push(at.elapsed());
        tokio::time::sleep(EDIT_PAUSE).await;
    }
    Ok(Samples::new(times))
}

fn clean_sweep(report: &mut Report, system: &System, count: usize) -> anyhow::Result<()> {
    let meter = Meter::new(system);
    sweep(system)?;
    let spent = meter.read(system);
    let target =
        report.target("no write, <= 5 % of a day's 200,000 in GHL", spent.writes == 0 && spent.ghl <= SHARE_OF_THE_DAY);
    add(report, count, "clean sweep", &spent, (format!("{} requests in GHL", spent.ghl), target));
    Ok(())
}

fn sweep(system: &System) -> anyhow::Result<()> {
    let mut command = system.command(&["sweep", "acme", "--json"])?;
    ensure!(command.wait_for(LIMIT).success(), "the sweep failed: {:?}", command.output());
    Ok(())
}

/// One in twenty of the webhooks is lost, about everybody's edit in GHL and about tasks that are edited on both sides. Nobody waits for a
/// rate here: what counts is the end.
async fn lossy(report: &mut Report, shape: Shape, count: usize) -> anyhow::Result<()> {
    let mut system = System::prepare(Wish::of(shape)).await?;
    keep_tasks(&system)?;
    system.up().await;
    system.ghl().set_webhook_url(None);
    let people = seed(&system, 0..count)?;
    system.take_webhooks()?;
    let mut command = system.command(&["backfill", "acme", "--json"])?;
    ensure!(command.wait_for(LIMIT).success(), "the backfill failed: {:?}", command.output());
    ensure!(different(&system) == 0, "the import is not whole");
    let tasks = add_tasks(&system, &people[..count / TASKS_OF])?;
    quiet(&system, REST * 2).await?;
    ensure!(tasks_that_differ(&system) == 0, "{} of {} tasks are not across", tasks_that_differ(&system), tasks.len());

    let drop = |seed: u64| Faults { seed, ..Faults::none().webhook(0.05, WebhookFault::Drop) };
    system.ghl().faults(drop(5));
    system.openphone().faults(drop(6));
    for (number, person) in people.iter().enumerate() {
        system.ghl().edit_contact(person, &json!({ "lastName": format!("Edited{number}") }))?;
    }
    edit_tasks(&system, &tasks)?;
    quiet(&system, REST * 2).await?;
    let lost = |faults: &tandem_twins::Report| faults.faults.get("webhook_drop").copied().unwrap_or_default();
    let lost = (lost(&system.ghl().report()), lost(&system.openphone().report()));
    let (behind, tasks_behind) = (different(&system), tasks_that_differ(&system));
    ensure!(
        lost.0 > 0 && lost.1 > 0 && behind > 0 && tasks_behind > 0,
        "{lost:?} webhooks were lost, and nobody differs"
    );
    system.ghl().faults(Faults::none());
    system.openphone().faults(Faults::none());
    let meter = Meter::new(&system);
    sweep(&system)?;
    let until = Instant::now() + TASKS_COME_WITHIN;
    while tasks_that_differ(&system) > 0 && Instant::now() < until {
        tokio::time::sleep(REST).await;
    }
    quiet(&system, REST).await?;
    let (spent, left, tasks_left) = (meter.read(&system), different(&system), tasks_that_differ(&system));
    let target = report.target("equal again after one sweep", left == 0 && tasks_left == 0);
    let shown = format!(
        "{behind} contacts and {tasks_behind} of {} tasks differed before, {left} and {tasks_left} after",
        tasks.len()
    );
    add(report, count, "sweep after lost webhooks", &spent, (shown, target));
    Ok(())
}
