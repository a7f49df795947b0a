#![doc = include_str!("../README.md")]

mod dead_letter;
mod handle;
mod observation;
mod pace;
mod rules;
mod settle;
mod shown;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{Fuse, FusedFuture as _};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tandem_mapping::Mapping;
use tandem_proto::{ConnectionId, Consumer, Lane};
use tandem_providers::ghl::GhlView;
use tandem_providers::openphone::OpenPhoneView;
use tandem_queue::{Delivery, Queue};
use tandem_reconcile::{Kind, Rules};
use tandem_records::Records;
use tandem_telemetry::{Metrics, chain};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::pace::{Pace, Resting};

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

/// The storage's trouble, not the event's: tried again for as long as it takes.
const UNAVAILABLE: &str = "unavailable";
const PULL_WAIT: Duration = Duration::from_secs(30);
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(1);

/// Handles events until the shutdown; what is in hand is finished first.
///
/// The lanes are worked on side by side: whatever piles up in the bulk lane, a person's edit doesn't wait behind it.
pub async fn run(config: Config, deps: Deps, shutdown: CancellationToken) -> Result<(), Error> {
    let pace = Pace::default();
    let live = take((&config, &deps), (Consumer::MapperLive, Lane::Live), &pace, &shutdown);
    let bulk = take((&config, &deps), (Consumer::MapperBulk, Lane::Bulk), &pace, &shutdown);
    tokio::try_join!(live, bulk).map(|((), ())| ())
}

async fn take(
    (config, deps): (&Config, &Deps),
    (consumer, lane): (Consumer, Lane),
    pace: &Pace,
    shutdown: &CancellationToken,
) -> Result<(), Error> {
    let at_once = Pace::at_once(lane);
    let mut working = FuturesUnordered::new();
    let mut resting = Resting::default();
    // Kept while it fits: what a pull that is given up had taken has to go back.
    let mut pull = Fuse::terminated();
    let ended = loop {
        // A new event waits for the room of one, not for the end of all.
        let room = at_once - working.len();
        if pull.is_terminated() && room > at_once / 8 {
            let but = resting.connections();
            pull = Box::pin(async move { deps.queue.pull_but(consumer, (room, PULL_WAIT), &but).await }).fuse();
        }
        let pulled = tokio::select! {
            () = shutdown.cancelled() => break Ok(()),
            Some((connection, took)) = working.next() => {
                let now = Instant::now();
                resting.begin(connection, pace.rest(lane, took, now), now);
                continue;
            }
            () = resting.over() => {
                resting.go_on(Instant::now());
                pull = Fuse::terminated();
                continue;
            }
            pulled = &mut pull => pulled,
        };
        match pulled {
            Ok(deliveries) => {
                pace.taken((lane, deliveries.len()), Instant::now());
                let timed = |delivery| timed((config, deps), consumer, delivery);
                working.extend(deliveries.into_iter().map(timed));
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

/// Handles an event; whose it was, and how long that took.
async fn timed(with: (&Config, &Deps), consumer: Consumer, delivery: Delivery) -> (Option<ConnectionId>, Duration) {
    let (connection, started) = (delivery.message.connection(), Instant::now());
    settle::settle(with, consumer, delivery).await;
    (connection, started.elapsed())
}
