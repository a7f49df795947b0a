//! One delivery: its span, the handling, the settlement.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tandem_proto::{Consumer, Envelope};
use tandem_queue::Delivery;
use tandem_telemetry::{Span, Taken, chain};

use crate::handle::{self, Settlement};
use crate::{Config, Deps, UNAVAILABLE, dead_letter};

/// Handles one event and settles its delivery, as the next step of the change that it tells of.
pub(crate) async fn settle((config, deps): (&Config, &Deps), consumer: Consumer, delivery: Delivery) {
    let message = &delivery.message;
    if delivery.deliveries == 1 {
        let waited = Timestamp::now().as_millisecond().saturating_sub(message.stored_at_ms);
        let waited = Duration::from_millis(waited.try_into().unwrap_or_default());
        deps.metrics.stage_lag("mapper", message.lane.name(), waited);
    }
    let envelope = Envelope::decode(&message.body).ok();
    let span = Span::process(&Taken {
        stream: consumer.stream().name(),
        consumer: consumer.name(),
        id: &message.id.0,
        deliveries: delivery.deliveries,
        traceparent: envelope.as_ref().map_or("", |envelope| &envelope.header.traceparent),
    });
    if let Some(envelope) = &envelope {
        span.concerns(envelope.header.connection.as_str(), None);
    }
    span.run(handle_and_settle((config, deps), &span, (delivery, envelope))).await;
}

/// A panic in the handling is a failed attempt, not the end of the mapper.
async fn handle_and_settle(
    (config, deps): (&Config, &Deps),
    span: &Span,
    (delivery, envelope): (Delivery, Option<Envelope>),
) {
    let handled = AssertUnwindSafe(handle::handle(config, deps, (&delivery, envelope))).catch_unwind().await;
    let settlement = handled.unwrap_or(Settlement::Retry { code: "panic" });
    let settlement = match settlement {
        Settlement::Retry { code } if code != UNAVAILABLE && delivery.deliveries >= config.max_deliveries => {
            dead_letter::store(deps, &delivery, code, "handling this event failed every time").await
        }
        Settlement::Done | Settlement::Skipped | Settlement::Dead { .. } | Settlement::Retry { .. } => settlement,
    };
    deps.metrics.mapper_outcome(settlement.name());
    span.outcome(settlement.name());
    let id = delivery.message.id.clone();
    if let Settlement::Dead { code } | Settlement::Retry { code } = settlement {
        span.failed(code);
        tracing::debug!(event.id = %id, code, deliveries = delivery.deliveries, "event {id}: {code}");
    }
    if let Err(error) = deps.metrics.timed("queue_settle", give_back(delivery, settlement), |_| true).await {
        tracing::warn!(event.id = %id, error = %chain(&error), "event {id} was handled but not settled; it comes again");
    }
}

async fn give_back(delivery: Delivery, settlement: Settlement) -> Result<(), tandem_queue::Error> {
    let delay = retry_delay(delivery.deliveries);
    match settlement {
        Settlement::Done | Settlement::Skipped => delivery.ack().await,
        Settlement::Dead { code } => delivery.term(code).await,
        Settlement::Retry { .. } => delivery.nak(delay).await,
    }
}

/// Mostly it waits for the writer, which knows in a moment, or for the storage: six seconds at most.
fn retry_delay(deliveries: u32) -> Duration {
    Duration::from_millis(200) * 2_u32.saturating_pow(deliveries.min(5))
}
