//! What can go wrong, sorted by what the caller can do about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;
use tandem_policy::ErrorClass;

/// Failure of the embedded database; cheap to clone because one failed commit answers many jobs.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Another process has the data directory.
    #[error("the data directory {} is in use by {holder}: stop it first, or set another data_dir", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// Who has it, as far as the lock file says.
        holder: String,
    },
    /// The data directory can't be made or locked.
    #[error("the data directory {} can't be used", dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Full, read-only or failing storage: nothing was changed; it may work again later.
    #[error("the database in the data directory is not available")]
    Unavailable(#[source] Arc<rusqlite::Error>),
    /// The file holds tables of a later version.
    #[error(
        "the tables of `{part}` are at version {found}, this program knows {known}: run the newer program, or restore a backup"
    )]
    TooNew {
        /// Owner of the tables.
        part: String,
        /// Version in the file.
        found: usize,
        /// Newest version this program knows.
        known: usize,
    },
    /// A statement was refused: a mistake of ours, or a damaged file.
    #[error("a statement of the embedded database failed")]
    Statement(#[source] Arc<rusqlite::Error>),
    /// The database was closed, or a job ended without an answer.
    #[error("the embedded database is closed")]
    Closed,
}

impl Error {
    /// Whether trying again makes sense.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unavailable(_) => ErrorClass::Transient,
            Self::InUse { .. } | Self::Directory { .. } | Self::TooNew { .. } | Self::Statement(_) | Self::Closed => {
                ErrorClass::Permanent
            }
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let storage_failed = matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DiskFull
                    | ErrorCode::ReadOnly
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
                    | ErrorCode::OutOfMemory
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::FileLockingProtocolFailed
            )
        );
        let error = Arc::new(error);
        if storage_failed { Self::Unavailable(error) } else { Self::Statement(error) }
    }
}
