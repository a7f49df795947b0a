//! Sets a command aside, whole, with the reason.

use jiff::Timestamp;
use tandem_proto::Stream;
use tandem_queue::{Cause, Delivery};
use tandem_telemetry::chain;

use crate::Deps;

/// Why a command is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

/// Stores the dead letter; true when the delivery may be given up.
pub(crate) async fn store(deps: &Deps, delivery: &Delivery, reason: &Reason) -> bool {
    let (id, code) = (&delivery.message.id, reason.code);
    let now_ms = Timestamp::now().as_millisecond();
    let cause = Cause { stream: Stream::Commands, stage: "writer", code, reason: &reason.text, now_ms };
    match deps.queue.set_aside(delivery, cause).await {
        Ok(()) => {
            deps.metrics.dead_letter("writer", code);
            tracing::error!(command.id = %id, code, "command {id} set aside: {code}");
            true
        }
        Err(error) => {
            tracing::error!(command.id = %id, error = %chain(&error), "a dead letter could not be stored");
            false
        }
    }
}
