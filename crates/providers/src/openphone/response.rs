//! Answers of `OpenPhone`: contacts, pages, definitions, and the four shapes of its errors (contract sheet, 3.6).

use std::collections::BTreeSet;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value as Json};
use tandem_contact::Field;

use crate::outcome::retry_after;
use crate::{ApiError, Class, Response, Words, id, json};

use super::{Contact, Definition, Partial};

/// "Invalid Custom Field Item".
const INVALID_CUSTOM_FIELD: &str = "0801400";

/// One page of the v1 list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The contacts on it.
    pub contacts: Vec<Contact>,
    /// Items that are no contacts; more than none is worth a warning.
    pub unreadable: usize,
    /// The next page; an empty page is the last one, whatever it says.
    pub next: Option<String>,
}

/// One page of any other list, or all of it where the list has no pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Items that can't be read; more than none is worth a warning.
    pub unreadable: usize,
    /// The next page; an empty page is the last one, whatever it says.
    pub next: Option<String>,
}

/// The answer to a v1 read, create or document write.
pub fn contact(response: &Response) -> Result<Contact, ApiError> {
    one(response, Contact::read)
}

/// The answer to a dated write of scalars.
pub fn partial(response: &Response) -> Result<Partial, ApiError> {
    one(response, Partial::read)
}

/// The answer to a page of [`super::List`].
pub fn page(response: &Response) -> Result<Page, ApiError> {
    let Listing { items, unreadable, next } = listing(response, Contact::read)?;
    Ok(Page { contacts: items, unreadable, next })
}

/// The answer to [`super::request::custom_fields`].
pub fn definitions(response: &Response) -> Result<Vec<Definition>, ApiError> {
    let definition = |item: &Map<String, Json>| {
        Some(Definition {
            name: json::text(item, "name")?,
            key: json::text(item, "key")?,
            kind: json::text(item, "type")?,
        })
    };
    Ok(listing(response, definition)?.items)
}

/// The answer to a delete; a contact that is gone already is deleted.
pub fn deleted(response: &Response) -> Result<(), ApiError> {
    accepted(response).or_else(|error| if error.class() == Class::NotFound { Ok(()) } else { Err(error) })
}

/// The answer to a request that is carried out later (202) or whose answer says nothing.
pub fn accepted(response: &Response) -> Result<(), ApiError> {
    if response.status().is_success() { Ok(()) } else { Err(error(response)) }
}

/// The answer with one thing in it.
pub(super) fn one<T>(response: &Response, item: impl Fn(&Map<String, Json>) -> Option<T>) -> Result<T, ApiError> {
    read(response, |body| item(json::child(body, "data")?))
}

/// The answer with a page of things in it, of either surface.
pub(super) fn listing<T>(
    response: &Response,
    item: impl Fn(&Map<String, Json>) -> Option<T>,
) -> Result<Listing<T>, ApiError> {
    read(response, |body| {
        let found = body.get("data")?.as_array()?;
        let items: Vec<T> = found.iter().filter_map(|one| item(one.as_object()?)).collect();
        let next = json::text(body, "nextPageToken").or_else(|| json::text(body, "nextCursor"));
        Some(Listing { unreadable: found.len() - items.len(), next: next.filter(|_| !found.is_empty()), items })
    })
}

/// Reads a success, sorts a refusal: every answer of `OpenPhone` goes through here.
pub(super) fn read<T>(response: &Response, read: impl Fn(&Map<String, Json>) -> Option<T>) -> Result<T, ApiError> {
    if !response.status().is_success() {
        return Err(error(response));
    }
    let value = json::object(response.body()).and_then(|body| read(&body));
    value.ok_or_else(|| ApiError::new(response.status(), Class::Unreadable))
}

fn error(response: &Response) -> ApiError {
    let Some(body) = json::object(response.body()) else {
        let class = class(response, false);
        return ApiError::new(response.status(), class);
    };
    // The gateway wraps its errors; everything else is flat.
    let fields = json::child(&body, "error").unwrap_or(&body);
    let message = json::text(fields, "message").or_else(|| json::text(fields, "title")).unwrap_or_default();
    let is_api = !message.starts_with("Cannot ");
    ApiError {
        words: Words::new(&message),
        code: json::text(fields, "code").or_else(|| json::text(fields, "key")).and_then(id::label),
        trace: json::text(fields, "trace").and_then(id::label),
        refused: refused(fields),
        ..ApiError::new(response.status(), class(response, is_api))
    }
}

/// `is_api` is false for the web framework's page about an unknown route, which says nothing about a contact.
fn class(response: &Response, is_api: bool) -> Class {
    match response.status() {
        StatusCode::UNAUTHORIZED => Class::Unauthorized,
        StatusCode::PAYMENT_REQUIRED => Class::PaymentRequired,
        StatusCode::FORBIDDEN => Class::Forbidden,
        StatusCode::NOT_FOUND if is_api => Class::NotFound,
        StatusCode::NOT_FOUND => Class::Misrouted,
        StatusCode::CONFLICT => Class::Conflict,
        StatusCode::TOO_MANY_REQUESTS => {
            Class::Throttled { retry_after: retry_after(response.headers()).or_else(|| window(response.headers())) }
        }
        StatusCode::REQUEST_TIMEOUT => Class::Transient,
        status if status.is_client_error() => Class::Refused,
        status if status.is_redirection() => Class::Misrouted,
        _ => Class::Transient,
    }
}

/// The seconds until the window ends in `ratelimit: "per-second"; r=0; t=1`. Observed, not documented.
fn window(headers: &HeaderMap) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_mins(1);
    let text = headers.get("ratelimit")?.to_str().ok()?;
    let seconds = text.split([';', ',']).filter_map(|part| part.trim().strip_prefix("t=")?.parse().ok()).max();
    seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST))
}

/// The fields that `errors[].path` names, and the tags when a custom field was refused without a path: they are the
/// only custom field that we change.
fn refused(fields: &Map<String, Json>) -> BTreeSet<Field> {
    let paths = json::list(fields, "errors").iter().filter_map(|item| json::text(item.as_object()?, "path"));
    let mut refused: BTreeSet<Field> = paths.filter_map(|path| field_at(&path)).collect();
    let is_custom_field = json::text(fields, "code").is_some_and(|code| code == INVALID_CUSTOM_FIELD)
        || ["title", "message", "description"].iter().any(|key| says_custom_field(fields, key));
    if refused.is_empty() && is_custom_field {
        refused.insert(Field::Tags);
    }
    refused
}

fn says_custom_field(fields: &Map<String, Json>, key: &str) -> bool {
    json::text(fields, key).is_some_and(|text| text.to_lowercase().contains("custom field"))
}

/// `/defaultFields/phoneNumbers/0/value` and `customFields[0].value` have both been seen as styles of path.
fn field_at(path: &str) -> Option<Field> {
    path.split(['/', '.', '[', ']']).find_map(|part| match part {
        "firstName" => Some(Field::FirstName),
        "lastName" => Some(Field::LastName),
        "company" => Some(Field::Company),
        "role" => Some(Field::Role),
        "phoneNumbers" => Some(Field::Phones),
        "emails" => Some(Field::Emails),
        "customFields" => Some(Field::Tags),
        "sourceUrl" => Some(Field::SourceLink),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
