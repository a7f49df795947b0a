#![doc = include_str!("../README.md")]

mod brake;
mod budgets;
mod call;
mod command;
mod connection;
mod dead_letter;
mod dispatch;
mod firing;
mod ghl;
mod journal;
mod note;
mod notify;
mod openphone;
mod pause;
mod people;
mod poll;
mod rehearsal;
mod run;
mod schedule;
mod talks;
mod task;
mod thing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_queue::Queue;
use tandem_reconcile::BrakeLimit;
use tandem_records::Records;
use tandem_telemetry::Metrics;
use tokio_util::sync::CancellationToken;

pub use connection::{Connection, GhlSide, OpenPhoneSide};
pub use notify::Notifier;
pub use poll::{Pace, poll};
pub use rehearsal::Rehearsal;

/// How much at once, and how patiently.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Records worked on at once, over all connections.
    pub in_flight: usize,
    /// Records of one connection worked on at once.
    pub in_flight_per_connection: usize,
    /// Failed attempts in a row before a command is set aside.
    pub max_attempts: u32,
    /// How many records may be deleted or overwritten before a person is asked.
    pub brake: BrakeLimit,
    /// First and longest delay between attempts; each is drawn between zero and the doubled one before.
    pub backoff: (Duration, Duration),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            in_flight: 64,
            in_flight_per_connection: 8,
            max_attempts: 12,
            brake: BrakeLimit { records: 50, percent: 2, within: Duration::from_mins(10) },
            backoff: (Duration::from_secs(1), Duration::from_mins(10)),
        }
    }
}

/// What the writer works with.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Where commands come from.
    pub queue: Queue,
    /// The documents.
    pub records: Records,
    /// Request budgets.
    pub limits: Limits,
    /// Counters.
    pub metrics: Metrics,
    /// The connections.
    pub connections: BTreeMap<ConnectionId, Arc<Connection>>,
    /// With one nothing is written at providers: every write is taken to have been done as it was meant. Reads are real.
    pub rehearsal: Option<Rehearsal>,
    /// Where rules send messages; none where the configuration names no channel.
    pub notifier: Option<Notifier>,
    /// Cancelled when a stop is asked for: nothing new is begun, and nobody waits for a slot much longer.
    pub shutdown: CancellationToken,
}

/// A look-up that needs the store as well as the provider.
#[derive(Debug)]
pub(crate) enum Failure {
    Provider(call::Trouble),
    Store(tandem_records::Error),
}

impl From<call::Trouble> for Failure {
    fn from(trouble: call::Trouble) -> Self {
        Self::Provider(trouble)
    }
}

impl From<tandem_records::Error> for Failure {
    fn from(error: tandem_records::Error) -> Self {
        Self::Store(error)
    }
}

/// The queue failed in a way that waiting doesn't mend.
#[derive(Debug, thiserror::Error)]
#[error("taking commands")]
pub struct Error(#[from] tandem_queue::Error);

/// Applies commands until the shutdown; runs under way are finished, deliveries that wait are given back.
pub async fn run(config: Config, deps: Deps) -> Result<(), Error> {
    let telling = deps.clone();
    tokio::select! {
        ended = dispatch::run(config, deps) => ended,
        never = budgets::tell(&telling) => match never {},
        never = schedule::keep(&telling) => match never {},
    }
}
