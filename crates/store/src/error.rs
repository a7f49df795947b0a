//! Why the store couldn't, or wouldn't.

use tandem_policy::ErrorClass;

/// Failure of a store operation. A failed write changed nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The key is not in the state that was expected: read it again and decide anew.
    #[error("`{key}` was changed by somebody else")]
    Conflict {
        /// The key.
        key: String,
    },
    /// The storage can't take it now (disk full, I/O error): try again later.
    #[error("the store's storage is not available")]
    Unavailable(#[source] tandem_embedded::Error),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A mistake of ours, or a damaged file.
    #[error("the store's storage failed")]
    Storage(#[source] tandem_embedded::Error),
}

impl Error {
    /// Whether trying again makes sense; after a conflict only with a new decision.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Conflict { .. } | Self::Unavailable(_) => ErrorClass::Transient,
            Self::Closed | Self::Storage(_) => ErrorClass::Permanent,
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
