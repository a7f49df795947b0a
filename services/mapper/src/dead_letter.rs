//! Sets an event aside, whole, with the reason.

use jiff::Timestamp;
use tandem_proto::Stream;
use tandem_queue::{Cause, Delivery};
use tandem_telemetry::chain;

use crate::Deps;
use crate::handle::Settlement;

/// Stores the dead letter; only then may the delivery be given up.
pub(crate) async fn store(deps: &Deps, delivery: &Delivery, code: &'static str, reason: &str) -> Settlement {
    let id = &delivery.message.id;
    let now_ms = Timestamp::now().as_millisecond();
    let cause = Cause { stream: Stream::Events, stage: "mapper", code, reason, now_ms };
    match deps.queue.set_aside(delivery, cause).await {
        Ok(()) => {
            deps.metrics.dead_letter("mapper", code);
            tracing::error!(event.id = %id, code, "event {id} set aside: {reason}");
            Settlement::Dead { code }
        }
        Err(error) => {
            tracing::error!(event.id = %id, error = %chain(&error), "a dead letter could not be stored");
            Settlement::Retry { code }
        }
    }
}
