//! Sets a command aside, whole, with the reason.

use jiff::Timestamp;
use tandem_proto::topology::dead_letter_subject;
use tandem_proto::{ConnectionId, Envelope, Header, Payload, Stream, v1};
use tandem_queue::{Delivery, NewMessage};

use crate::{Deps, chain};

/// Why a command is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

/// Stores the dead letter; true when the delivery may be given up.
pub(crate) async fn store(deps: &Deps, delivery: &Delivery, reason: &Reason) -> bool {
    let message = &delivery.message;
    let origin = Envelope::decode(&message.body).map(|envelope| envelope.header).unwrap_or_default();
    // Commands carry their connection in the subject, also when their body can't be read.
    let named = message.subject.split('.').nth(2).unwrap_or("unknown");
    let Ok(connection) = ConnectionId::new(named).or_else(|_| ConnectionId::new("unknown")) else { return false };
    let header = Header {
        id: format!("{}@{}", message.id, message.sequence),
        source: "writer".to_owned(),
        r#type: "dead_letter".to_owned(),
        time_ms: Timestamp::now().as_millisecond(),
        subject: origin.subject,
        connection: connection.clone(),
        causation_id: origin.id,
        traceparent: origin.traceparent,
    };
    let letter = v1::DeadLetter {
        stream: Stream::Commands.name().to_owned(),
        stage: "writer".to_owned(),
        code: reason.code.to_owned(),
        reason: reason.text.clone(),
        deliveries: delivery.deliveries,
        original: message.body.to_vec(),
    };
    let new = NewMessage {
        stream: Stream::Dead,
        lane: message.lane,
        subject: dead_letter_subject("writer", &connection),
        id: header.message_id(),
        body: Envelope { header, payload: Payload::DeadLetter(letter) }.encode().into(),
    };
    match deps.queue.publish(new).await {
        Ok(_) => {
            deps.metrics.dead_letter("writer", reason.code);
            tracing::error!(command.id = %message.id, connection.id = %connection, code = reason.code,
                "command {} set aside: {}", message.id, reason.code);
            true
        }
        Err(error) => {
            tracing::error!(command.id = %message.id, error = %chain(&error), "a dead letter could not be stored");
            false
        }
    }
}
