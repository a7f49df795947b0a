//! Why a secret can't be read or written. No message holds a secret.

use tandem_policy::ErrorClass;

use super::cipher::KeyId;

/// A secret can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The store failed, or somebody else changed the record.
    #[error("the store of secrets")]
    Store(#[from] tandem_store::Error),
    /// The record needs a master key that isn't configured.
    #[error(
        "the secrets of {holder} are under the master key {missing}, which is not in `encryption_key` (there: {configured}): \
         put the key they were made with back into the list, behind the new one"
    )]
    MissingKey {
        /// Whose they are.
        holder: String,
        /// The key's name.
        missing: KeyId,
        /// The names of the keys that are there.
        configured: String,
    },
    /// The record is none of ours.
    #[error("the record {key} {defect}")]
    Record {
        /// Its key in the store.
        key: String,
        /// What is wrong with it.
        defect: Defect,
    },
    /// The system has no random numbers.
    #[error("the system gave no random numbers")]
    Random,
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// Not written by this program.
    #[error("is not a sealed record")]
    Form,
    /// Written by another version of Tandem.
    #[error("has version {0}, which this version of Tandem doesn't know")]
    Version(u32),
    /// Its data key isn't there.
    #[error("is sealed with a data key that is not there any more")]
    KeyGone,
    /// Changed, moved, or sealed with another key of that name.
    #[error("can't be opened: it was changed, or belongs somewhere else")]
    Cipher,
    /// Opened, but it holds something else.
    #[error("holds something that this version of Tandem can't read")]
    Content,
}

impl VaultError {
    /// Whether trying again makes sense; after a conflict only with a new decision.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Store(error) => error.class(),
            Self::MissingKey { .. } | Self::Record { .. } | Self::Random => ErrorClass::Permanent,
        }
    }

    /// True when somebody else changed it: read again and decide anew.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(tandem_store::Error::Conflict { .. }))
    }
}
