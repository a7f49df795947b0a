//! What a large backfill of one connection does to another connection's live changes.

mod backlog;
mod edits;

use std::time::{Duration, Instant};

use anyhow::ensure;
use tandem_tests::{Shape, http};

use crate::quiet::quiet;
use crate::report::Report;
use crate::samples::{Samples, millis};
use crate::system::{System, Wish, shape_name};
use edits::Edits;

const WORSE: f64 = 1.2;
/// A provider far away.
const FAR: Duration = Duration::from_millis(150);
const LIMIT: Duration = Duration::from_mins(20);
const LOOK: Duration = Duration::from_millis(200);
const EVENTS_WAITING: &str = r#"tandem_queue_depth{stream="EVENTS"}"#;
pub(crate) const SEED: [u8; 32] = [4; 32];

/// What the other connection does meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    /// The mapper turns its backfill into commands, and the writer works them off at the provider's rate.
    TakingIn,
    /// The writer works off what is left.
    Writing,
}

#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// Contacts of the backfill.
    backlog: usize,
    /// Changes that are measured in each round and phase.
    samples: usize,
    /// The phases in turn, each time with a new system, so that what the machine does otherwise meets all of them.
    rounds: usize,
}

/// All rounds' times of one phase, for each time that providers take.
#[derive(Debug, Default)]
struct Times {
    at_once: Vec<Duration>,
    far: Vec<Duration>,
}

pub(crate) async fn measure(shape: Shape, is_quick: bool) -> anyhow::Result<Report> {
    let sizes = if is_quick {
        Sizes { backlog: 2_000, samples: 40, rounds: 1 }
    } else {
        Sizes { backlog: 20_000, samples: 150, rounds: 4 }
    };
    let mut phases = [Beside::Nothing, Beside::TakingIn, Beside::Writing].map(|beside| (beside, Times::default()));
    for _ in 0..sizes.rounds {
        round(shape, sizes, &mut phases).await?;
    }
    Ok(report(shape, sizes, phases))
}

/// Without the backfill, while the mapper takes it in, and while the writer works it off at the provider's rate.
async fn round(shape: Shape, sizes: Sizes, phases: &mut [(Beside, Times); 3]) -> anyhow::Result<()> {
    let wish = Wish { connections: 2, rates: [None; 2], signing_seed: Some(SEED), ..Wish::of(shape) };
    let mut system = System::start(wish).await?;
    let edits = Edits::prepare(&system).await?;
    quiet(&system, Duration::from_secs(1)).await?;
    for (beside, times) in phases {
        match beside {
            Beside::Nothing => {}
            Beside::TakingIn => publish(&mut system, shape, sizes.backlog).await?,
            Beside::Writing => taken_in(&system).await?,
        }
        times.at_once.extend(edits.measure(&system, sizes.samples).await?);
        // What is being taken in would be through by then.
        if *beside != Beside::TakingIn {
            system.answer_after(FAR);
            times.far.extend(edits.measure(&system, sizes.samples / 2).await?);
            system.answer_after(Duration::ZERO);
        }
    }
    let written = system.openphone().report().writes.created_by_api;
    ensure!(usize::try_from(written)? < sizes.backlog, "the backfill was gone before the end");
    Ok(())
}

async fn publish(system: &mut System, shape: Shape, count: usize) -> anyhow::Result<()> {
    let contacts = backlog::contacts(system, count)?;
    if shape == Shape::Embedded {
        system.stop()?;
    }
    backlog::publish(system, &contacts).await?;
    if shape == Shape::Embedded {
        system.up().await;
    }
    Ok(())
}

/// Waits until the mapper is through, which is seen at the metrics, as all in one the queue can't be looked into from outside.
async fn taken_in(system: &System) -> anyhow::Result<()> {
    let since = Instant::now();
    // Without echoes of what is written there is no live event, and nothing that the mapper leaves room for.
    system.openphone().set_webhook_url(None);
    while http::metric(system.address(), EVENTS_WAITING).await != Some(0.0) {
        ensure!(since.elapsed() < LIMIT, "the backfill is not taken in");
        tokio::time::sleep(LOOK).await;
    }
    system.take_echoes()
}

fn report(shape: Shape, sizes: Sizes, phases: [(Beside, Times); 3]) -> Report {
    let title = format!("Live changes beside a backfill of {} contacts, {}", sizes.backlog, shape_name(shape));
    let columns =
        ["the other connection", "answers after", "samples", "p50", "p95", "p95 against nothing beside", "target"];
    let mut report = Report::new(title, &columns);
    let phases = phases.map(|(beside, times)| (beside, [Samples::new(times.at_once), Samples::new(times.far)]));
    for (place, after) in ["at once".to_owned(), format!("{} ms", FAR.as_millis())].into_iter().enumerate() {
        let base = phases[0].1[place].percentile(95).as_secs_f64();
        for (beside, samples) in &phases {
            let samples = &samples[place];
            if samples.count() == 0 {
                continue;
            }
            let ratio = samples.percentile(95).as_secs_f64() / base;
            let (what, target) = match beside {
                Beside::Nothing => ("does nothing", String::new()),
                Beside::TakingIn => ("is taken in and written", report.target("< 1.2 times", ratio < WORSE)),
                Beside::Writing => ("is written", report.target("< 1.2 times", ratio < WORSE)),
            };
            report.row([
                what.to_owned(),
                after.clone(),
                samples.count().to_string(),
                millis(samples.percentile(50)),
                millis(samples.percentile(95)),
                format!("{ratio:.2}"),
                target,
            ]);
        }
    }
    report
}
