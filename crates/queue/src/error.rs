//! Why the queue couldn't.

use tandem_policy::ErrorClass;

/// Failure of a queue operation. Where a publish failed, the message may have been stored all the same.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The storage can't take it now (disk full, I/O error): try again later.
    #[error("the queue's storage is not available")]
    Unavailable(#[source] tandem_embedded::Error),
    /// The broker doesn't answer, or can't take it now: try again later.
    #[error("the queue's broker is not available")]
    BrokerUnavailable(#[source] tandem_jetstream::Error),
    /// The broker refuses.
    #[error("the queue's broker refused")]
    Broker(#[source] tandem_jetstream::Error),
    /// The queue was closed.
    #[error("the queue is closed")]
    Closed,
    /// A mistake of ours, or a damaged file.
    #[error("the queue's storage failed")]
    Storage(#[source] tandem_embedded::Error),
}

impl Error {
    /// Whether trying again makes sense.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unavailable(_) | Self::BrokerUnavailable(_) => ErrorClass::Transient,
            Self::Broker(_) | Self::Closed | Self::Storage(_) => ErrorClass::Permanent,
        }
    }
}

impl From<tandem_embedded::Error> for Error {
    fn from(error: tandem_embedded::Error) -> Self {
        match error {
            tandem_embedded::Error::Unavailable(_) => Self::Unavailable(error),
            tandem_embedded::Error::Closed => Self::Closed,
            tandem_embedded::Error::InUse { .. }
            | tandem_embedded::Error::Directory { .. }
            | tandem_embedded::Error::TooNew { .. }
            | tandem_embedded::Error::Statement(_) => Self::Storage(error),
        }
    }
}

impl From<tandem_jetstream::Error> for Error {
    fn from(error: tandem_jetstream::Error) -> Self {
        if error.class().is_retryable() { Self::BrokerUnavailable(error) } else { Self::Broker(error) }
    }
}
