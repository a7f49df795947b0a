//! Conversations, and what is logged in them (contract sheet, section 6). Nothing here sends anything to anybody.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::{ApiError, ContactId, Request, Response, json};

use super::request::{build, iso, query};
use super::response::{Listing, done, listing, read};
use super::{ApiVersion, Id, operations as ops};

const SEARCH_PAGE: &str = "100";
/// The largest page of an export.
const EXPORT_PAGE: &str = "500";
const MAX_ATTACHMENTS: usize = 5;

/// A contact's conversation; there is one per contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub contact: Option<ContactId>,
}

/// `GET /conversations/search`: a contact's conversation, if there is one.
pub fn search(location: &Id, contact: &ContactId, version: &ApiVersion) -> Request {
    let asked =
        [("locationId", Some(location.as_str())), ("contactId", Some(contact.as_str())), ("limit", Some(SEARCH_PAGE))];
    query(&ops::CONVERSATIONS_SEARCH, version, &[], &asked)
}

/// The answer to [`search`].
pub fn conversations(response: &Response) -> Result<Listing<Conversation>, ApiError> {
    listing(response, "conversations", |item| {
        let contact = json::text(item, "contactId").and_then(|id| ContactId::new(&id).ok());
        Some(Conversation { id: Id::read(item, "id")?, contact })
    })
}

/// `POST /conversations/`.
pub fn create(location: &Id, contact: &ContactId, version: &ApiVersion) -> Request {
    let body = json!({ "locationId": location.as_str(), "contactId": contact.as_str() });
    build(&ops::CONVERSATION_CREATE, version, &[]).with_json(&body)
}

/// The new conversation's id, from the answer to [`create`].
pub fn created(response: &Response) -> Result<Id, ApiError> {
    done(response)?;
    read(response, |body| Id::read(json::child(body, "conversation")?, "id"))
}

/// Who began: GHL takes everything for outbound that doesn't say so, so it is always said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The contact did.
    Inbound,
    /// We did.
    Outbound,
}

impl Direction {
    fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// Where something is logged, and under which id of ours. Nothing says that GHL refuses the same id twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The conversation.
    pub conversation: Id,
    /// Whose it is.
    pub contact: ContactId,
    /// The conversation provider of the marketplace app; without one GHL answers 201 and logs nothing.
    pub provider: Id,
    /// The other system's id.
    pub external_id: String,
    /// When it happened.
    pub at: Timestamp,
}

/// `POST /conversations/messages/inbound`: a text that somebody else delivered, in either direction.
pub fn log_text(place: &Place, direction: Direction, text: &str, version: &ApiVersion) -> Request {
    let mut body = placed(place, "SMS");
    body.insert("contactId".to_owned(), place.contact.as_str().into());
    body.insert("direction".to_owned(), direction.name().into());
    body.insert("message".to_owned(), text.into());
    build(&ops::MESSAGE_LOG, version, &[]).with_json(&body.into())
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStatus {
    /// Somebody talked.
    Completed,
    /// Nobody answered.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// It was given up.
    Canceled,
    /// It didn't come about.
    Failed,
    /// The caller spoke to a machine.
    Voicemail,
}

impl CallStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NoAnswer => "no-answer",
            Self::Busy => "busy",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
            Self::Voicemail => "voicemail",
        }
    }
}

/// A call to be logged; GHL has no place for its duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who called.
    pub direction: Direction,
    /// From which number; the contact's own for an inbound call.
    pub from: String,
    /// To which number; the contact's own for an outbound call.
    pub to: String,
    /// How it ended.
    pub status: CallStatus,
}

/// A call: `POST /conversations/messages/outbound` for one of ours, `.../inbound` for one of the contact's.
pub fn log_call(place: &Place, call: &Call, version: &ApiVersion) -> Request {
    let mut body = placed(place, "Call");
    let entry = json!({ "from": call.from, "to": call.to, "status": call.status.name() });
    body.insert("call".to_owned(), entry);
    let operation = match call.direction {
        Direction::Outbound => &ops::CALL_LOG,
        Direction::Inbound => {
            body.insert("contactId".to_owned(), place.contact.as_str().into());
            body.insert("direction".to_owned(), call.direction.name().into());
            &ops::MESSAGE_LOG
        }
    };
    build(operation, version, &[]).with_json(&body.into())
}

fn placed(place: &Place, kind: &str) -> Map<String, Json> {
    Map::from_iter([
        ("type".to_owned(), kind.into()),
        ("conversationId".to_owned(), place.conversation.as_str().into()),
        ("conversationProviderId".to_owned(), place.provider.as_str().into()),
        ("altId".to_owned(), place.external_id.as_str().into()),
        ("date".to_owned(), iso(place.at).into()),
    ])
}

/// The id of what was logged, from the answer to [`log_text`] or [`log_call`]. A success without one logged nothing.
pub fn logged(response: &Response) -> Result<Id, ApiError> {
    done(response)?;
    read(response, |body| Id::read(body, "messageId"))
}

/// A message or call as an export shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: Id,
    /// The conversation.
    pub conversation: Option<Id>,
    /// Whose it is.
    pub contact: Option<ContactId>,
    /// The other system's id, where GHL shows it: its description doesn't.
    pub external_id: Option<String>,
    /// `TYPE_SMS`, `TYPE_CALL` and others.
    pub kind: Option<String>,
    /// `inbound` or `outbound`.
    pub direction: Option<String>,
    /// When it happened.
    pub at: Option<Timestamp>,
}

/// One page of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// What there is.
    pub messages: Vec<Message>,
    /// Items without a usable id.
    pub unreadable: usize,
    /// Names the next page; unset on the last.
    pub next: Option<String>,
}

/// `GET /conversations/messages/export`: everything of a location, or of one contact, page by page.
pub fn export(location: &Id, contact: Option<&ContactId>, after: Option<&str>, version: &ApiVersion) -> Request {
    let asked = [
        ("locationId", Some(location.as_str())),
        ("contactId", contact.map(ContactId::as_str)),
        ("limit", Some(EXPORT_PAGE)),
        ("cursor", after),
    ];
    query(&ops::MESSAGES_EXPORT, version, &[], &asked)
}

/// The answer to [`export`].
pub fn exported(response: &Response) -> Result<Export, ApiError> {
    read(response, |body| {
        let items = body.get("messages")?.as_array()?;
        let messages: Vec<_> = items.iter().filter_map(|item| message(item.as_object()?)).collect();
        let unreadable = items.len() - messages.len();
        Some(Export { messages, unreadable, next: json::text(body, "nextCursor") })
    })
}

fn message(item: &Map<String, Json>) -> Option<Message> {
    Some(Message {
        id: Id::read(item, "id")?,
        conversation: Id::read(item, "conversationId"),
        contact: json::text(item, "contactId").and_then(|id| ContactId::new(&id).ok()),
        external_id: json::text(item, "altId"),
        kind: json::text(item, "messageType"),
        direction: json::text(item, "direction"),
        at: json::time(item, "dateAdded"),
    })
}

/// What became of a message that our provider was to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Not there yet.
    Pending,
    /// It is there.
    Delivered,
    /// Somebody has seen it.
    Read,
    /// It won't get there.
    Failed,
}

/// `PUT /conversations/messages/{messageId}/status`: only the app that owns the provider may.
pub fn set_status(message: &Id, delivery: Delivery, version: &ApiVersion) -> Request {
    let status = match delivery {
        Delivery::Pending => "pending",
        Delivery::Delivered => "delivered",
        Delivery::Read => "read",
        Delivery::Failed => "failed",
    };
    build(&ops::MESSAGE_STATUS, version, &[message.as_str()]).with_json(&json!({ "status": status }))
}

/// The id of the message whose status was set.
pub fn status_set(response: &Response) -> Result<Id, ApiError> {
    read(response, |body| Id::read(body, "messageId"))
}

/// More than a call can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a logged call has at most {MAX_ATTACHMENTS} attachments")]
pub struct TooManyAttachments;

/// `PUT /conversations/messages/{messageId}/attachments`: replaces what is attached to a logged call, to no other message.
pub fn set_attachments(message: &Id, addresses: &[&str], version: &ApiVersion) -> Result<Request, TooManyAttachments> {
    if addresses.len() > MAX_ATTACHMENTS {
        return Err(TooManyAttachments);
    }
    let body = json!({ "attachments": addresses });
    Ok(build(&ops::MESSAGE_ATTACHMENTS, version, &[message.as_str()]).with_json(&body))
}

/// Whether the answer to [`set_attachments`] is a success; nothing is said about its body.
pub fn attachments_set(response: &Response) -> Result<(), ApiError> {
    if response.status().is_success() { Ok(()) } else { read(response, |_| None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        let id = |text: &str| Id::new(text).unwrap();
        Place {
            conversation: id("cv1"),
            contact: ContactId::new("c1").unwrap(),
            provider: id("p1"),
            external_id: "AC1".to_owned(),
            at: "2026-11-24T10:00:00Z".parse().unwrap(),
        }
    }

    fn version() -> ApiVersion {
        ApiVersion::new("2021-07-28").unwrap()
    }

    fn body(request: &Request) -> Json {
        serde_json::from_slice(request.http.body()).unwrap()
    }

    fn answer(status: u16, body: &str) -> Response {
        http::Response::builder().status(status).body(body.to_owned().into()).unwrap()
    }

    #[test]
    fn a_text_always_says_who_began() {
        for (direction, name) in [(Direction::Inbound, "inbound"), (Direction::Outbound, "outbound")] {
            let request = log_text(&place(), direction, "Hi", &version());
            assert_eq!(request.operation.name, "ghl.message.log", "the operation that sends is another");
            assert_eq!(request.http.headers()["version"], "2021-04-15");
            assert_eq!(body(&request)["direction"], name);
        }
    }

    #[test]
    fn a_call_goes_where_its_direction_belongs() {
        let call = |direction| Call {
            direction,
            from: "+15550100".to_owned(),
            to: "+15550101".to_owned(),
            status: CallStatus::NoAnswer,
        };
        let theirs = log_call(&place(), &call(Direction::Inbound), &version());
        assert_eq!(
            (theirs.http.uri().path(), &body(&theirs)["direction"]),
            ("/conversations/messages/inbound", &json!("inbound"))
        );
        let ours = log_call(&place(), &call(Direction::Outbound), &version());
        assert_eq!(ours.http.uri(), "/conversations/messages/outbound");
        assert_eq!(body(&ours)["call"], json!({ "from": "+15550100", "to": "+15550101", "status": "no-answer" }));
        assert!(body(&ours).get("direction").is_none() && body(&ours).get("contactId").is_none());
    }

    #[test]
    fn a_success_that_logged_nothing_is_not_one() {
        assert!(logged(&answer(201, "")).is_err());
        assert!(logged(&answer(200, r#"{"success":true}"#)).is_err());
        assert_eq!(logged(&answer(200, r#"{"messageId":"m1"}"#)), Ok(Id::new("m1").unwrap()));
        assert!(attachments_set(&answer(200, "")).is_ok());
        assert!(attachments_set(&answer(403, "{}")).is_err());
        assert_eq!(
            set_attachments(&Id::new("m1").unwrap(), &["https://example.com"; 6], &version()).err(),
            Some(TooManyAttachments)
        );
    }
}
