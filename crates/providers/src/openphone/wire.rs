//! What all requests share: ids, routes, queries, and the header of the dated surface.

use std::fmt;

use http::HeaderValue;
use http::header::HeaderName;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use url::form_urlencoded::Serializer;

use crate::request::fill;
use crate::{ContactId, InvalidId, Operation, Request, json};

/// The version of the dated surface that this code speaks. A webhook is bound to the version that it was made with.
pub const API_VERSION: HeaderValue = HeaderValue::from_static("2026-03-30");

const VERSION: HeaderName = HeaderName::from_static("quo-api-version");

/// Which of the two surfaces is asked. Both take the same key and know the same ids (contract sheet, section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// `/v1`.
    V1,
    /// No prefix, but a version in a header.
    Dated,
}

impl Surface {
    /// The one of two that belongs to the surface.
    pub(super) fn pick<T>(self, v1: T, dated: T) -> T {
        match self {
            Self::V1 => v1,
            Self::Dated => dated,
        }
    }

    /// A page of so many items: the first, or the one that the page before named.
    pub(super) fn page(self, size: &str, after: Option<&str>) -> Query {
        let (limit, token) = self.pick(("maxResults", "pageToken"), ("limit", "after"));
        Query::default().with(limit, Some(size)).with(token, after)
    }
}

/// Any id that `OpenPhone` hands out, fit for a path. Ids are opaque; only those of users are told by their prefix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(ContactId);

impl Id {
    /// Checks that the id can stand in a path.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        ContactId::new(text).map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn read(object: &Map<String, Json>, key: &str) -> Option<Self> {
        Self::new(&json::text(object, key)?).ok()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A person of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Id);

impl UserId {
    /// Takes ids of people only: the user operations answer 400 to those of AI agents, `SYU...` (contract sheet, section 11).
    pub fn new(text: &str) -> Result<Self, InvalidUserId> {
        let id = Id::new(text).ok().filter(|_| text.starts_with("US"));
        id.map(Self).ok_or(InvalidUserId)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Not the id of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a person starts with `US`")]
pub struct InvalidUserId;

/// Bounds in time, open where unset. v1 and the dated surface may disagree about the very instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Nothing older.
    pub from: Option<Timestamp>,
    /// Nothing newer.
    pub to: Option<Timestamp>,
}

/// The query of an address, in the order given.
#[derive(Default)]
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// A parameter; without a value it is left out. Lists repeat the name: v1 takes no other form.
    pub(super) fn with<T: ToString>(mut self, name: &'static str, values: impl IntoIterator<Item = T>) -> Self {
        self.0.extend(values.into_iter().map(|value| (name, value.to_string())));
        self
    }

    /// Both ends of a window, under the names that the list has for them.
    pub(super) fn within(self, names: (&'static str, &'static str), window: &Window) -> Self {
        self.with(names.0, window.from).with(names.1, window.to)
    }
}

/// The operation with its placeholders filled in, in their order.
pub(super) fn build(operation: &'static Operation, ids: &[&str]) -> Request {
    query(operation, ids, &Query::default())
}

/// The same with a query.
pub(super) fn query(operation: &'static Operation, ids: &[&str], query: &Query) -> Request {
    asked(operation, ids, &query.0)
}

/// The same with pairs of any kind.
pub(super) fn asked<N: AsRef<str>>(operation: &'static Operation, ids: &[&str], query: &[(N, String)]) -> Request {
    let mut path = fill(operation.path(), ids);
    if !query.is_empty() {
        path.push('?');
        path.push_str(&Serializer::new(String::new()).extend_pairs(query).finish());
    }
    let request = Request::new(operation, &path);
    if path.starts_with("/v1/") { request } else { request.with_header(VERSION, API_VERSION) }
}

#[cfg(test)]
mod tests;
