//! Why a request has no answer, sorted by the one thing that matters: can it have been applied?

use std::error::Error;
use std::fmt;

use tandem_providers::Outcome;

use crate::body::PastDeadline;

/// The request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The provider can't have acted on it; sending it again is safe.
    #[error("not sent: {reason}")]
    NotSent {
        /// What stood in the way.
        reason: NotSent,
        /// The cause, where there is one; holds no address and no credential.
        #[source]
        source: Option<Cause>,
    },
    /// The provider may have applied it; look before repeating it.
    #[error("sent, outcome unknown: {reason}")]
    Unknown {
        /// What went wrong.
        reason: Unknown,
        /// The cause, where there is one; holds no address and no credential.
        #[source]
        source: Option<Cause>,
    },
}

/// The HTTP client's error, without its address.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

impl SendError {
    /// Whether a write that failed like this can have happened.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotSent { .. } => Outcome::NotApplied,
            Self::Unknown { .. } => Outcome::Unknown,
        }
    }

    pub(crate) fn not_sent(reason: NotSent) -> Self {
        Self::NotSent { reason, source: None }
    }

    /// Sorts the HTTP client's error. What isn't certainly unsent is unknown.
    pub(crate) fn from_client(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let reason = if is_past_deadline(&error) {
            Err(NotSent::PastDeadline)
        } else if error.is_builder() {
            Err(NotSent::Invalid)
        } else if error.is_connect() {
            Err(NotSent::Connect)
        } else if error.is_timeout() {
            Ok(Unknown::TimedOut)
        } else {
            Ok(Unknown::Broken)
        };
        let source = Some(Cause::from(error));
        match reason {
            Err(reason) => Self::NotSent { reason, source },
            Ok(reason) => Self::Unknown { reason, source },
        }
    }
}

/// The body refused to be written, before anything was flushed.
fn is_past_deadline(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<PastDeadline>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Why nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// The time until which it was right to send it had passed.
    PastDeadline,
    /// No connection: name, network or TLS.
    Connect,
    /// The request or its credential can't be put into HTTP.
    Invalid,
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PastDeadline => "the send deadline had passed",
            Self::Connect => "no connection to the provider",
            Self::Invalid => "the request or its credential is not valid HTTP",
        })
    }
}

/// Why the outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// No answer in time.
    TimedOut,
    /// The connection broke before the answer was complete.
    Broken,
    /// The answer was larger than [`crate::MAX_RESPONSE_BYTES`].
    TooLarge,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "no answer in time",
            Self::Broken => "the connection broke",
            Self::TooLarge => "the answer is too large",
        })
    }
}
