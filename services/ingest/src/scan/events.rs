//! What a scan puts on EVENTS, in the bulk lane.

use jiff::Timestamp;
use serde_json::json;
use tandem_contact::Side;
use tandem_proto::{ConnectionId, Envelope, Header, Lane, Payload, Stream, topology, v1};
use tandem_providers::Row;
use tandem_queue::NewMessage;
use tandem_telemetry::{Sent, Span};

use super::records::Look;
use crate::arrival::wire_side;

/// The scan that events belong to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'a> {
    pub(super) connection: &'a ConnectionId,
    pub(super) job: &'a str,
    pub(super) now: Timestamp,
}

impl Scan<'_> {
    /// "The list shows this contact, like this."
    pub(super) fn contact(&self, side: Side, row: Row) -> NewMessage {
        let contact = row.id.to_string();
        let updated = row.updated_at.map_or_else(|| "-".to_owned(), |at| at.as_millisecond().to_string());
        // A page that is read again shows the same: the queue drops it.
        let id = format!("{}:{side}:{contact}:{updated}", self.job);
        let event = v1::Event {
            provider_type: "scan.contact".to_owned(),
            contact_id: contact.clone(),
            body: row.into_bytes(),
            ..event(side)
        };
        self.message((id, contact), side, event)
    }

    /// "This record needs a look."
    pub(super) fn record(&self, look: &Look) -> NewMessage {
        let id = format!("{}:record:{}", self.job, look.record);
        let body = json!({ "record": look.record, "unmet": look.unmet, "before_ms": look.before.as_millisecond() });
        let side = look.unmet.first().copied().unwrap_or(Side::Ghl);
        let event =
            v1::Event { provider_type: "scan.record".to_owned(), body: body.to_string().into_bytes(), ..event(side) };
        self.message((id, look.record.to_string()), side, event)
    }

    fn message(&self, (id, subject): (String, String), side: Side, event: v1::Event) -> NewMessage {
        let mut header = Header {
            id,
            source: "scan".to_owned(),
            r#type: event.provider_type.clone(),
            time_ms: self.now.as_millisecond(),
            subject,
            connection: self.connection.clone(),
            causation_id: self.job.to_owned(),
            traceparent: String::new(),
        };
        let id = header.message_id();
        let span = Span::send(&Sent {
            stream: Stream::Events.name(),
            kind: "event",
            lane: Lane::Bulk.name(),
            id: &id.0,
            connection: self.connection.as_str(),
        });
        header.traceparent = span.trace().to_string();
        NewMessage {
            stream: Stream::Events,
            lane: Lane::Bulk,
            subject: topology::event_subject(Lane::Bulk, self.connection, side.name()),
            id,
            body: Envelope { header, payload: Payload::Event(event) }.encode().into(),
        }
    }
}

fn event(side: Side) -> v1::Event {
    v1::Event {
        side: wire_side(side).into(),
        lane: v1::Lane::Bulk.into(),
        origin: v1::Origin::Scan.into(),
        ..v1::Event::default()
    }
}
