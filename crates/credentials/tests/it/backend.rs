//! The stores that the suite runs over.

use tandem_embedded::{Database, Options};
use tandem_jetstream::JetStream;
use tandem_store::Store;
use tandem_testkit::servers::Nats;
use tempfile::TempDir;

/// One line per store.
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
                let database = Database::open(&Options::in_dir(dir.path())).unwrap();
                Opened { store: Store::embedded(&database).unwrap(), _dir: Some(dir), _nats: None }
            }
            Self::JetStream => {
                let nats = Nats::start();
                Opened { store: on(&nats).await, _dir: None, _nats: Some(nats) }
            }
        }
    }
}

/// The store of a server.
pub(crate) async fn on(nats: &Nats) -> Store {
    let options = tandem_jetstream::Options::new([nats.url().into()]);
    Store::jetstream(&JetStream::connect(&options).await.unwrap()).await.unwrap()
}

/// Runs claims over all stores.
macro_rules! over_every_store {
    ($($claim:ident),* $(,)?) => {
        over_every_store!(@backend memory Memory $($claim),*);
        over_every_store!(@backend embedded Embedded $($claim),*);
        over_every_store!(@backend jetstream JetStream $($claim),*);
    };
    (@backend $name:ident $backend:ident $($claim:ident),*) => {
        mod $name {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    let opened = crate::backend::Backend::$backend.open().await;
                    super::$claim(&opened.store).await;
                }
            )*
        }
    };
}

pub(crate) use over_every_store;
