//! Answers of GHL (contract sheet, sections 3, 8 and 10.7).

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value as Json};

use crate::outcome::retry_after;
use crate::{ApiError, Class, ContactId, Response, Words, id, json};

use super::Contact;

/// GHL's SDK caps the pause it takes from the headers at this.
const MAX_INTERVAL: Duration = Duration::from_secs(30);

const DAY: Duration = Duration::from_hours(24);

/// The answer to [`super::request::contact`].
pub fn contact(response: &Response) -> Result<Contact, ApiError> {
    read(response, |body| Some(json::child(body, "contact")?.clone())).and_then(|fields| {
        if fields.get("deleted") == Some(&Json::Bool(true)) {
            return Err(ApiError::new(response.status(), Class::NotFound));
        }
        Contact::read(&fields).ok_or_else(|| ApiError::new(response.status(), Class::Unreadable))
    })
}

/// Whether a change with no other answer (`succeded`, sic; v3 `succeeded`) was made. A success status alone is enough:
/// some answers leave the flag out.
pub fn done(response: &Response) -> Result<(), ApiError> {
    read(response, |body| {
        let is_denied =
            ["succeded", "succeeded", "success"].iter().any(|key| body.get(*key) == Some(&Json::Bool(false)));
        (!is_denied).then_some(())
    })
}

/// Reads a success, sorts a refusal: every answer of GHL goes through here.
pub(super) fn read<T>(
    response: &Response,
    reader: impl FnOnce(&Map<String, Json>) -> Option<T>,
) -> Result<T, ApiError> {
    let body = json::object(response.body());
    if !response.status().is_success() {
        return Err(error(response, body.as_ref()));
    }
    body.as_ref().and_then(reader).ok_or_else(|| ApiError::new(response.status(), Class::Unreadable))
}

/// Everything that a list answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// What can be read.
    pub items: Vec<T>,
    /// Items that can't.
    pub unreadable: usize,
}

/// Reads a list that stands under `key`.
pub(super) fn listing<T>(
    response: &Response,
    key: &str,
    reader: impl Fn(&Map<String, Json>) -> Option<T>,
) -> Result<Listing<T>, ApiError> {
    read(response, |body| {
        let all = body.get(key)?.as_array()?;
        let items: Vec<T> = all.iter().filter_map(|item| reader(item.as_object()?)).collect();
        Some(Listing { unreadable: all.len() - items.len(), items })
    })
}

/// Reads the one thing that stands under `key`.
pub(super) fn one<T>(
    response: &Response,
    key: &str,
    reader: impl FnOnce(&Map<String, Json>) -> Option<T>,
) -> Result<T, ApiError> {
    read(response, |body| reader(json::child(body, key)?))
}

fn error(response: &Response, body: Option<&Map<String, Json>>) -> ApiError {
    let words = body.map(message).unwrap_or_default();
    let class = class(response, body.is_some(), &words);
    ApiError {
        words: Words::new(&words),
        existing: body.and_then(existing).map(Box::new),
        trace: body.and_then(|body| json::text(body, "traceId")).and_then(id::label),
        ..ApiError::new(response.status(), class)
    }
}

/// The contact that a create was refused for (contract sheet, section 10.2).
fn existing(body: &Map<String, Json>) -> Option<ContactId> {
    ContactId::new(&json::text(json::child(body, "meta")?, "contactId")?).ok()
}

/// `message` is a text, or for a 422 a list of texts.
fn message(body: &Map<String, Json>) -> String {
    let Some(message) = body.get("message") else {
        return json::text(body, "error").unwrap_or_default();
    };
    let items = message.as_array().map(|items| items.iter().filter_map(json::plain).collect::<Vec<_>>());
    items.map_or_else(|| json::plain(message).unwrap_or_default(), |items| items.join("; "))
}

fn class(response: &Response, is_json: bool, words: &str) -> Class {
    match response.status() {
        StatusCode::UNAUTHORIZED => Class::Unauthorized,
        StatusCode::PAYMENT_REQUIRED => Class::PaymentRequired,
        StatusCode::FORBIDDEN => Class::Forbidden,
        StatusCode::NOT_FOUND if is_json && !is_unknown_route(words) => Class::NotFound,
        StatusCode::NOT_FOUND => Class::Misrouted,
        StatusCode::BAD_REQUEST if is_missing(words) => Class::NotFound,
        StatusCode::CONFLICT => Class::Conflict,
        StatusCode::TOO_MANY_REQUESTS => throttled(response.headers()),
        StatusCode::REQUEST_TIMEOUT => Class::Transient,
        status if status.is_client_error() => Class::Refused,
        status if status.is_redirection() => Class::Misrouted,
        _ => Class::Transient,
    }
}

/// A 404 of the web framework says nothing about the contact.
fn is_unknown_route(words: &str) -> bool {
    words.starts_with("Cannot ")
}

/// GHL answers 400 with "Contact with id X not found" for a contact that is gone, and for a task or note of it likewise.
fn is_missing(words: &str) -> bool {
    let words = words.to_lowercase();
    ["contact with id", "task with id", "note with id"].iter().any(|what| words.starts_with(what))
        && words.contains("not found")
}

fn throttled(headers: &HeaderMap) -> Class {
    if number(headers, "x-ratelimit-daily-remaining").is_some_and(|left| left <= 0) {
        // Milliseconds; seen in the SDK only. More than a day can't be a time until the reset.
        let resets_after = millis(headers, "x-ratelimit-daily-reset").filter(|after| *after <= DAY);
        return Class::QuotaExhausted { resets_after };
    }
    let interval = || millis(headers, "x-ratelimit-interval-milliseconds").map(|pause| pause.min(MAX_INTERVAL));
    Class::Throttled { retry_after: retry_after(headers).or_else(interval) }
}

fn millis(headers: &HeaderMap, name: &str) -> Option<Duration> {
    number(headers, name).and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis)
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let mut builder = http::Response::builder().status(status);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(bytes::Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    fn class_of(status: u16, body: &str) -> Class {
        contact(&answer(status, &[], body)).unwrap_err().class()
    }

    #[test]
    fn a_contact_that_is_gone_is_not_found_in_every_form() {
        let gone = r#"{"statusCode":400,"message":"Contact with id abc not found","traceId":"t1"}"#;
        assert_eq!(class_of(400, gone), Class::NotFound);
        assert_eq!(class_of(404, r#"{"statusCode":404,"message":"Not found"}"#), Class::NotFound);
        assert_eq!(class_of(200, r#"{"contact":{"id":"c1","deleted":true}}"#), Class::NotFound);
        let error = contact(&answer(400, &[], gone)).unwrap_err();
        assert_eq!(error.trace.as_deref(), Some("t1"));
        assert_eq!(error.words.reveal(), "Contact with id abc not found");
    }

    #[test]
    fn a_404_from_somewhere_else_says_nothing_about_the_contact() {
        assert_eq!(class_of(404, "<html>nope</html>"), Class::Misrouted);
        assert_eq!(class_of(404, ""), Class::Misrouted);
        assert_eq!(class_of(404, r#"{"statusCode":404,"message":"Cannot GET /x/contacts/1"}"#), Class::Misrouted);
        assert_eq!(class_of(301, ""), Class::Misrouted);
    }

    #[test]
    fn statuses_have_one_meaning_each() {
        assert_eq!(class_of(401, r#"{"message":"Invalid JWT"}"#), Class::Unauthorized);
        assert_eq!(class_of(403, "{}"), Class::Forbidden);
        assert_eq!(class_of(400, r#"{"message":"bad"}"#), Class::Refused);
        for status in [408, 500, 502, 503, 504] {
            assert_eq!(class_of(status, "oops"), Class::Transient, "{status}");
        }
        for unreadable in ["", "[]", "{}", r#"{"contact":null}"#, r#"{"contact":{"id":""}}"#] {
            assert_eq!(class_of(200, unreadable), Class::Unreadable, "{unreadable}");
        }
    }

    #[test]
    fn a_422_lists_its_messages() {
        let body = r#"{"statusCode":422,"message":["property x should not exist","bad phone"]}"#;
        let error = contact(&answer(422, &[], body)).unwrap_err();
        assert_eq!(error.class(), Class::Refused);
        assert_eq!(error.words.reveal(), "property x should not exist; bad phone");
        assert!(!format!("{error} {error:?}").contains("phone"), "the words leak");
    }

    #[test]
    fn throttling_is_read_from_the_headers() {
        let class = |headers: &[(&str, &str)]| contact(&answer(429, headers, "{}")).unwrap_err().class();
        let after = |seconds| Class::Throttled { retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(class(&[]), Class::Throttled { retry_after: None });
        assert_eq!(class(&[("X-RateLimit-Interval-Milliseconds", "10000")]), after(10));
        assert_eq!(class(&[("X-RateLimit-Interval-Milliseconds", "999999")]), after(30));
        assert_eq!(class(&[("Retry-After", "3"), ("X-RateLimit-Interval-Milliseconds", "10000")]), after(3));
        assert_eq!(class(&[("Retry-After", "-3")]), Class::Throttled { retry_after: None });
        let daily = ("X-RateLimit-Daily-Remaining", "0");
        assert_eq!(class(&[daily]), Class::QuotaExhausted { resets_after: None });
        assert_eq!(
            class(&[daily, ("X-RateLimit-Daily-Reset", "60000")]),
            Class::QuotaExhausted { resets_after: Some(Duration::from_mins(1)) }
        );
    }
}
