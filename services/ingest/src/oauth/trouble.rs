//! Why a location was not connected: the status, the log's word for it, and what a person is told. Every word is ours.

use axum::http::StatusCode;
use tandem_credentials::Answer;
use tandem_proto::ConnectionId;

use super::state::StateError;

/// Why a location was not connected.
pub(super) enum Trouble {
    NotReady,
    Declined,
    NoCode,
    State(StateError),
    Used,
    Gone,
    Account { connection: ConnectionId, location: String },
    NotInstalled(ConnectionId),
    NotNow(ConnectionId),
    Answer(Answer),
    Store,
}

impl Trouble {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotReady | Self::NotNow(_) | Self::Store => StatusCode::SERVICE_UNAVAILABLE,
            Self::Declined | Self::NoCode | Self::State(_) | Self::Used => StatusCode::BAD_REQUEST,
            Self::Gone => StatusCode::NOT_FOUND,
            Self::Account { .. } | Self::NotInstalled(_) => StatusCode::CONFLICT,
            Self::Answer(_) => StatusCode::BAD_GATEWAY,
        }
    }

    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::NotReady => "not_ready",
            Self::Declined => "declined",
            Self::NoCode => "no_code",
            Self::State(StateError::Invalid) => "state_invalid",
            Self::State(StateError::Expired) => "state_expired",
            Self::Used => "state_used",
            Self::Gone => "unknown_connection",
            Self::Account { .. } => "other_account",
            Self::NotInstalled(_) => "not_installed",
            Self::NotNow(_) => "not_now",
            Self::Answer(_) => "refused",
            Self::Store => "store",
        }
    }

    pub(super) fn headline(&self) -> &'static str {
        match self {
            Self::NotReady => "Not ready yet",
            Self::Declined => "Not connected",
            Self::NoCode | Self::State(StateError::Invalid) => "This link is not ours",
            Self::State(StateError::Expired) => "This took too long",
            Self::Used => "Already used",
            Self::Gone => "No such connection",
            Self::Account { .. } => "Another location",
            Self::NotInstalled(_) => "Not installed in this location",
            Self::NotNow(_) => "Not yet connected",
            Self::Answer(_) => "GHL gave no tokens",
            Self::Store => "The tokens could not be stored",
        }
    }

    pub(super) fn text(&self) -> String {
        const AGAIN: &str = "Start again with `tandem connect`.";
        match self {
            Self::NotReady => "Tandem is still reaching its servers. Try again in a moment.".to_owned(),
            Self::Declined => format!("GHL says that the installation was not agreed to. {AGAIN}"),
            Self::NoCode => format!("GHL sent no code. {AGAIN}"),
            Self::State(StateError::Invalid) => {
                format!("It was not begun here, or in another browser, or it was changed on the way. {AGAIN}")
            }
            Self::State(StateError::Expired) => format!("It was begun more than ten minutes ago. {AGAIN}"),
            Self::Used => format!("This installation was finished before. If it didn't work: {AGAIN}"),
            Self::Gone => "The connection is not in the configuration any more.".to_owned(),
            Self::Account { connection, location } => format!(
                "Connection {connection} is for the location {location}, and another one was picked. Nothing was stored. {AGAIN}"
            ),
            Self::NotInstalled(connection) => format!(
                "The agency is connected, but GHL gives no token for the location of connection {connection}. Install the app in \
                 that location; Tandem then goes on by itself."
            ),
            Self::NotNow(connection) => format!(
                "The agency is connected, but GHL gives no token for the location of connection {connection} at the moment. Tandem \
                 asks again by itself."
            ),
            Self::Answer(answer) => format!("{} {AGAIN}", refusal(answer)),
            Self::Store => format!("Look into the log. {AGAIN}"),
        }
    }
}

fn refusal(answer: &Answer) -> &'static str {
    match answer {
        Answer::Tokens(_) => "GHL gave tokens.",
        Answer::InvalidGrant => "GHL says that the code was used before or is too old.",
        Answer::LocationInactive => "GHL says that the location is not active.",
        Answer::NotApplied { .. } => "GHL could not be reached, or wants fewer requests.",
        Answer::Unauthorized => "GHL refuses the app's client id or secret: check providers.ghl in the configuration.",
        Answer::Refused => "GHL refuses the request: check the app's redirect address and scopes.",
        Answer::Unknown => "GHL gave no usable answer.",
    }
}
