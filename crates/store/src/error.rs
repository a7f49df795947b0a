//! Why the store couldn't, or wouldn't.

use tandem_policy::ErrorClass;

/// Failure of a store operation. A failed write changed nothing, with one exception: on NATS, a write that ended as
/// [`Error::Unavailable`] may have been stored all the same, or may still be. It then was, or will be, the
/// compare-and-set that was asked for: read again and decide anew, as after a conflict.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The key is not in the state that was expected: read it again and decide anew.
    #[error("`{key}` was changed by somebody else")]
    Conflict {
        /// The key.
        key: String,
    },
    /// The storage can't take it now (disk full, I/O error, no connection): try again later.
    #[error("the store's storage is not available")]
    Unavailable(#[source] Cause),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The key can't be stored in any state of the storage. It isn't repeated here.
    #[error("a key takes {length} bytes, more than the {limit} that the store allows")]
    KeyTooLong {
        /// In bytes, as the storage writes it.
        length: usize,
        /// The most there may be.
        limit: usize,
    },
    /// A mistake of ours, or a damaged file.
    #[error("the store's storage failed")]
    Storage(#[source] Cause),
}

/// What the storage said.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Cause {
    /// The embedded database.
    #[error(transparent)]
    Embedded(tandem_embedded::Error),
    /// NATS JetStream.
    #[error(transparent)]
    JetStream(tandem_jetstream::Error),
}

impl Error {
    /// Whether trying again makes sense; after a conflict only with a new decision.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Conflict { .. } | Self::Unavailable(_) => ErrorClass::Transient,
            Self::Closed | Self::KeyTooLong { .. } | Self::Storage(_) => ErrorClass::Permanent,
        }
    }
}

impl From<tandem_embedded::Error> for Error {
    fn from(error: tandem_embedded::Error) -> Self {
        match error {
            tandem_embedded::Error::Unavailable(_) => Self::Unavailable(Cause::Embedded(error)),
            tandem_embedded::Error::Closed => Self::Closed,
            tandem_embedded::Error::InUse { .. }
            | tandem_embedded::Error::Directory { .. }
            | tandem_embedded::Error::TooNew { .. }
            | tandem_embedded::Error::Statement(_) => Self::Storage(Cause::Embedded(error)),
        }
    }
}

impl From<tandem_jetstream::Error> for Error {
    fn from(error: tandem_jetstream::Error) -> Self {
        if error.class().is_retryable() {
            Self::Unavailable(Cause::JetStream(error))
        } else {
            Self::Storage(Cause::JetStream(error))
        }
    }
}
