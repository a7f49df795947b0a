#![doc = include_str!("../README.md")]

mod dead_letter;
mod handle;
mod observation;
mod settle;
mod shown;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{Fuse, FusedFuture as _};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tandem_mapping::Mapping;
use tandem_proto::{ConnectionId, Consumer};
use tandem_providers::ghl::GhlView;
use tandem_providers::openphone::OpenPhoneView;
use tandem_queue::Queue;
use tandem_reconcile::{Kind, Rules};
use tandem_records::Records;
use tandem_telemetry::{Metrics, chain};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What the mapper needs to know of each connection.
#[derive(Debug, Clone)]
pub struct Config {
    /// By id.
    pub connections: BTreeMap<ConnectionId, Connection>,
    /// An event that panics or can't be stored this often is set aside.
    pub max_deliveries: u32,
}

/// One connection's mapping, and the rules it amounts to.
#[derive(Debug, Clone)]
pub struct Connection {
    /// What is kept in step.
    pub mapping: Mapping,
    /// How records are decided.
    pub rules: Rules,
    /// How tasks are; none where they don't travel.
    pub task_rules: Option<Rules>,
    /// How notes are; none where they don't travel.
    pub note_rules: Option<Rules>,
    /// How GHL's contacts are read.
    pub ghl: GhlView,
    /// How `OpenPhone`'s are; where tags live there a contact tells by itself.
    pub openphone: OpenPhoneView,
}

impl Connection {
    /// How things of a kind are decided; none where they don't travel.
    fn rules_of(&self, kind: Kind) -> Option<&Rules> {
        match kind {
            Kind::Contact => Some(&self.rules),
            Kind::Task => self.task_rules.as_ref(),
            Kind::Note => self.note_rules.as_ref(),
        }
    }
}

/// What the mapper works with.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Where events come from and commands go.
    pub queue: Queue,
    /// The documents.
    pub records: Records,
    /// Counters.
    pub metrics: Metrics,
}

/// The queue failed in a way that waiting doesn't mend.
#[derive(Debug, thiserror::Error)]
#[error("taking events")]
pub struct Error(#[from] tandem_queue::Error);

/// Enough to share the store's commits.
const LIVE: Pace = Pace { at_once: 64, rest: 0 };
/// Little enough that live events find room at the store and at the cores beside them, and less still where the machine is
/// slow. It is several times what a provider takes from one connection; where many are imported at once, more mappers help.
const BULK: Pace = Pace { at_once: 1, rest: 4 };
/// The storage's trouble, not the event's: tried again for as long as it takes.
const UNAVAILABLE: &str = "unavailable";
const PULL_WAIT: Duration = Duration::from_secs(30);
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(1);

/// How much of a lane is handled at a time.
#[derive(Clone, Copy)]
struct Pace {
    /// Events handled side by side.
    at_once: usize,
    /// After an event its place stays empty for this many times as long as the event took.
    rest: u32,
}

/// Handles events until the shutdown; what is in hand is finished first.
///
/// The lanes are worked on side by side: whatever piles up in the bulk lane, a person's edit doesn't wait behind it.
pub async fn run(config: Config, deps: Deps, shutdown: CancellationToken) -> Result<(), Error> {
    let live = take(&config, &deps, &shutdown, (Consumer::MapperLive, LIVE));
    let bulk = take(&config, &deps, &shutdown, (Consumer::MapperBulk, BULK));
    tokio::try_join!(live, bulk).map(|((), ())| ())
}

async fn take(
    config: &Config,
    deps: &Deps,
    shutdown: &CancellationToken,
    (consumer, pace): (Consumer, Pace),
) -> Result<(), Error> {
    let mut working = FuturesUnordered::new();
    // Kept until it ends: what a pull that is given up had taken would have to go back.
    let mut pull = Fuse::terminated();
    let ended = loop {
        // A new event waits for the room of one, not for the end of all.
        let room = pace.at_once - working.len();
        if pull.is_terminated() && room > pace.at_once / 8 {
            pull = Box::pin(deps.queue.pull(consumer, room, PULL_WAIT)).fuse();
        }
        let pulled = tokio::select! {
            () = shutdown.cancelled() => break Ok(()),
            Some(()) = working.next() => continue,
            pulled = &mut pull => pulled,
        };
        match pulled {
            Ok(deliveries) => {
                let settled = |delivery| settle::settle((config, deps), consumer, delivery);
                working.extend(deliveries.into_iter().map(settled).map(|one| rested(one, pace.rest, shutdown)));
            }
            Err(error) if error.class().is_retryable() => {
                tracing::error!(error = %chain(&error), "events can't be taken; trying again");
                tokio::time::sleep(UNAVAILABLE_PAUSE).await;
            }
            Err(error) => break Err(error.into()),
        }
    };
    drop(pull);
    while working.next().await.is_some() {}
    ended
}

/// The work, and then the rest, which a shutdown ends.
async fn rested(work: impl Future<Output = ()>, rest: u32, shutdown: &CancellationToken) {
    let started = Instant::now();
    work.await;
    if rest > 0 {
        drop(tokio::time::timeout(started.elapsed() * rest, shutdown.cancelled()).await);
    }
}
