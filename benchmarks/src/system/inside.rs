//! Queue and store as a process of its own sees them.

use std::path::Path;

use anyhow::Context as _;
use tandem_embedded::{Database, Options};
use tandem_jetstream::Options as Servers;
use tandem_proto::ConnectionId;
use tandem_queue::{Queue, Settings};
use tandem_records::Records;
use tandem_store::Store;

/// Has to be closed.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) queue: Queue,
    pub(crate) records: Records,
    database: Option<Database>,
}

impl Inside {
    pub(super) fn embedded(folder: &Path) -> anyhow::Result<Self> {
        let database = Database::open(&Options::in_dir(folder)).context("opening the database")?;
        let queue = Queue::embedded(&database, Settings::default()).context("opening the queue")?;
        let records = Records::new(Store::embedded(&database).context("opening the store")?);
        Ok(Self { queue, records, database: Some(database) })
    }

    pub(super) async fn distributed(url: &str, ids: &[ConnectionId]) -> anyhow::Result<Self> {
        let jetstream = tandem_jetstream::connect_waiting(&Servers::new([url.into()])).await?;
        let queue = Queue::jetstream(&jetstream, Settings::default(), ids).await.context("opening the queue")?;
        let records = Records::new(Store::jetstream(&jetstream).await.context("opening the store")?);
        Ok(Self { queue, records, database: None })
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let Self { queue, records, database } = self;
        drop((queue, records));
        match database {
            Some(database) => database.close().await.context("closing the database"),
            None => Ok(()),
        }
    }
}
