//! Why a record can't be read or written.

use tandem_proto::RecordId;

/// Failure of a record operation.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed, or somebody else changed the key.
    #[error("the record store")]
    Store(#[from] tandem_store::Error),
    /// The document isn't one.
    #[error("the document of record {record} can't be read")]
    Unreadable {
        /// Whose.
        record: RecordId,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Written by another version of Tandem.
    #[error("the document of record {record} has schema {found}, which this version doesn't know")]
    Schema {
        /// Whose.
        record: RecordId,
        /// Its schema.
        found: u32,
    },
    /// What the mass-change brake knows isn't readable.
    #[error("what the mass-change brake has noted can't be read")]
    Brake {
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// An entry of the index of conversations isn't one.
    #[error("the index entry {key} holds no conversation")]
    Conversation {
        /// Its key.
        key: String,
    },
    /// An index entry names no record.
    #[error("the index entry {key} names no record")]
    Index {
        /// Its key.
        key: String,
    },
}

impl Error {
    /// True when somebody else changed it: read again and decide anew.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(tandem_store::Error::Conflict { .. }))
    }

    /// True when the same operation may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.class().is_retryable(),
            Self::Unreadable { .. }
            | Self::Schema { .. }
            | Self::Brake { .. }
            | Self::Conversation { .. }
            | Self::Index { .. } => false,
        }
    }
}
