//! Queue, store and limits, as the configuration wants them.

use std::sync::Arc;

use anyhow::Context as _;
use tandem_embedded::{Database, Options};
use tandem_queue::{Queue, Settings};
use tandem_records::Records;
use tandem_service::Config;
use tandem_store::Store;
use tokio::sync::SetOnce;

/// Where messages and documents are.
#[derive(Debug, Clone)]
pub struct Backends {
    /// The streams.
    pub queue: Queue,
    /// The documents.
    pub records: Records,
}

/// Backends that may take a while to be reached; clones share them.
pub(crate) type Reached = Arc<SetOnce<Backends>>;

/// Opens the database in `data_dir`, for the embedded backends.
pub(crate) fn database(config: &Config) -> anyhow::Result<Database> {
    Database::open(&Options::in_dir(&config.data_dir))
        .with_context(|| format!("opening the database in {}", config.data_dir.display()))
}

/// The backends in the database.
pub(crate) fn embedded(database: &Database) -> anyhow::Result<Backends> {
    Ok(Backends {
        queue: Queue::embedded(database, Settings::default()).context("opening the queue")?,
        records: Records::new(Store::embedded(database).context("opening the store")?),
    })
}
