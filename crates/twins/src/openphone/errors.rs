//! OpenPhone's four error shapes.

use serde_json::{Value, json};

use crate::call::Answer;

const DOCS: &str = "https://quo.com/docs";

/// One complaint about a body or a query.
pub(super) struct Complaint {
    pub(super) path: String,
    pub(super) message: String,
    pub(super) kind: &'static str,
}

impl Complaint {
    pub(super) fn new(path: impl Into<String>, message: &str, kind: &'static str) -> Self {
        Self { path: path.into(), message: message.to_owned(), kind }
    }
}

fn complaints(list: &[Complaint]) -> Value {
    let entry = |one: &Complaint| json!({ "path": one.path, "message": one.message, "schema": { "type": one.kind } });
    list.iter().map(entry).collect()
}

/// The documented v1 shape.
fn v1(status: u16, code: &str, title: &str, message: &str) -> Answer {
    let trace = "7a1f0c5e8d2b4936";
    Answer::json(
        status,
        json!({ "message": message, "code": code, "status": status, "docs": DOCS, "title": title, "trace": trace }),
    )
}

/// The shape of the dated surface.
fn dated(status: u16, title: &str, message: &str) -> Answer {
    let trace = "7a1f0c5e8d2b4936";
    Answer::json(status, json!({ "title": title, "message": message, "docs": DOCS, "trace": trace }))
}

/// The answer with the list of what is wrong.
pub(super) fn listing(answer: Answer, list: &[Complaint]) -> Answer {
    with(answer, "errors", complaints(list))
}

/// v1 describes errors that only some operations have.
pub(super) fn described(answer: Answer, description: &str) -> Answer {
    with(answer, "description", json!(description))
}

fn with(mut answer: Answer, name: &str, value: Value) -> Answer {
    if let crate::call::Content::Json(Value::Object(body)) = &mut answer.content {
        body.insert(name.to_owned(), value);
    }
    answer
}

/// Which surface a call is on, and so which shape its errors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    V1,
    Dated,
}

impl Surface {
    /// Any other refusal; `code` is what v1 shows.
    pub(super) fn error(self, status: u16, code: &str, title: &str, message: &str) -> Answer {
        match self {
            Self::V1 => v1(status, code, title, message),
            Self::Dated => dated(status, title, message),
        }
    }

    pub(super) fn bad_request(self, list: &[Complaint]) -> Answer {
        let message = list.first().map_or("Bad Request", |one| one.message.as_str());
        let answer = match self {
            Self::V1 => v1(400, "0800400", "Bad Request", message),
            Self::Dated => dated(400, "Bad Request", message),
        };
        with(answer, "errors", complaints(list))
    }

    /// v1 without a usable key is refused by the gateway in a shape of its own.
    pub(super) fn unauthorized(self) -> Answer {
        match self {
            Self::V1 => Answer::json(
                401,
                json!({ "error": { "message": "Unauthorized", "key": "unauthorized", "trace": "7a1f0c5e8d2b4936" } }),
            ),
            Self::Dated => dated(401, "Unauthorized", "Missing or invalid API key"),
        }
    }

    pub(super) fn not_found(self) -> Answer {
        match self {
            Self::V1 => v1(404, "0800404", "Not Found", "Contact not found"),
            Self::Dated => dated(404, "Not Found", "Contact not found"),
        }
    }

    /// Names neither the field nor the contact that is in the way.
    pub(super) fn conflict(self) -> Answer {
        match self {
            Self::V1 => v1(409, "0800409", "Conflict", "Conflict"),
            Self::Dated => dated(409, "Conflict", "Conflict"),
        }
    }

    pub(super) fn too_many(self, retry_after_secs: Option<u64>) -> Answer {
        let mut answer = match self {
            Self::V1 => v1(429, "0800429", "Too Many Requests", "Rate limit exceeded"),
            Self::Dated => dated(429, "Too Many Requests", "Rate limit exceeded"),
        };
        answer.headers.extend(retry_after_secs.map(|seconds| ("retry-after", seconds.to_string())));
        answer
    }

    pub(super) fn unprocessable(self) -> Answer {
        match self {
            Self::V1 => v1(422, "0800422", "Unprocessable Entity", "Unprocessable Entity"),
            Self::Dated => dated(422, "Unprocessable Entity", "Unprocessable Entity"),
        }
    }
}

/// v1's own error for custom fields.
pub(super) fn invalid_custom_field(list: &[Complaint]) -> Answer {
    let title = "Invalid Custom Field Item";
    let message = list.first().map_or(title, |one| one.message.as_str());
    let answer = with(v1(400, "0801400", title, message), "errors", complaints(list));
    with(answer, "description", json!(title))
}

/// A dated call without the version header: refused before the key is looked at.
pub(super) fn no_version() -> Answer {
    dated(400, "Bad Request", "Missing or unsupported Quo-Api-Version header")
}

/// What the web framework says to a path it does not know.
pub(super) fn no_route(method: &str, path: &str) -> Answer {
    let shown = path.replace('&', "&amp;").replace('<', "&lt;");
    Answer::html(
        404,
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n\
             <body>\n<pre>Cannot {method} {shown}</pre>\n</body>\n</html>\n"
        ),
    )
}
