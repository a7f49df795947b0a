//! GHL's error bodies.

use serde_json::{Value, json};

use crate::call::Answer;

/// 400 with a single message.
pub(super) fn bad_request(message: &str) -> Answer {
    Answer::json(400, json!({ "statusCode": 400, "message": message, "error": "Bad Request" }))
}

/// How GHL says that a contact does not exist, or no longer: not with a 404.
pub(super) fn no_contact(id: &str) -> Answer {
    Answer::json(400, json!({ "statusCode": 400, "message": format!("Contact with id {id} not found") }))
}

pub(super) fn unauthorized() -> Answer {
    let message = "Invalid token: access token is invalid";
    Answer::json(401, json!({ "statusCode": 401, "message": message, "error": "Unauthorized" }))
}

/// A valid token that may not do this.
pub(super) fn no_scope() -> Answer {
    let message = "The token is not authorized for this scope.";
    Answer::json(401, json!({ "statusCode": 401, "message": message, "error": "Unauthorized" }))
}

/// 400 of the token endpoint: a message and nothing else.
pub(super) fn token_refused(message: &str) -> Answer {
    Answer::json(400, json!({ "statusCode": 400, "message": message }))
}

pub(super) const INACTIVE: &str = "Location is not active";

/// A token of a location that the agency has paused.
pub(super) fn inactive(status: u16) -> Answer {
    Answer::json(status, json!({ "statusCode": status, "message": INACTIVE }))
}

pub(super) fn not_found(message: &str) -> Answer {
    Answer::json(404, json!({ "statusCode": 404, "message": message, "error": "Not Found" }))
}

pub(super) fn forbidden(message: &str) -> Answer {
    Answer::json(403, json!({ "statusCode": 403, "message": message, "error": "Forbidden" }))
}

pub(super) fn other_location() -> Answer {
    let message = "The token does not have access to this location.";
    Answer::json(403, json!({ "statusCode": 403, "message": message, "error": "Forbidden" }))
}

pub(super) fn no_route(method: &str, path: &str) -> Answer {
    let message = format!("Cannot {method} {path}");
    Answer::json(404, json!({ "statusCode": 404, "message": message, "error": "Not Found" }))
}

/// 422, whose message is a list and not a string.
pub(super) fn unprocessable(messages: &[String]) -> Answer {
    Answer::json(422, json!({ "statusCode": 422, "message": messages, "error": "Unprocessable Entity" }))
}

/// 400 for a contact that exists, naming it.
pub(super) fn duplicate(contact: &str, name: &str, field: &str) -> Answer {
    let meta: Value = json!({ "contactId": contact, "contactName": name, "matchingField": field });
    let message = "This location does not allow duplicated contacts.";
    Answer::json(400, json!({ "statusCode": 400, "message": message, "meta": meta }))
}

pub(super) fn too_many(retry_after_secs: Option<u64>) -> Answer {
    let mut answer = Answer::json(429, json!({ "statusCode": 429, "message": "Too Many Requests" }));
    answer.headers.extend(retry_after_secs.map(|seconds| ("retry-after", seconds.to_string())));
    answer
}

pub(super) fn server_error() -> Answer {
    Answer::json(500, json!({ "statusCode": 500, "message": "Internal server error" }))
}
