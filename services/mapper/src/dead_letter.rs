//! Sets an event aside, whole, with the reason.

use jiff::Timestamp;
use tandem_proto::topology::dead_letter_subject;
use tandem_proto::{ConnectionId, Envelope, Header, Payload, Stream, v1};
use tandem_queue::{Delivery, NewMessage};

use crate::handle::Settlement;
use crate::{Deps, chain};

/// Stores the dead letter; only then may the delivery be given up.
pub(crate) async fn store(deps: &Deps, delivery: &Delivery, code: &'static str, reason: &str) -> Settlement {
    let message = &delivery.message;
    let origin = Envelope::decode(&message.body).map(|envelope| envelope.header).unwrap_or_default();
    let connection = if origin.connection.as_str().is_empty() { unknown_connection() } else { origin.connection };
    let header = Header {
        id: format!("{}@{}", message.id, message.sequence),
        source: "mapper".to_owned(),
        r#type: "dead_letter".to_owned(),
        time_ms: Timestamp::now().as_millisecond(),
        subject: origin.subject,
        connection: connection.clone(),
        causation_id: origin.id,
        traceparent: origin.traceparent,
    };
    let letter = v1::DeadLetter {
        stream: Stream::Events.name().to_owned(),
        stage: "mapper".to_owned(),
        code: code.to_owned(),
        reason: reason.to_owned(),
        deliveries: delivery.deliveries,
        original: message.body.to_vec(),
    };
    let new = NewMessage {
        stream: Stream::Dead,
        lane: message.lane,
        subject: dead_letter_subject("mapper", &connection),
        id: header.message_id(),
        body: Envelope { header, payload: Payload::DeadLetter(letter) }.encode().into(),
    };
    match deps.queue.publish(new).await {
        Ok(_) => {
            deps.metrics.dead_letter("mapper", code);
            tracing::error!(event.id = %message.id, connection.id = %connection, code, "event {} set aside: {reason}", message.id);
            Settlement::Dead { code }
        }
        Err(error) => {
            tracing::error!(event.id = %message.id, error = %chain(&error), "a dead letter could not be stored");
            Settlement::Retry { code }
        }
    }
}

/// Messages that can't be decoded belong to nobody we know.
#[expect(clippy::expect_used, reason = "the literal is a valid id")]
fn unknown_connection() -> ConnectionId {
    ConnectionId::new("unknown").expect("a valid id")
}
