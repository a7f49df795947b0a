#![doc = include_str!("../README.md")]

mod dead_letter;
mod handle;
mod observation;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tandem_mapping::Mapping;
use tandem_proto::{ConnectionId, Consumer};
use tandem_queue::{Delivery, Queue};
use tandem_reconcile::Rules;
use tandem_records::Records;
use tandem_telemetry::{Metrics, chain};
use tokio_util::sync::CancellationToken;

use handle::Settlement;

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

/// Live events handled side by side: enough to share the store's commits.
const LIVE_AT_ONCE: usize = 64;
/// Few enough that live events find room at the store beside them.
const BULK_AT_ONCE: usize = 16;
/// The storage's trouble, not the event's: tried again for as long as it takes.
const UNAVAILABLE: &str = "unavailable";
const PULL_WAIT: Duration = Duration::from_secs(30);
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(1);

/// Handles events until the shutdown; what is in hand is finished first.
///
/// The lanes are worked on side by side: whatever piles up in the bulk lane, a person's edit doesn't wait behind it.
pub async fn run(config: Config, deps: Deps, shutdown: CancellationToken) -> Result<(), Error> {
    let live = take(&config, &deps, &shutdown, (Consumer::MapperLive, LIVE_AT_ONCE));
    let bulk = take(&config, &deps, &shutdown, (Consumer::MapperBulk, BULK_AT_ONCE));
    tokio::try_join!(live, bulk).map(|((), ())| ())
}

async fn take(
    config: &Config,
    deps: &Deps,
    shutdown: &CancellationToken,
    (consumer, at_once): (Consumer, usize),
) -> Result<(), Error> {
    loop {
        let pulled = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            pulled = deps.queue.pull(consumer, at_once, PULL_WAIT) => pulled,
        };
        match pulled {
            Ok(deliveries) => {
                let each = |delivery| settle(config, deps, delivery);
                futures_util::stream::iter(deliveries).for_each_concurrent(at_once, each).await;
            }
            Err(error) if error.class().is_retryable() => {
                tracing::error!(error = %chain(&error), "events can't be taken; trying again");
                tokio::time::sleep(UNAVAILABLE_PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Handles one event and settles its delivery; a panic in the handling is a failed attempt, not the end of the mapper.
async fn settle(config: &Config, deps: &Deps, delivery: Delivery) {
    let handled = AssertUnwindSafe(handle::handle(config, deps, &delivery)).catch_unwind().await;
    let settlement = handled.unwrap_or(Settlement::Retry { code: "panic" });
    let settlement = match settlement {
        Settlement::Retry { code } if code != UNAVAILABLE && delivery.deliveries >= config.max_deliveries => {
            dead_letter::store(deps, &delivery, code, "handling this event failed every time").await
        }
        Settlement::Done | Settlement::Skipped | Settlement::Dead { .. } | Settlement::Retry { .. } => settlement,
    };
    deps.metrics.mapper_outcome(settlement.name());
    let (id, delay) = (delivery.message.id.clone(), retry_delay(delivery.deliveries));
    let settled = match settlement {
        Settlement::Done | Settlement::Skipped => delivery.ack().await,
        Settlement::Dead { code } => delivery.term(code).await,
        Settlement::Retry { .. } => delivery.nak(delay).await,
    };
    if let Err(error) = settled {
        tracing::warn!(event.id = %id, error = %chain(&error), "event {id} was handled but not settled; it comes again");
    }
}

fn retry_delay(deliveries: u32) -> Duration {
    Duration::from_millis(200) * 2_u32.saturating_pow(deliveries.min(8))
}
