//! What a webhook delivered and what came of it (contract sheet, section 9.2): the way to events that never arrived.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::{ApiError, Request, Response, json};

use super::super::response::{Listing, listing, one, read};
use super::super::{Id, Surface, Window, operations as ops, wire};

const PAGE_SIZE: &str = "50";

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was taken.
    Success,
    /// It will be tried (again).
    Pending,
    /// It is being tried.
    Sending,
    /// It was given up.
    Failed,
}

impl Status {
    const ALL: [Self; 4] = [Self::Success, Self::Pending, Self::Sending, Self::Failed];

    fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Failed => "failed",
        }
    }

    fn read(object: &Map<String, Json>) -> Option<Self> {
        let status = json::text(object, "status")?;
        Self::ALL.into_iter().find(|known| known.name() == status)
    }
}

/// One event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id: what the `webhook-id` header says, on every attempt.
    pub id: Id,
    /// The event, shared by all webhooks that it goes to.
    pub event: Option<Id>,
    /// What the event is about.
    pub resource: Option<Id>,
    /// `contact.updated` and so on.
    pub kind: String,
    /// What became of it; unset where the answer says something unknown.
    pub status: Option<Status>,
    /// When it will be tried again.
    pub next_attempt_at: Option<Timestamp>,
    /// When the event happened.
    pub created_at: Option<Timestamp>,
}

/// A delivery with what was sent and how it was answered. Debug output hides both: they hold contacts.
#[derive(Clone, PartialEq, Eq)]
pub struct Detail {
    /// Its id.
    pub id: Id,
    /// What was sent.
    pub body: Json,
    /// How often and with what result.
    pub attempts: Vec<Attempt>,
}

/// One attempt to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: Option<Timestamp>,
    /// The HTTP status of the answer; none when nothing answered.
    pub answered: Option<u16>,
    /// True when somebody asked for it.
    pub is_manual: bool,
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, attempts, .. } = self;
        f.debug_struct("Detail").field("id", id).field("attempts", attempts).finish_non_exhaustive()
    }
}

/// Which deliveries to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// What became of them.
    pub status: Option<Status>,
    /// `contact.updated` and so on.
    pub kind: Option<String>,
    /// What they are about.
    pub resource: Option<Id>,
    /// When it happened, both ends excluded.
    pub created: Window,
}

/// `GET /webhooks/{id}/events`.
pub fn list(hook: &Id, filter: &Filter, after: Option<&str>) -> Request {
    let asked = Surface::Dated
        .page(PAGE_SIZE, after)
        .with("status", filter.status.map(Status::name))
        .with("eventType", filter.kind.as_ref())
        .with("resourceId", filter.resource.as_ref())
        .within(("createdAt[gt]", "createdAt[lt]"), &filter.created);
    wire::query(&ops::DELIVERIES_LIST, &[hook.as_str()], &asked)
}

/// `GET /webhooks/{id}/events/{deliveryId}`.
pub fn get(hook: &Id, delivery: &Id) -> Request {
    wire::build(&ops::DELIVERY_GET, &[hook.as_str(), delivery.as_str()])
}

/// `POST /webhooks/{id}/events/{deliveryId}/retry`, answered to [`super::super::response::accepted`].
pub fn retry(hook: &Id, delivery: &Id) -> Request {
    wire::build(&ops::DELIVERY_RETRY, &[hook.as_str(), delivery.as_str()])
}

/// `POST /webhooks/{id}/events/test`: a signed sample of a kind of event is delivered.
pub fn test(hook: &Id, kind: &str) -> Request {
    wire::build(&ops::HOOK_TEST, &[hook.as_str()]).with_json(&json!({ "eventType": kind }))
}

/// The answer to [`list`].
pub fn page(response: &Response) -> Result<Listing<Delivery>, ApiError> {
    listing(response, |delivery| {
        Some(Delivery {
            id: Id::read(delivery, "id")?,
            event: Id::read(delivery, "eventId"),
            resource: Id::read(delivery, "resourceId"),
            kind: json::text(delivery, "eventType")?,
            status: Status::read(delivery),
            next_attempt_at: json::time(delivery, "nextAttemptAt"),
            created_at: json::time(delivery, "createdAt"),
        })
    })
}

/// The answer to [`get`].
pub fn detail(response: &Response) -> Result<Detail, ApiError> {
    one(response, |delivery| {
        Some(Detail {
            id: Id::read(delivery, "id")?,
            body: delivery.get("requestBody").cloned().unwrap_or_default(),
            attempts: json::list(delivery, "attempts").iter().filter_map(attempt).collect(),
        })
    })
}

/// The answer to [`test()`]: the event's id, which is also in the body that arrives. The sample is not wrapped.
pub fn tested(response: &Response) -> Result<Id, ApiError> {
    read(response, |event| Id::read(event, "id"))
}

fn attempt(item: &Json) -> Option<Attempt> {
    let item = item.as_object()?;
    let code = item.get("responseStatusCode").and_then(Json::as_u64);
    Some(Attempt {
        at: json::time(item, "timestamp"),
        answered: code.and_then(|code| u16::try_from(code).ok()).filter(|code| *code != 0),
        is_manual: json::text(item, "triggerType").as_deref() == Some("manual"),
    })
}
