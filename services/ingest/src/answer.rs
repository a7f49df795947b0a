//! What a delivery that was not refused is answered.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The good ends of a delivery; all are 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is on disk.
    Accepted,
    /// It was on disk before.
    Duplicate,
    /// It concerns no connection.
    Skipped,
}

impl Answer {
    /// For the sender and for spans.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Skipped => "skipped",
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        Json(json!({ "status": self.name() })).into_response()
    }
}
