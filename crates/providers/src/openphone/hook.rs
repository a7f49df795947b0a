//! Managing webhooks of the dated surface (contract sheet, section 9.2). What they deliver is read in [`super::webhook`], what
//! was delivered is in [`delivery`], the older kind in [`legacy`].
//!
//! The key that deliveries are signed with is told once, at creation, and again at each rotation: whoever asks must keep it.

use std::fmt;

use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};

use crate::{ApiError, Request, Response, json};

use super::response::{Listing, listing, one};
use super::{Id, operations as ops, wire};

pub mod delivery;
pub mod legacy;

/// The events about contacts; creations come as updates.
pub const CONTACT_EVENTS: &[&str] = &["contact.updated", "contact.deleted"];

/// The events about contacts and those that tell of a change to a task.
pub const CONTACT_AND_TASK_EVENTS: &[&str] = &[
    "contact.updated",
    "contact.deleted",
    "task.created",
    "task.updated",
    "task.deleted",
    "task.completed",
    "task.reopened",
    "task.assigned",
    "task.unassigned",
    "task.linked",
    "task.unlinked",
    "task.duedate.updated",
    "task.duedate.removed",
];

/// More webhooks than this a workspace can't have.
pub const MAX_HOOKS: usize = 50;

/// Whether a webhook delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Enabled,
    /// It doesn't: the state to be made in, where the key has to be stored before the first delivery.
    Disabled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }

    fn read(object: &Map<String, Json>) -> Option<Self> {
        let status = json::text(object, "status")?;
        [Self::Enabled, Self::Disabled].into_iter().find(|known| known.name() == status)
    }
}

/// Of which numbers messages and calls are told; contacts are told of in any case. Always sent: a webhook made without it has
/// been seen to deliver nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbers {
    /// Of all.
    All,
    /// Of these.
    Only(Vec<Id>),
}

impl Numbers {
    fn json(&self) -> Json {
        match self {
            Self::All => json!(["*"]),
            Self::Only(ids) => ids.iter().map(Id::as_str).collect(),
        }
    }
}

/// A webhook of either kind. Its key is in v1 answers always, in dated ones at creation only.
#[derive(Clone)]
pub struct Hook {
    /// Its id: digits, or `WH...` for the older kind.
    pub id: Id,
    /// Where it delivers to.
    pub url: String,
    /// Whether it delivers.
    pub status: Option<Status>,
    /// What it tells of.
    pub events: Vec<String>,
    /// The ids of numbers that it tells of, or `*`.
    pub resource_ids: Vec<String>,
    /// The name that it was given.
    pub label: Option<String>,
    /// The version of what it delivers, bound at creation.
    pub api_version: Option<String>,
    /// What its deliveries are signed with.
    pub key: Option<SecretString>,
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, status, events, .. } = self;
        f.debug_struct("Hook").field("id", id).field("status", status).field("events", events).finish_non_exhaustive()
    }
}

/// A webhook to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHook<'a> {
    /// Where it shall deliver to.
    pub url: &'a str,
    /// What it shall tell of.
    pub events: &'a [&'a str],
    /// Of which numbers.
    pub numbers: Numbers,
    /// Whether it shall deliver yet.
    pub status: Status,
    /// A name for people.
    pub label: Option<&'a str>,
}

impl NewHook<'_> {
    fn json(&self) -> Json {
        json::given([
            ("url", Some(self.url.into())),
            ("events", Some(self.events.iter().copied().collect())),
            ("resourceIds", Some(self.numbers.json())),
            ("status", Some(self.status.name().into())),
            ("label", self.label.map(Json::from)),
        ])
    }
}

/// A change of a webhook; what is unset stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change<'a> {
    /// Where it shall deliver to.
    pub url: Option<&'a str>,
    /// All that it shall tell of.
    pub events: Option<&'a [&'a str]>,
    /// Of which numbers.
    pub numbers: Option<Numbers>,
    /// Whether it shall deliver.
    pub status: Option<Status>,
}

/// `GET /webhooks`: all of them; those made in the app or on v1 are not among them.
pub fn list() -> Request {
    wire::build(&ops::HOOKS_LIST, &[])
}

/// `POST /webhooks`, answered to [`created`].
pub fn create(hook: &NewHook<'_>) -> Request {
    wire::build(&ops::HOOK_CREATE, &[]).with_json(&hook.json())
}

/// `GET /webhooks/{id}`.
pub fn get(hook: &Id) -> Request {
    wire::build(&ops::HOOK_GET, &[hook.as_str()])
}

/// `PATCH /webhooks/{id}`. Nothing when nothing changes: an empty change is refused.
pub fn update(hook: &Id, change: &Change<'_>) -> Option<Request> {
    let body = json::given([
        ("url", change.url.map(Json::from)),
        ("events", change.events.map(|events| events.iter().copied().collect())),
        ("resourceIds", change.numbers.as_ref().map(Numbers::json)),
        ("status", change.status.map(|status| status.name().into())),
    ]);
    let is_empty = body.as_object().is_none_or(Map::is_empty);
    (!is_empty).then(|| wire::build(&ops::HOOK_PATCH, &[hook.as_str()]).with_json(&body))
}

/// `DELETE /webhooks/{id}`, answered to [`super::response::deleted`].
pub fn delete(hook: &Id) -> Request {
    wire::build(&ops::HOOK_DELETE, &[hook.as_str()])
}

/// `POST /webhooks/{id}/rotate`, answered to [`rotated`]. Whether the old key stays good for a while is not documented, so
/// both are accepted for a while.
pub fn rotate(hook: &Id) -> Request {
    wire::build(&ops::HOOK_ROTATE, &[hook.as_str()])
}

/// The answer to [`list`] or [`legacy::list`].
pub fn page(response: &Response) -> Result<Listing<Hook>, ApiError> {
    listing(response, of)
}

/// The answer to [`get`], [`update`] or [`legacy::get`].
pub fn hook(response: &Response) -> Result<Hook, ApiError> {
    one(response, of)
}

/// The answer to [`create`] or [`legacy::create`], and the key. Without one it is unreadable: such a webhook could never be
/// verified.
pub fn created(response: &Response) -> Result<(Hook, SecretString), ApiError> {
    one(response, |hook| Some((of(hook)?, key(hook)?)))
}

/// The answer to [`rotate`]: the new key.
pub fn rotated(response: &Response) -> Result<SecretString, ApiError> {
    one(response, key)
}

fn of(hook: &Map<String, Json>) -> Option<Hook> {
    let texts = |name| json::list(hook, name).iter().filter_map(json::plain).collect();
    Some(Hook {
        id: Id::read(hook, "id")?,
        url: json::text(hook, "url")?,
        status: Status::read(hook),
        events: texts("events"),
        resource_ids: texts("resourceIds"),
        label: json::text(hook, "label"),
        api_version: json::text(hook, "apiVersion"),
        key: key(hook),
    })
}

fn key(object: &Map<String, Json>) -> Option<SecretString> {
    json::text(object, "key").map(SecretString::from)
}

#[cfg(test)]
mod tests;
