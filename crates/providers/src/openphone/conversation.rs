//! Conversations: listing them, their state in the inbox, and an index of who talks where (contract sheet, sections 4, 5 and
//! 7.2).

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::{ApiError, Request, Response, json};

use super::response::{Listing, listing, read};
use super::{Id, Surface, Window, operations as ops, wire};

mod index;

pub use index::{Index, Known, Owner};

/// Both documents' bounds for a page.
const PAGE_SIZES: (&str, &str) = ("100", "50");

/// A thread of messages and calls between one of our numbers and one or more others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: Id,
    /// Our number.
    pub number: Id,
    /// The others' numbers, E.164.
    pub participants: BTreeSet<String>,
    /// The name that people gave it.
    pub name: Option<String>,
    /// Who it is assigned to; v1 only.
    pub assignee: Option<Id>,
    /// When something was last said in it.
    pub last_activity_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// Which conversations to list. One number or all: long lists of numbers are refused (contract sheet, section 3.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Our number.
    pub number: Option<Id>,
    /// When it was created.
    pub created: Window,
    /// When it was last changed.
    pub updated: Window,
}

/// The order of the dated list. The v1 list has one order: newest activity first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The latest change first.
    NewestFirst,
    /// The oldest change first: what a reader of changes since a moment wants.
    OldestFirst,
}

/// What a conversation is marked as in the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Read.
    Read,
    /// Done.
    Done,
    /// Open.
    Open,
}

/// `GET /v1/conversations`, newest activity first.
pub fn list_v1(filter: &Filter, after: Option<&str>) -> Request {
    let asked = Surface::V1
        .page(PAGE_SIZES.0, after)
        .with("phoneNumbers", filter.number.as_ref())
        .within(("createdAfter", "createdBefore"), &filter.created)
        .within(("updatedAfter", "updatedBefore"), &filter.updated);
    wire::query(&ops::V1_CONVERSATIONS_LIST, &[], &asked)
}

/// `GET /conversations`, ordered by the last change.
pub fn list(filter: &Filter, order: Order, after: Option<&str>) -> Request {
    let sort = match order {
        Order::NewestFirst => "updatedAt:desc",
        Order::OldestFirst => "updatedAt:asc",
    };
    let asked = Surface::Dated
        .page(PAGE_SIZES.1, after)
        .with("phoneNumberId", filter.number.as_ref())
        .within(("createdAt[gte]", "createdAt[lte]"), &filter.created)
        .within(("updatedAt[gte]", "updatedAt[lte]"), &filter.updated)
        .with("sort", Some(sort));
    wire::query(&ops::CONVERSATIONS_LIST, &[], &asked)
}

/// `POST .../mark-as-read`, `-done` or `-open`.
pub fn mark(surface: Surface, conversation: &Id, mark: Mark) -> Request {
    let operation = match mark {
        Mark::Read => surface.pick(&ops::V1_CONVERSATION_READ, &ops::CONVERSATION_READ),
        Mark::Done => surface.pick(&ops::V1_CONVERSATION_DONE, &ops::CONVERSATION_DONE),
        Mark::Open => surface.pick(&ops::V1_CONVERSATION_OPEN, &ops::CONVERSATION_OPEN),
    };
    wire::build(operation, &[conversation.as_str()])
}

/// The answer to [`mark`]. v1 doesn't wrap it, the dated surface does.
pub fn conversation(response: &Response) -> Result<Conversation, ApiError> {
    read(response, |body| of(json::child(body, "data").unwrap_or(body)))
}

/// The answer to [`list_v1`] or [`list`].
pub fn page(response: &Response) -> Result<Listing<Conversation>, ApiError> {
    listing(response, of)
}

fn of(conversation: &Map<String, Json>) -> Option<Conversation> {
    Some(Conversation {
        id: Id::read(conversation, "id")?,
        number: Id::read(conversation, "phoneNumberId")?,
        participants: json::list(conversation, "participants").iter().filter_map(json::plain).collect(),
        name: json::text(conversation, "name"),
        assignee: Id::read(conversation, "assignedTo"),
        last_activity_at: json::time(conversation, "lastActivityAt"),
        created_at: json::time(conversation, "createdAt"),
        updated_at: json::time(conversation, "updatedAt"),
        deleted_at: json::time(conversation, "deletedAt"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::openphone::tests::{answer, id};

    #[test]
    fn each_surface_has_its_own_names() {
        let since = Window { from: Some("2026-01-02T03:04:05Z".parse().unwrap()), to: None };
        let filter = Filter { number: Some(id("PN1")), updated: since, ..Filter::default() };
        assert_eq!(
            list_v1(&filter, Some("t")).http.uri(),
            "/v1/conversations?maxResults=100&pageToken=t&phoneNumbers=PN1&updatedAfter=2026-01-02T03%3A04%3A05Z"
        );
        assert_eq!(
            list(&filter, Order::OldestFirst, None).http.uri(),
            "/conversations?limit=50&phoneNumberId=PN1&updatedAt%5Bgte%5D=2026-01-02T03%3A04%3A05Z\
             &sort=updatedAt%3Aasc"
        );
        assert_eq!(mark(Surface::V1, &id("CN1"), Mark::Done).http.uri(), "/v1/conversations/CN1/mark-as-done");
        assert_eq!(mark(Surface::Dated, &id("CN1"), Mark::Read).http.uri(), "/conversations/CN1/mark-as-read");
    }

    #[test]
    fn a_marked_conversation_is_read_wrapped_or_not() {
        let bare = json!({"id": "CN1", "phoneNumberId": "PN1", "participants": ["+14155550123", null],
            "assignedTo": "SYU1", "lastActivityAt": "2026-01-02T03:04:05Z", "deletedAt": null});
        for body in [&bare, &json!({"data": bare})] {
            let read = conversation(&answer(200, body)).unwrap();
            assert_eq!((read.id.as_str(), read.participants.len()), ("CN1", 1));
            assert_eq!(read.assignee, Some(id("SYU1")));
        }
        assert!(conversation(&answer(200, &json!({"data": {}}))).is_err());
    }
}
