//! Ingest alone: a bare publisher has no mapper and writer beside it either.

use std::net::SocketAddr;

use anyhow::Context as _;
use tandem_embedded::{Database, Options};
use tandem_ingest::{Config, Connection, Deps, Sink};
use tandem_limits::Limits;
use tandem_providers::ghl::PublicKey;
use tandem_queue::{Queue, Settings};
use tandem_telemetry::Metrics;
use tandem_tests::Shape;
use tandem_twins::{GhlConfig, GhlTwin};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::SEED;
use crate::system::{System, Wish, connection, location};

/// What takes the webhooks.
pub(super) enum Server {
    /// Here, so that its commits can be counted.
    Embedded { address: SocketAddr, place: Place, _stop: DropGuard },
    /// The real program, with NATS and Redis.
    Distributed(Box<System>),
}

/// An embedded queue in a folder of its own.
pub(super) struct Place {
    pub(super) queue: Queue,
    pub(super) database: Database,
    _folder: TempDir,
}

impl Place {
    pub(super) fn open() -> anyhow::Result<Self> {
        let folder = TempDir::new().context("making a folder")?;
        let database = Database::open(&Options::in_dir(folder.path())).context("opening a database")?;
        let queue = Queue::embedded(&database, Settings::default()).context("opening a queue")?;
        Ok(Self { queue, database, _folder: folder })
    }
}

impl Server {
    pub(super) async fn start(shape: Shape) -> anyhow::Result<Self> {
        match shape {
            Shape::Embedded => Self::embedded().await,
            Shape::Distributed => {
                let mut system = System::prepare(Wish { signing_seed: Some(SEED), ..Wish::of(shape) }).await?;
                system.up_ingest().await;
                Ok(Self::Distributed(Box::new(system)))
            }
        }
    }

    async fn embedded() -> anyhow::Result<Self> {
        let place = Place::open()?;
        // Only its public key is used.
        let twin = GhlTwin::start(GhlConfig { signing_seed: Some(SEED), ..GhlConfig::default() }).await?;
        let connection = Connection { id: connection(0)?, location_id: location(0), openphone_secrets: Vec::new() };
        let config = Config {
            connections: vec![connection],
            ghl_keys: vec![PublicKey::from_pem(&twin.public_key_pem())?],
            ghl_app_id: None,
            max_in_flight: 1024,
        };
        let sink = Sink::direct(place.queue.clone());
        let deps = Deps { sink, limits: Limits::in_process(), metrics: Metrics::new(), tokens: None, hooks: None };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let (address, stop) = (listener.local_addr()?, CancellationToken::new());
        tokio::spawn(tandem_service::serve(listener, tandem_ingest::router(config, deps), stop.clone()));
        Ok(Self::Embedded { address, place, _stop: stop.drop_guard() })
    }

    pub(super) fn address(&self) -> SocketAddr {
        match self {
            Self::Embedded { address, .. } => *address,
            Self::Distributed(system) => system.address(),
        }
    }

    pub(super) fn commits(&self) -> Option<u64> {
        match self {
            Self::Embedded { place, .. } => Some(place.database.commits()),
            Self::Distributed(_) => None,
        }
    }
}
