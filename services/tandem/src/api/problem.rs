//! What is not done, and why (RFC 9457): the one place that maps one to a status.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tandem_records::Error as RecordsError;
use tandem_store::Error as StoreError;
use tandem_telemetry::chain;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::live::Unusable;
use crate::review::{Failure, Refusal};

const CONTENT_TYPE: &str = "application/problem+json";
/// What those who come too many are told to wait.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Why something was not done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Problems are told apart by their status.
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// The status in words.
    #[schema(example = "Not Found")]
    title: &'static str,
    /// The answer's status.
    #[schema(example = 404)]
    status: u16,
    /// What is wrong, and what to do about it.
    detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        Self { r#type: "about:blank", title, status: status.as_u16(), detail: detail.into() }
    }

    /// It can't be read.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// There is no such thing.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// It is read, and can't be done.
    pub(super) fn unfit(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// It can't be done now.
    pub(super) fn away(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The answer's status.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What the store says is for the log.
    pub(super) fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => Self::new(StatusCode::CONFLICT, "others kept changing the same: try again"),
            StoreError::KeyTooLong { .. } => Self::malformed("a name in the path is too long"),
            StoreError::Unavailable(_) | StoreError::Closed => {
                tracing::warn!(error = %chain(error), "what the API was asked for can't be done: the store is away");
                Self::away("the store can't be reached now: try again")
            }
            StoreError::Storage(_) => broken(error),
        }
    }

    pub(super) fn of_records(error: &RecordsError) -> Self {
        match error {
            RecordsError::Store(error) => Self::of_store(error),
            RecordsError::Unreadable { .. }
            | RecordsError::Schema { .. }
            | RecordsError::Brake { .. }
            | RecordsError::Conversation { .. }
            | RecordsError::Index { .. } => broken(error),
        }
    }

    pub(super) fn of_queue(error: &tandem_queue::Error) -> Self {
        tracing::warn!(error = %chain(error), "what the API was asked for can't be done: the queue is away");
        Self::away("the queue can't be reached now: try again")
    }
}

/// Something of ours: the caller can't mend it.
fn broken(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %chain(error), "what the API was asked for failed");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "it failed: the log says why")
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::NoConnection(_) => Self::not_found(failure.words()),
            Failure::Refused(refusal) => of_refusal(refusal),
            Failure::Failed(error) => broken(error.as_ref()),
        }
    }
}

fn of_refusal(refusal: &Refusal) -> Problem {
    let words = chain(refusal);
    match refusal {
        Refusal::Records(error) | Refusal::Mapping(Unusable::Records(error)) => Problem::of_records(error),
        Refusal::Queue(error) => Problem::of_queue(error),
        Refusal::Nobody(_)
        | Refusal::NoLetter(_)
        | Refusal::Unknown(_)
        | Refusal::NoConflict(..)
        | Refusal::NoVersion(_)
        | Refusal::NoMapping
        | Refusal::NoSegment(..)
        | Refusal::Mapping(Unusable::Gone(_)) => Problem::not_found(words),
        Refusal::Unmergeable(_) | Refusal::Contended => Problem::new(StatusCode::CONFLICT, words),
        Refusal::NoBody(..)
        | Refusal::WithWhom(_)
        | Refusal::Examples(_)
        | Refusal::Mapping(Unusable::Invalid(_) | Unusable::Channel(_)) => Problem::unfit(words),
        Refusal::Unplayable(_) => Problem::new(StatusCode::BAD_GATEWAY, words),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::json!(self).to_string();
        let mut response = (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response();
        match status {
            StatusCode::UNAUTHORIZED => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            _ => {}
        }
        response
    }
}

/// There is no such route.
pub(super) async fn no_such_route() -> Problem {
    Problem::not_found("there is no such route: GET /api/v1/openapi.json lists them")
}

/// There is one, but for other methods.
pub(super) async fn no_such_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "the route takes other methods: GET /api/v1/openapi.json lists them")
}

/// What every request may be answered, for the document.
pub(super) struct Problems;

const PROBLEMS: [(StatusCode, &str); 12] = [
    (StatusCode::BAD_REQUEST, "The request can't be read"),
    (StatusCode::UNAUTHORIZED, "No token is shown, or one that is not known"),
    (StatusCode::FORBIDDEN, "The token's role may not do that"),
    (StatusCode::NOT_FOUND, "There is no such connection, record, version, segment or message"),
    (StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive"),
    (StatusCode::CONFLICT, "It can't be done as things are, or others kept changing the same"),
    (StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 2 MiB"),
    (StatusCode::UNPROCESSABLE_ENTITY, "It was read and can't be done: the detail says why, and where"),
    (StatusCode::TOO_MANY_REQUESTS, "Too many requests are worked on: come again"),
    (StatusCode::INTERNAL_SERVER_ERROR, "It failed: the log of ingest says why"),
    (StatusCode::BAD_GATEWAY, "A provider could not be asked"),
    (StatusCode::SERVICE_UNAVAILABLE, "Store or queue can't be reached: come again"),
];

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let schema = || Ref::from_schema_name("Problem");
        let response = |what: &str| {
            let content = ContentBuilder::new().schema(Some(schema())).build();
            ResponseBuilder::new().description(what).content(CONTENT_TYPE, content).build()
        };
        PROBLEMS.iter().map(|(status, what)| (status.as_u16().to_string(), RefOr::T(response(what)))).collect()
    }
}
