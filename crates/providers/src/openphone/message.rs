//! Messages: read for the conversation they belong to (contract sheet, sections 4, 5 and 7.2). Sending is here because the API
//! has it; Tandem never sends on its own.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::{ApiError, Request, Response, json};

use super::response::{Listing, listing, one};
use super::{Id, Surface, UserId, Window, operations as ops, wire};

/// Both documents' bounds for a page.
const PAGE_SIZES: (&str, &str) = ("100", "50");

const MAX_PARTICIPANTS: usize = 10;

const MAX_CONTENT: usize = 1600;

/// Who a message went between, and in which conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: Id,
    /// The conversation; what most readers are after.
    pub conversation: Option<Id>,
    /// Our number.
    pub number: Option<Id>,
    /// The sender's number.
    pub from: Option<String>,
    /// The receivers' numbers.
    pub to: Vec<String>,
    /// What it says.
    pub text: Option<String>,
    /// `incoming` or `outgoing`.
    pub direction: Option<String>,
    /// How far it got.
    pub status: Option<String>,
    /// Who sent it from our side.
    pub user: Option<Id>,
    /// When it was sent.
    pub created_at: Option<Timestamp>,
    /// When its state last changed.
    pub updated_at: Option<Timestamp>,
}

/// The people on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participants(BTreeSet<String>);

/// Too few or too many people for one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message goes between one of our numbers and 1 to {MAX_PARTICIPANTS} others")]
pub struct InvalidParticipants;

impl Participants {
    /// Checks `OpenPhone`'s bounds; the numbers should be E.164.
    pub fn new(numbers: impl IntoIterator<Item = String>) -> Result<Self, InvalidParticipants> {
        let numbers: BTreeSet<String> = numbers.into_iter().collect();
        if (1..=MAX_PARTICIPANTS).contains(&numbers.len()) { Ok(Self(numbers)) } else { Err(InvalidParticipants) }
    }
}

/// `GET /v1/messages`: those of one of our numbers with certain people.
pub fn list_v1(number: &Id, with: &Participants, created: &Window, after: Option<&str>) -> Request {
    let asked = Surface::V1
        .page(PAGE_SIZES.0, after)
        .with("phoneNumberId", Some(number))
        .with("participants", &with.0)
        .within(("createdAfter", "createdBefore"), created);
    wire::query(&ops::V1_MESSAGES_LIST, &[], &asked)
}

/// Which messages the dated list has on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Our number.
    pub number: Option<Id>,
    /// The sender's number.
    pub from: Option<String>,
    /// One of the receivers' numbers.
    pub to: Option<String>,
    /// When it was sent, both ends excluded.
    pub created: Window,
}

/// `GET /messages`.
pub fn list(filter: &Filter, after: Option<&str>) -> Request {
    let asked = Surface::Dated
        .page(PAGE_SIZES.1, after)
        .with("phoneNumberId", filter.number.as_ref())
        .with("from", filter.from.as_ref())
        .with("to", filter.to.as_ref())
        .within(("createdAt[gt]", "createdAt[lt]"), &filter.created);
    wire::query(&ops::MESSAGES_LIST, &[], &asked)
}

/// One message.
pub fn get(surface: Surface, message: &Id) -> Request {
    wire::build(surface.pick(&ops::V1_MESSAGE_GET, &ops::MESSAGE_GET), &[message.as_str()])
}

/// A text to be sent. It reaches people and is billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    from: Id,
    to: Participants,
    content: String,
    user: Option<UserId>,
}

/// Not a text that can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message has 1 to {MAX_CONTENT} characters, not all of them blank")]
pub struct InvalidContent;

impl Outgoing {
    /// Checks `OpenPhone`'s bounds. Several people get one group message. Without a user the number's owner sends it.
    pub fn new(from: Id, to: Participants, content: &str, user: Option<UserId>) -> Result<Self, InvalidContent> {
        let fits = !content.trim().is_empty() && content.chars().count() <= MAX_CONTENT;
        if fits { Ok(Self { from, to, content: content.to_owned(), user }) } else { Err(InvalidContent) }
    }
}

/// `POST /v1/messages`, answered with 202 and the queued message.
pub fn send(message: &Outgoing) -> Request {
    let body = json::given([
        ("content", Some(message.content.as_str().into())),
        ("from", Some(message.from.as_str().into())),
        ("to", Some(message.to.0.iter().map(String::as_str).collect())),
        ("userId", message.user.as_ref().map(|user| user.as_str().into())),
    ]);
    wire::build(&ops::V1_MESSAGE_SEND, &[]).with_json(&body)
}

/// The answer to [`get`] or [`send`].
pub fn message(response: &Response) -> Result<Message, ApiError> {
    one(response, read)
}

/// The answer to [`list_v1`] or [`list`].
pub fn page(response: &Response) -> Result<Listing<Message>, ApiError> {
    listing(response, read)
}

fn read(message: &Map<String, Json>) -> Option<Message> {
    // Documented as a list; webhooks are known to say it as one text.
    let to = match message.get("to") {
        Some(Json::Array(numbers)) => numbers.iter().filter_map(json::plain).collect(),
        other => other.and_then(json::plain).into_iter().collect(),
    };
    Some(Message {
        id: Id::read(message, "id")?,
        conversation: Id::read(message, "conversationId"),
        number: Id::read(message, "phoneNumberId"),
        from: json::text(message, "from"),
        to,
        text: json::text(message, "text"),
        direction: json::text(message, "direction"),
        status: json::text(message, "status"),
        user: Id::read(message, "userId"),
        created_at: json::time(message, "createdAt"),
        updated_at: json::time(message, "updatedAt"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::openphone::tests::{answer, body, id};
    use crate::{Access, Purpose};

    fn ana() -> Participants {
        Participants::new(["+14155550123".to_owned()]).unwrap()
    }

    #[test]
    fn lists_name_the_people_in_each_surfaces_way() {
        assert_eq!(
            list_v1(&id("PN1"), &ana(), &Window::default(), None).http.uri(),
            "/v1/messages?maxResults=100&phoneNumberId=PN1&participants=%2B14155550123"
        );
        let filter = Filter { number: Some(id("PN1")), to: Some("+14155550123".to_owned()), ..Filter::default() };
        assert_eq!(list(&filter, None).http.uri(), "/messages?limit=50&phoneNumberId=PN1&to=%2B14155550123");
        assert_eq!(Participants::new([]), Err(InvalidParticipants));
        assert_eq!(Participants::new((0..11).map(|n| format!("+1415555010{n}"))), Err(InvalidParticipants));
    }

    #[test]
    fn sending_is_possible_but_has_no_purpose_here() {
        let text = Outgoing::new(id("PN1"), ana(), "Hello", UserId::new("US1").ok()).unwrap();
        let wanted = json!({"content": "Hello", "from": "PN1", "to": ["+14155550123"], "userId": "US1"});
        assert_eq!(body(&send(&text)), wanted);
        for bad in ["", " \n", &"x".repeat(1601)] {
            assert_eq!(Outgoing::new(id("PN1"), ana(), bad, None), Err(InvalidContent));
        }
        assert_eq!((ops::V1_MESSAGE_SEND.access, ops::V1_MESSAGE_SEND.purposes), (Access::Write, &[] as &[Purpose]));
    }

    #[test]
    fn a_message_names_its_conversation() {
        let data = json!({"id": "AC1", "to": ["+14155550123"], "from": "+14155550100", "conversationId": "CN1"});
        let read = message(&answer(202, &json!({ "data": data }))).unwrap();
        assert_eq!((read.conversation, read.to.len()), (Some(id("CN1")), 1));
        let page = page(&answer(200, &json!({"data": [{"id": "AC2", "to": "+14155550123"}]}))).unwrap();
        assert_eq!(page.items[0].to, ["+14155550123"]);
    }
}
