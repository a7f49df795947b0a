//! `OpenPhone`'s webhooks: dated (`data.resource`), v4 and v3 (`data.object`), the latter also wrapped in `object`.

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::{ContactId, ParseError, SignatureError, id, json};

use super::{Partial, Verified, WebhookSecret};

/// The event that Tandem makes itself where reading all tasks shows one to be another than before: webhooks that came while nobody
/// could take them are given up after a day (contract sheet, section 9).
pub const TASK_SEEN: &str = "tandem.task.seen";
/// The events that Tandem makes itself where reading a contact's notes shows another one than before, or one less: `OpenPhone` has
/// none for notes (contract sheet, section 7.3).
pub const NOTE_SEEN: &str = "tandem.note.seen";
/// See [`NOTE_SEEN`].
pub const NOTE_GONE: &str = "tandem.note.gone";

/// What happened, as far as Tandem tells events apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A contact was created or changed; `OpenPhone` has one event for both.
    ContactUpdated,
    /// A contact was deleted.
    ContactDeleted,
    /// A task was created or changed in some way.
    TaskChanged,
    /// A task was deleted.
    TaskDeleted,
    /// A note was found to be new, or another one than before.
    NoteChanged,
    /// A note was found to be there no more.
    NoteDeleted,
    /// Something else.
    Other,
}

impl Kind {
    fn of(event_type: &str) -> Self {
        match event_type {
            "contact.updated" => Self::ContactUpdated,
            "contact.deleted" => Self::ContactDeleted,
            "task.deleted" => Self::TaskDeleted,
            TASK_SEEN => Self::TaskChanged,
            NOTE_SEEN => Self::NoteChanged,
            NOTE_GONE => Self::NoteDeleted,
            // That time has passed is no change.
            "task.overdue" => Self::Other,
            task if task.starts_with("task.") => Self::TaskChanged,
            _ => Self::Other,
        }
    }
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// `OpenPhone`'s name of the event.
    pub event_type: String,
    /// What happened.
    pub kind: Kind,
    /// The event's id; two subscriptions get the same one.
    pub event_id: Option<String>,
    /// The contact that the event is about, in the form that the API uses.
    pub contact_id: Option<ContactId>,
    /// The task that the event is about. Its event tells no more than that (contract sheet, section 9.4).
    pub task_id: Option<ContactId>,
    /// The note that the event is about; its contact is [`Self::contact_id`].
    pub note_id: Option<ContactId>,
    /// When it happened.
    pub created_at: Option<Timestamp>,
    /// What the contact held then. Dated webhooks only: older ones don't tell phones from other fields.
    pub contact: Option<Partial>,
}

/// Checks the signature over the raw body with every trusted secret; `now` bounds the age of Standard Webhooks.
pub fn verify(
    body: &[u8],
    headers: &HeaderMap,
    secrets: &[WebhookSecret],
    now: Timestamp,
) -> Result<Verified, SignatureError> {
    super::signature::verify(body, headers, secrets, now)
}

/// Reads a delivery of any generation. Unknown types and fields are fine.
pub fn parse(body: &[u8]) -> Result<Webhook, ParseError> {
    let body = json::event(body)?;
    let event = unwrapped(&body);
    let event_type = json::text(event, "type").ok_or(ParseError::NotAnEvent)?;
    let kind = Kind::of(&event_type);
    let data = json::child(event, "data");
    let dated = data.and_then(|data| json::child(data, "resource"));
    let resource = dated.or_else(|| data.and_then(|data| json::child(data, "object")));
    let is_contact = matches!(kind, Kind::ContactUpdated | Kind::ContactDeleted);
    let is_task = matches!(kind, Kind::TaskChanged | Kind::TaskDeleted);
    let is_note = matches!(kind, Kind::NoteChanged | Kind::NoteDeleted);
    let id = |is_it: bool, key| {
        let text = resource.filter(|_| is_it).and_then(|resource| json::text(resource, key));
        text.and_then(|id| ContactId::new(&id).ok())
    };
    Ok(Webhook {
        kind,
        event_id: json::text(event, "id"),
        contact_id: resource.filter(|_| is_contact).and_then(contact_id).or_else(|| id(is_note, "contactId")),
        task_id: id(is_task, "id"),
        note_id: id(is_note, "id"),
        created_at: json::time(event, "createdAt"),
        contact: dated.filter(|_| is_contact).and_then(Partial::read),
        event_type,
    })
}

impl Webhook {
    /// What the queue drops duplicates by: the signed delivery id, else the event's id, else a hash of the body.
    pub fn message_id(&self, verified: &Verified, body: &[u8]) -> String {
        let event_id = || self.event_id.clone().filter(|text| id::is_message_id(text));
        verified.message_id.clone().or_else(event_id).unwrap_or_else(|| id::body_hash(body))
    }
}

/// Some v3 deliveries wrap the whole event in a top-level `object` (contract sheet, section 9.5).
fn unwrapped(body: &Map<String, Json>) -> &Map<String, Json> {
    match json::child(body, "object") {
        Some(event) if !body.contains_key("type") => event,
        _ => body,
    }
}

pub(super) fn contact_id(resource: &Map<String, Json>) -> Option<ContactId> {
    ContactId::new(bare_id(&json::text(resource, "id")?)).ok()
}

/// Webhooks write `CT` before the id of a contact that the API uses bare (contract sheet, section 3.1).
pub fn bare_id(id: &str) -> &str {
    let bare =
        id.strip_prefix("CT").filter(|rest| rest.len() == 24 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    bare.unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn all_generations_name_the_same_contact() {
        let contact = json!({"id": "CT64260c5c0000000000000001", "firstName": "Ana"});
        let bare = json!({"id": "64260c5c0000000000000001", "firstName": "Ana"});
        let v3 = json!({"id": "EV1", "object": "event", "type": "contact.updated", "data": {"object": contact}});
        for body in [
            json!({"id": "EV1", "type": "contact.updated", "data": {"resource": bare, "context": {}}}),
            json!({"id": "EV1", "type": "contact.updated", "data": {"resource": contact}}),
            v3.clone(),
            json!({"object": v3}),
        ] {
            let webhook = parse(body.to_string().as_bytes()).unwrap();
            assert_eq!(webhook.kind, Kind::ContactUpdated, "{body}");
            assert_eq!(webhook.contact_id.as_ref().map(ContactId::as_str), Some("64260c5c0000000000000001"), "{body}");
            assert_eq!(webhook.event_id.as_deref(), Some("EV1"), "{body}");
        }
    }

    #[test]
    fn other_ids_keep_their_prefix_and_other_events_have_no_contact() {
        let sample = json!({"type": "contact.deleted", "data": {"resource": {"id": "CT123"}}});
        let webhook = parse(sample.to_string().as_bytes()).unwrap();
        assert_eq!(webhook.kind, Kind::ContactDeleted);
        assert_eq!(webhook.contact_id, ContactId::new("CT123").ok());
        let call = json!({"type": "call.completed", "data": {"object": {"id": "AC1"}}});
        let webhook = parse(call.to_string().as_bytes()).unwrap();
        assert_eq!((webhook.kind, webhook.contact_id), (Kind::Other, None));
    }

    #[test]
    fn the_message_id_is_the_signed_one_then_the_events() {
        let body = br#"{"id":"EV1","type":"x"}"#;
        let webhook = parse(body).unwrap();
        let signed = Verified { message_id: Some("msg_1".to_owned()) };
        let unsigned = Verified { message_id: None };
        assert_eq!(webhook.message_id(&signed, body), "msg_1");
        assert_eq!(webhook.message_id(&unsigned, body), "EV1");
        let nameless = parse(br#"{"type":"x"}"#).unwrap();
        assert!(nameless.message_id(&unsigned, body).starts_with("sha256-"));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _webhook = parse(&body);
        }
    }
}
