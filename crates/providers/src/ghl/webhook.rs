//! GHL's webhooks: flat JSON with delivery fields and resource fields side by side (contract sheet, section 9).
//!
//! An event is a hint: it carries no update time, no list of changes and may leave fields out, so nothing but its
//! kind and its ids is taken from it. The contact itself is read with `GET`.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::{ContactId, ParseError, SignatureError, id, json};

use super::note::PartId;
use super::{Id, PublicKey};

/// Where the signature is.
pub const SIGNATURE_HEADER: &str = "x-ghl-signature";

/// The event that Tandem makes itself where reading the location's tasks shows a change: GHL has none for edits (contract
/// sheet, section 10.9).
pub const TASK_SEEN: &str = "TandemTaskSeen";

/// What happened, as far as Tandem tells events apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A contact was created.
    ContactCreated,
    /// A contact was changed.
    ContactUpdated,
    /// A contact was deleted.
    ContactDeleted,
    /// A contact's tags were changed.
    ContactTagsUpdated,
    /// A contact's do-not-disturb settings were changed.
    ContactDndUpdated,
    /// A task was created, completed, or found to be another one than when the location's tasks were last read.
    TaskChanged,
    /// A task was deleted.
    TaskDeleted,
    /// A note was written or changed.
    NoteChanged,
    /// A note was deleted.
    NoteDeleted,
    /// Something else; new types appear without notice.
    Other,
}

impl Kind {
    fn of(event_type: &str) -> Self {
        match event_type {
            "ContactCreate" => Self::ContactCreated,
            "ContactUpdate" => Self::ContactUpdated,
            "ContactDelete" => Self::ContactDeleted,
            "ContactTagUpdate" => Self::ContactTagsUpdated,
            "ContactDndUpdate" => Self::ContactDndUpdated,
            "TaskCreate" | "TaskComplete" | TASK_SEEN => Self::TaskChanged,
            "TaskDelete" => Self::TaskDeleted,
            "NoteCreate" | "NoteUpdate" => Self::NoteChanged,
            "NoteDelete" => Self::NoteDeleted,
            _ => Self::Other,
        }
    }
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// GHL's name of the event.
    pub event_type: String,
    /// What happened.
    pub kind: Kind,
    /// The location it happened in.
    pub location_id: Option<String>,
    /// The agency, for events that belong to one.
    pub company_id: Option<String>,
    /// The app it was sent to: the part of our client id before the first `-`.
    pub app_id: Option<String>,
    /// GHL's id of the event, the same on every retry.
    pub webhook_id: Option<String>,
    /// When GHL says it happened. Retries are old, so never refuse by age.
    pub timestamp: Option<Timestamp>,
    /// What GHL shows as the source of the contact.
    pub source: Option<String>,
    /// The contact that the event is about; of a task not always told (contract sheet, section 9.2).
    pub contact_id: Option<ContactId>,
    /// The task that the event is about.
    pub task_id: Option<ContactId>,
    /// The note that the event is about.
    pub note_id: Option<Id>,
    /// What the note says, as the event has it: a retry may be old.
    pub note_body: Option<String>,
    /// What the queue drops duplicates by: the webhook id, else a hash of the body.
    pub message_id: String,
}

/// Checks the value of [`SIGNATURE_HEADER`] over the raw body with every trusted key.
pub fn verify(body: &[u8], signature_header: Option<&str>, keys: &[PublicKey]) -> Result<(), SignatureError> {
    super::signature::verify(body, signature_header, keys)
}

/// Reads a delivery. Unknown types and fields are fine.
pub fn parse(body: &[u8]) -> Result<Webhook, ParseError> {
    let event = json::event(body)?;
    let event_type = json::text(&event, "type").ok_or(ParseError::NotAnEvent)?;
    let kind = Kind::of(&event_type);
    let webhook_id = json::text(&event, "webhookId").filter(|id| id::is_message_id(id));
    Ok(Webhook {
        kind,
        location_id: location(&event),
        company_id: json::text(&event, "companyId"),
        app_id: json::text(&event, "appId"),
        timestamp: json::time(&event, "timestamp"),
        source: json::text(&event, "source"),
        contact_id: contact(&event, kind),
        task_id: task(&event, kind),
        note_id: note(&event, kind),
        note_body: json::text(&event, "body").filter(|_| kind == Kind::NoteChanged),
        message_id: webhook_id.clone().unwrap_or_else(|| id::body_hash(body)),
        event_type,
        webhook_id,
    })
}

/// Some events name the location as `altId` with `altType` `location`.
fn location(event: &Map<String, Json>) -> Option<String> {
    json::text(event, "locationId").or_else(|| {
        let is_location = json::text(event, "altType").is_some_and(|kind| kind == "location");
        json::text(event, "altId").filter(|_| is_location)
    })
}

/// In contact events the resource is the contact; in others (tasks, notes, messages) it points to one.
fn contact(event: &Map<String, Json>, kind: Kind) -> Option<ContactId> {
    let key = match kind {
        Kind::ContactCreated
        | Kind::ContactUpdated
        | Kind::ContactDeleted
        | Kind::ContactTagsUpdated
        | Kind::ContactDndUpdated => "id",
        Kind::TaskChanged | Kind::TaskDeleted | Kind::NoteChanged | Kind::NoteDeleted | Kind::Other => "contactId",
    };
    json::text(event, key).and_then(|id| ContactId::new(&id).ok())
}

fn task(event: &Map<String, Json>, kind: Kind) -> Option<ContactId> {
    let is_task = matches!(kind, Kind::TaskChanged | Kind::TaskDeleted);
    json::text(event, "id").filter(|_| is_task).and_then(|id| ContactId::new(&id).ok())
}

/// An id that would be read as a part's is none of GHL's (contract sheet, section 10.8).
fn note(event: &Map<String, Json>, kind: Kind) -> Option<Id> {
    let is_note = matches!(kind, Kind::NoteChanged | Kind::NoteDeleted);
    Id::read(event, "id").filter(|id| is_note && PartId::whole(id).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DELIVERED: &str = r#"{"type":"ContactUpdate","locationId":"L1","appId":"6878cec452e7c8d29d4dd3d9",
        "versionId":"v","id":"C1","name":null,"timestamp":"2025-11-07T12:46:45.953Z",
        "webhookId":"881b9415-5d35-4ff1-a667-0545b80b96c0","somethingNew":{"a":[1]}}"#;

    #[test]
    fn a_delivery_names_app_location_contact_and_itself() {
        let webhook = parse(DELIVERED.as_bytes()).unwrap();
        assert_eq!(webhook.kind, Kind::ContactUpdated);
        assert_eq!(webhook.location_id.as_deref(), Some("L1"));
        assert_eq!(webhook.app_id.as_deref(), Some("6878cec452e7c8d29d4dd3d9"));
        assert_eq!(webhook.contact_id, ContactId::new("C1").ok());
        assert_eq!(webhook.message_id, "881b9415-5d35-4ff1-a667-0545b80b96c0");
        assert_eq!(webhook.timestamp, "2025-11-07T12:46:45.953Z".parse().ok());
    }

    #[test]
    fn without_a_webhook_id_the_body_names_the_message() {
        let first = parse(br#"{"type":"ContactUpdate","id":"C1"}"#).unwrap();
        let again = parse(br#"{"type":"ContactUpdate","id":"C1"}"#).unwrap();
        let other = parse(br#"{"type":"ContactUpdate","id":"C2"}"#).unwrap();
        assert!(first.message_id.starts_with("sha256-"), "{}", first.message_id);
        assert_eq!(first.message_id, again.message_id);
        assert_ne!(first.message_id, other.message_id);
        let hostile = parse(br#"{"type":"ContactUpdate","id":"C1","webhookId":"a b\nc"}"#).unwrap();
        assert!(hostile.message_id.starts_with("sha256-"));
    }

    #[test]
    fn odd_bodies_are_read_as_far_as_they_go() {
        let unknown = parse(br#"{"type":"BrandNewThing","contactId":"C9","altId":"L2","altType":"location"}"#).unwrap();
        assert_eq!(unknown.kind, Kind::Other);
        assert_eq!(unknown.location_id.as_deref(), Some("L2"));
        assert_eq!(unknown.contact_id, ContactId::new("C9").ok());
        let sparse = parse(br#"{"type":"ContactDelete","id":"..","locationId":null,"timestamp":"yesterday"}"#).unwrap();
        assert_eq!((sparse.contact_id, sparse.location_id, sparse.timestamp), (None, None, None));
        assert_eq!(parse(br#"{"id":"C1"}"#), Err(ParseError::NotAnEvent));
    }

    #[test]
    fn a_note_is_named_with_what_it_says() {
        let new = parse(br#"{"type":"NoteCreate","id":"n1","contactId":"C1","body":"Called"}"#).unwrap();
        assert_eq!((new.kind, new.note_id.clone()), (Kind::NoteChanged, Id::new("n1").ok()));
        assert_eq!((new.contact_id, new.note_body.as_deref()), (ContactId::new("C1").ok(), Some("Called")));
        assert_eq!(new.task_id, None);
        let gone = parse(br#"{"type":"NoteDelete","id":"n1","contactId":"C1"}"#).unwrap();
        assert_eq!((gone.kind, gone.note_id, gone.note_body), (Kind::NoteDeleted, Id::new("n1").ok(), None));
        assert_eq!(parse(br#"{"type":"NoteUpdate","id":"n1~2","contactId":"C1"}"#).unwrap().note_id, None);
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _webhook = parse(&body);
        }
    }
}
