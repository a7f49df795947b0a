//! Every way a delivery is refused, and its HTTP status: the one place that maps one to the other.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use tandem_providers::{ParseError, SignatureError};

/// What senders are told to wait before they try again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("10");

/// Why a delivery was not taken. The text goes to the sender and holds nothing of ours; causes are for the log only.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("the body is larger than 1 MiB")]
    TooLarge,
    #[error("the body took too long to arrive")]
    TooSlow,
    #[error("the body ended early")]
    Interrupted,
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Malformed(#[from] ParseError),
    #[error("the delivery is for another app")]
    OtherApp,
    #[error("the location is not connected here")]
    UnknownLocation,
    #[error("there is no such connection")]
    UnknownConnection,
    #[error("too many deliveries at once, send it again later")]
    Overloaded,
    #[error("the event can't be stored now, send it again later")]
    NotStored(#[source] tandem_queue::Error),
    #[error("the event can't be stored in time now, send it again later")]
    NotStoredInTime,
    #[error("the tokens can't be reached now, send it again later")]
    TokensAway,
    #[error("the signing secrets can't be reached now, send it again later")]
    SecretsAway,
    #[error("no more events can be kept now, send it again later")]
    SpoolFull,
}

impl Rejection {
    fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge | Self::Malformed(ParseError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Interrupted
            | Self::Malformed(
                ParseError::NotUtf8 | ParseError::TooDeep | ParseError::NotJson | ParseError::NotAnEvent,
            ) => StatusCode::BAD_REQUEST,
            Self::Signature(_) => StatusCode::UNAUTHORIZED,
            Self::OtherApp => StatusCode::FORBIDDEN,
            Self::UnknownLocation | Self::UnknownConnection => StatusCode::NOT_FOUND,
            // Not a 5xx: 429 is the one status that GHL sends again under every policy it had.
            Self::Overloaded
            | Self::NotStored(_)
            | Self::NotStoredInTime
            | Self::SpoolFull
            | Self::TokensAway
            | Self::SecretsAway => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The metric label.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::Malformed(ParseError::TooLarge) => "too_large",
            Self::TooSlow => "too_slow",
            Self::Interrupted => "interrupted",
            Self::Signature(_) => "signature",
            Self::Malformed(
                ParseError::NotUtf8 | ParseError::TooDeep | ParseError::NotJson | ParseError::NotAnEvent,
            ) => "malformed",
            Self::OtherApp => "other_app",
            Self::UnknownLocation => "unknown_location",
            Self::UnknownConnection => "unknown_connection",
            Self::Overloaded => "overloaded",
            Self::NotStored(_) | Self::NotStoredInTime => "queue",
            Self::SpoolFull => "spool_full",
            Self::TokensAway => "tokens",
            Self::SecretsAway => "secrets",
        }
    }

    /// True where somebody here must act, not the sender.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::NotStored(_) | Self::NotStoredInTime | Self::SpoolFull | Self::TokensAway | Self::SecretsAway
        )
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = Json(json!({ "error": self.to_string() }));
        if status == StatusCode::TOO_MANY_REQUESTS {
            return (status, [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)], body).into_response();
        }
        (status, body).into_response()
    }
}
