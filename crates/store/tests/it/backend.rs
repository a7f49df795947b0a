//! The backends that the suite runs over.

use std::path::Path;

use tandem_embedded::{Database, Options};
use tandem_store::Store;
use tempfile::TempDir;

/// One line per backend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Backend {
    Memory,
    Embedded,
}

/// A store of its own for one test.
pub(crate) struct Opened {
    pub(crate) store: Store,
    _dir: Option<TempDir>,
}

impl Backend {
    pub(crate) fn open(self) -> Opened {
        match self {
            Self::Memory => Opened { store: Store::memory(), _dir: None },
            Self::Embedded => {
                let dir = tempfile::tempdir().unwrap();
                Opened { store: reopen(dir.path(), None), _dir: Some(dir) }
            }
        }
    }
}

/// The embedded store in a directory that may hold one already.
pub(crate) fn reopen(dir: &Path, max_pages: Option<u32>) -> Store {
    let options = Options { dir: dir.to_owned(), max_pages };
    Store::embedded(&Database::open(&options).unwrap()).unwrap()
}
