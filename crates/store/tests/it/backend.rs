//! The backends that the suite runs over.

use std::path::Path;

use tandem_embedded::{Database, Options};
use tandem_jetstream::JetStream;
use tandem_store::Store;
use tandem_testkit::servers::Nats;
use tempfile::TempDir;

/// One line per backend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Backend {
    Memory,
    Embedded,
    JetStream,
}

/// A store of its own for one test.
pub(crate) struct Opened {
    pub(crate) store: Store,
    _dir: Option<TempDir>,
    _nats: Option<Nats>,
}

impl Backend {
    pub(crate) async fn open(self) -> Opened {
        match self {
            Self::Memory => Opened { store: Store::memory(), _dir: None, _nats: None },
            Self::Embedded => {
                let dir = tempfile::tempdir().unwrap();
                Opened { store: reopen(dir.path(), None), _dir: Some(dir), _nats: None }
            }
            Self::JetStream => {
                let nats = Nats::start();
                Opened { store: on(&nats).await, _dir: None, _nats: Some(nats) }
            }
        }
    }
}

/// The embedded store in a directory that may hold one already.
pub(crate) fn reopen(dir: &Path, max_pages: Option<u32>) -> Store {
    let options = Options { dir: dir.to_owned(), max_pages };
    Store::embedded(&Database::open(&options).unwrap()).unwrap()
}

/// A connection of its own.
pub(crate) async fn connect(nats: &Nats) -> JetStream {
    JetStream::connect(&tandem_jetstream::Options::new([nats.url().into()])).await.unwrap()
}

/// The store of a server that may hold one already, by a connection of its own.
pub(crate) async fn on(nats: &Nats) -> Store {
    Store::jetstream(&connect(nats).await).await.unwrap()
}
