//! A delivery that is verified and ours, and the envelope it travels in from here on.

use jiff::Timestamp;

use tandem_contact::Side;
use tandem_proto::{ConnectionId, Envelope, Header, MessageId, Payload, v1};
use tandem_providers::{ContactId, ghl, openphone};

/// Longer types are not names.
const MAX_TYPE_LENGTH: usize = 128;

/// What one delivery says, whichever provider it comes from.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) side: Side,
    pub(crate) connection: ConnectionId,
    /// The same on every retry of the delivery.
    pub(crate) id: String,
    /// Dotted and past tense.
    pub(crate) event_type: String,
    pub(crate) provider_type: String,
    pub(crate) contact_id: Option<ContactId>,
    pub(crate) happened_at: Option<Timestamp>,
    pub(crate) body: Vec<u8>,
}

impl Arrival {
    pub(crate) fn from_ghl(webhook: ghl::webhook::Webhook, connection: ConnectionId, body: Vec<u8>) -> Self {
        Self {
            side: Side::Ghl,
            connection,
            id: webhook.message_id,
            event_type: ghl_type(webhook.kind, &webhook.event_type),
            provider_type: webhook.event_type,
            contact_id: webhook.contact_id,
            happened_at: webhook.timestamp,
            body,
        }
    }

    pub(crate) fn from_openphone(
        webhook: openphone::webhook::Webhook,
        verified: &openphone::Verified,
        connection: ConnectionId,
        body: Vec<u8>,
    ) -> Self {
        Self {
            side: Side::OpenPhone,
            connection,
            id: webhook.message_id(verified, &body),
            // Already dotted and past tense.
            event_type: lower_case(&webhook.event_type),
            provider_type: webhook.event_type,
            contact_id: webhook.contact_id,
            happened_at: webhook.created_at,
            body,
        }
    }

    /// The event as it is stored, except for its trace; `now` stands in where the provider gives no time.
    pub(crate) fn into_envelope(self, now: Timestamp) -> Envelope {
        let contact_id = self.contact_id.map(|id| id.to_string()).unwrap_or_default();
        let header = Header {
            id: self.id,
            source: self.side.name().to_owned(),
            r#type: self.event_type,
            time_ms: self.happened_at.unwrap_or(now).as_millisecond(),
            subject: contact_id.clone(),
            connection: self.connection,
            causation_id: String::new(),
            traceparent: String::new(),
        };
        let event = v1::Event {
            side: wire_side(self.side).into(),
            provider_type: self.provider_type,
            contact_id,
            body: self.body,
            lane: v1::Lane::Live.into(),
            origin: v1::Origin::Webhook.into(),
        };
        Envelope { header, payload: Payload::Event(event) }
    }
}

/// What the queue drops duplicates by.
///
/// A GHL delivery belongs to one location, hence to one connection. One `OpenPhone` workspace may serve several
/// connections, whose deliveries of one event have the same id (contract sheet, section 9.7): each of them counts.
pub(crate) fn message_id(side: Side, header: &Header) -> MessageId {
    match side {
        Side::Ghl => header.message_id(),
        Side::OpenPhone => MessageId(format!("{}:{}", header.message_id(), header.connection)),
    }
}

pub(crate) fn wire_side(side: Side) -> v1::Side {
    match side {
        Side::Ghl => v1::Side::Ghl,
        Side::OpenPhone => v1::Side::Openphone,
    }
}

fn ghl_type(kind: ghl::webhook::Kind, provider_type: &str) -> String {
    use ghl::webhook::Kind;
    match kind {
        Kind::ContactCreated => "contact.created".to_owned(),
        Kind::ContactUpdated => "contact.updated".to_owned(),
        Kind::ContactDeleted => "contact.deleted".to_owned(),
        Kind::ContactTagsUpdated => "contact.tags_updated".to_owned(),
        Kind::ContactDndUpdated => "contact.dnd_updated".to_owned(),
        Kind::TaskChanged | Kind::TaskDeleted | Kind::NoteChanged | Kind::NoteDeleted | Kind::Other => {
            lower_case(provider_type)
        }
    }
}

/// The provider's own name in lower case. The header is logged and shown, so what is no name stays out of it; the event
/// keeps it as it came.
fn lower_case(provider_type: &str) -> String {
    let is_name = provider_type.len() <= MAX_TYPE_LENGTH && provider_type.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name { provider_type.to_ascii_lowercase() } else { "unknown".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_dotted_where_we_know_them_and_lower_case_where_not() {
        use ghl::webhook::Kind;
        assert_eq!(ghl_type(Kind::ContactTagsUpdated, "ContactTagUpdate"), "contact.tags_updated");
        assert_eq!(ghl_type(Kind::Other, "InvoicePaid"), "invoicepaid");
        assert_eq!(ghl_type(Kind::Other, "two\nlines"), "unknown");
        assert_eq!(ghl_type(Kind::Other, &"x".repeat(MAX_TYPE_LENGTH + 1)), "unknown");
    }
}
