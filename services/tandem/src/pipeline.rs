//! Ingest, mapper and writer in one process, over the embedded backends.

use std::net::SocketAddr;

use anyhow::Context as _;
use tandem_embedded::{Database, Options};
use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_queue::{Queue, Settings};
use tandem_records::Records;
use tandem_service::supervise::Stop;
use tandem_service::{Config, Health, Supervisor};
use tandem_store::Store;
use tandem_telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::{assemble, housekeeping};

/// A pipeline with its tasks started.
#[derive(Debug)]
pub struct Pipeline {
    /// Where webhooks are taken.
    pub address: SocketAddr,
    /// The streams, for looking inside.
    pub queue: Queue,
    /// The documents, for looking inside.
    pub records: Records,
    /// The counters.
    pub metrics: Metrics,
    database: Database,
    supervisor: Supervisor,
}

impl Pipeline {
    /// Opens the database in the configuration's `data_dir`, listens, and starts the services.
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        let database = Database::open(&Options::in_dir(&config.data_dir))
            .with_context(|| format!("opening the database in {}", config.data_dir.display()))?;
        let listener = TcpListener::bind(config.http.listen)
            .await
            .with_context(|| format!("http.listen: listening on {}", config.http.listen))?;
        warm_up().await;
        Self::start_on(config, database, listener)
    }

    fn start_on(config: &Config, database: Database, listener: TcpListener) -> anyhow::Result<Self> {
        let address = listener.local_addr().context("asking for the listening address")?;
        let queue = Queue::embedded(&database, Settings::default()).context("opening the queue")?;
        let records = Records::new(Store::embedded(&database).context("opening the store")?);
        let (limits, metrics) = (Limits::in_process(), Metrics::new());
        let mut supervisor = Supervisor::new(config.grace);
        let health = health(&supervisor, &queue, &metrics);

        let ingest_deps =
            tandem_ingest::Deps { queue: queue.clone(), limits: limits.clone(), metrics: metrics.clone() };
        let routes = tandem_ingest::router(assemble::ingest(config)?, ingest_deps).merge(health.router());
        supervisor.start("ingest", tandem_ingest::run(listener, routes, supervisor.shutdown()));

        let mapper_deps =
            tandem_mapper::Deps { queue: queue.clone(), records: records.clone(), metrics: metrics.clone() };
        supervisor.start("mapper", tandem_mapper::run(assemble::mapper(config), mapper_deps, supervisor.shutdown()));

        let writer_deps = tandem_writer::Deps {
            queue: queue.clone(),
            records: records.clone(),
            metrics: metrics.clone(),
            connections: assemble::connections(config, &limits)?,
            limits,
        };
        let writer = tandem_writer::Config {
            in_flight: config.writer.in_flight,
            in_flight_per_connection: config.writer.in_flight_per_connection,
            ..tandem_writer::Config::default()
        };
        supervisor.start("writer", tandem_writer::run(writer, writer_deps, supervisor.shutdown()));
        let housekeeping = housekeeping::run(queue.clone(), metrics.clone(), supervisor.shutdown());
        supervisor.start("housekeeping", housekeeping);
        announce(address, config.connections.iter().map(|connection| &connection.id));
        Ok(Self { address, queue, records, metrics, database, supervisor })
    }

    /// Runs until a stop is asked for or a service fails; drains, and closes the database.
    pub async fn run(self, stops: mpsc::Receiver<Stop>) -> anyhow::Result<()> {
        let ended = self.supervisor.run(stops).await;
        self.database.close().await.context("closing the database")?;
        Ok(ended?)
    }
}

fn health(supervisor: &Supervisor, queue: &Queue, metrics: &Metrics) -> Health {
    let queue = queue.clone();
    Health::new(metrics.clone(), supervisor.readiness()).check("queue", move || {
        let queue = queue.clone();
        async move { queue.healthy().await }
    })
}

/// The first look at the phone number metadata takes a tenth of a second: not while a webhook waits.
async fn warm_up() {
    let warm = tokio::task::spawn_blocking(|| tandem_contact::phone::normal("+14155550100", "US")).await;
    if let Err(error) = warm {
        tracing::warn!(%error, "the phone number metadata could not be read ahead");
    }
}

fn announce<'a>(address: SocketAddr, connections: impl Iterator<Item = &'a ConnectionId>) {
    let ids: Vec<&str> = connections.map(ConnectionId::as_str).collect();
    let joined = ids.join(", ");
    tracing::info!("listening on http://{address}; connections: {joined}");
}
