//! Setting a message aside: whole, with the reason, before its delivery is given up.

use tandem_proto::topology::dead_letter_subject;
use tandem_proto::{ConnectionId, Envelope, Header, Payload, Stream, v1};

use crate::{Delivery, Error, NewMessage, Queue};

/// Why a message is set aside, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause<'a> {
    /// The stream it was taken from.
    pub stream: Stream,
    /// The service that gives it up.
    pub stage: &'static str,
    /// Bounded code.
    pub code: &'static str,
    /// For people.
    pub reason: &'a str,
    /// When, Unix milliseconds.
    pub now_ms: i64,
}

impl Queue {
    /// Stores the dead letter of a delivery; once that is done the delivery may be terminated.
    pub async fn set_aside(&self, delivery: &Delivery, cause: Cause<'_>) -> Result<(), Error> {
        self.publish(letter(delivery, cause)).await?;
        Ok(())
    }
}

fn letter(delivery: &Delivery, cause: Cause<'_>) -> NewMessage {
    let message = &delivery.message;
    // A message that can't be decoded still names its connection in the subject.
    let origin = Envelope::decode(&message.body).map(|envelope| envelope.header).unwrap_or_default();
    let named = message.connection().unwrap_or_else(ConnectionId::unknown);
    let subject = dead_letter_subject(cause.stage, &named);
    let header = Header {
        id: format!("{}@{}", message.id, message.sequence),
        source: cause.stage.to_owned(),
        r#type: "dead_letter".to_owned(),
        time_ms: cause.now_ms,
        subject: origin.subject,
        connection: named,
        causation_id: origin.id,
        traceparent: origin.traceparent,
    };
    let letter = v1::DeadLetter {
        stream: cause.stream.name().to_owned(),
        stage: cause.stage.to_owned(),
        code: cause.code.to_owned(),
        reason: cause.reason.to_owned(),
        deliveries: delivery.deliveries,
        original: message.body.to_vec(),
    };
    NewMessage {
        stream: Stream::Dead,
        lane: message.lane,
        subject,
        id: header.message_id(),
        body: Envelope { header, payload: Payload::DeadLetter(letter) }.encode().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tandem_proto::{Consumer, Lane, MessageId};

    use super::*;
    use crate::Settings;

    #[tokio::test]
    async fn a_message_that_nobody_can_read_is_kept_whole() {
        let queue = Queue::memory(Settings::default());
        let message = NewMessage {
            stream: Stream::Events,
            lane: Lane::Live,
            subject: "event.live.acme.ghl".to_owned(),
            id: MessageId("m1".to_owned()),
            body: "not an envelope".into(),
        };
        queue.publish(message).await.unwrap();
        let delivery = queue.pull(Consumer::MapperLive, 1, Duration::ZERO).await.unwrap().pop().unwrap();
        let cause =
            Cause { stream: Stream::Events, stage: "mapper", code: "undecodable", reason: "no envelope", now_ms: 7 };
        queue.set_aside(&delivery, cause).await.unwrap();
        let kept = queue.browse(Stream::Dead, 0, 10).await.unwrap().pop().unwrap();
        let envelope = Envelope::decode(&kept.body).unwrap();
        assert_eq!(envelope.header.connection.as_str(), "acme");
        let Payload::DeadLetter(letter) = envelope.payload else { panic!("no dead letter") };
        assert_eq!((letter.original.as_slice(), letter.deliveries), (b"not an envelope".as_slice(), 1));
    }
}
