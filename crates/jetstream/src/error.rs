//! What can go wrong, sorted by what the caller can do about it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use async_nats::jetstream::context::{RequestError, RequestErrorKind};
use async_nats::jetstream::{self, ErrorCode};
use tandem_policy::ErrorClass;

/// Failure of the connection to NATS or of a request; cheap to clone because one failed batch answers many publishers.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The settings can't be right.
    #[error("{0}")]
    Options(String),
    /// Nobody answers there.
    #[error("NATS at {servers} can't be reached")]
    Unreachable {
        /// Addresses, without credentials.
        servers: String,
        /// What the system said.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The server doesn't let us in.
    #[error("NATS at {servers} refuses the credentials: check user, password, token or credentials file")]
    Refused {
        /// Addresses, without credentials.
        servers: String,
    },
    /// The server's certificate, or ours, is not accepted.
    #[error("no encrypted connection to NATS at {servers}: check the certificates")]
    Tls {
        /// Addresses, without credentials.
        servers: String,
        /// What was wrong with it.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The server lacks what we need.
    #[error("NATS at {servers} is version {found}, {needed} or newer is needed: update nats-server")]
    TooOld {
        /// Addresses, without credentials.
        servers: String,
        /// Its version.
        found: String,
        /// The oldest that will do.
        needed: String,
    },
    /// JetStream is switched off, at the server or for the account.
    #[error(
        "NATS at {servers} runs without JetStream for this account: start it with `-js`, or enable it for the account"
    )]
    NoJetStream {
        /// Addresses, without credentials.
        servers: String,
    },
    /// A stream of our name has other settings.
    #[error(
        "the stream {stream} has other settings than needed ({}): set them with `nats stream edit {stream}`, or remove the stream if nothing in it is needed",
        listed(differences)
    )]
    StreamDiffers {
        /// Its name.
        stream: String,
        /// Every setting that differs.
        differences: Vec<Difference>,
    },
    /// No answer, or not now: nothing is known about what became of it; it may work again later.
    #[error("NATS is not available: {0}")]
    Unavailable(String),
    /// The server refused the request for good.
    #[error("NATS refused a request: {description}")]
    Rejected {
        /// The server's error code.
        code: u64,
        /// The server's words.
        description: String,
    },
    /// An answer that makes no sense.
    #[error("NATS gave an answer that can't be read: {0}")]
    Answer(String),
}

/// One setting that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The setting, as the server calls it.
    pub field: &'static str,
    /// What we need.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, not {}", self.field, self.found, self.expected)
    }
}

fn listed(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Error {
    /// Whether trying again makes sense.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreachable { .. } | Self::Unavailable(_) => ErrorClass::Transient,
            Self::Options(_)
            | Self::Refused { .. }
            | Self::Tls { .. }
            | Self::TooOld { .. }
            | Self::NoJetStream { .. }
            | Self::StreamDiffers { .. }
            | Self::Rejected { .. }
            | Self::Answer(_) => ErrorClass::Permanent,
        }
    }
}

/// What the server said to a JetStream request.
impl From<jetstream::Error> for Error {
    fn from(error: jetstream::Error) -> Self {
        let description = error.to_string();
        let code = error.error_code();
        // 503 is an election, a full store or a server that is starting; so is a cluster without enough nodes.
        if error.code() == 503 || matches!(code, ErrorCode::CLUSTER_NO_PEERS | ErrorCode::STORAGE_RESOURCES_EXCEEDED) {
            return Self::Unavailable(description);
        }
        Self::Rejected { code: code.0, description }
    }
}

/// What became of a JetStream request on its way.
impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        match error.kind() {
            RequestErrorKind::NoResponders => Self::Unavailable("JetStream doesn't answer".to_owned()),
            RequestErrorKind::TimedOut => Self::Unavailable("no answer in time".to_owned()),
            RequestErrorKind::InvalidSubject => Self::Rejected { code: 0, description: error.to_string() },
            RequestErrorKind::Other => Self::Unavailable(error.to_string()),
        }
    }
}

/// What became of a plain request on its way.
impl From<async_nats::RequestError> for Error {
    fn from(error: async_nats::RequestError) -> Self {
        match error.kind() {
            async_nats::RequestErrorKind::NoResponders => Self::Unavailable("nobody answers the request".to_owned()),
            async_nats::RequestErrorKind::TimedOut => Self::Unavailable("no answer in time".to_owned()),
            async_nats::RequestErrorKind::Other => Self::Unavailable(error.to_string()),
            async_nats::RequestErrorKind::InvalidSubject | async_nats::RequestErrorKind::MaxPayloadExceeded => {
                Self::Rejected { code: 0, description: error.to_string() }
            }
        }
    }
}
