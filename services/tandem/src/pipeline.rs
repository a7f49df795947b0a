//! The parts of a process, started over the backends of its configuration.
//!
//! Everything starts at once. HTTP answers from the beginning; the mapper and the writer wait for the backends, which with
//! servers elsewhere may take a while, and so does readiness.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tandem_embedded::Database;
use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_service::config::Queue;
use tandem_service::supervise::Stop;
use tandem_service::{Config, Health, Supervisor};
use tandem_telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::backends::{self, Backends, Reached};
use crate::{Part, assemble, housekeeping};

/// A process's tasks, started.
#[derive(Debug)]
pub struct Pipeline {
    /// Where HTTP is served.
    pub address: SocketAddr,
    /// The counters.
    pub metrics: Metrics,
    reached: Reached,
    database: Option<Database>,
    supervisor: Supervisor,
}

impl Pipeline {
    /// Opens what is on this machine, listens, and starts the parts.
    pub async fn start(config: &Config, parts: &[Part]) -> anyhow::Result<Self> {
        Part::check(parts, config)?;
        let listener = TcpListener::bind(config.http.listen)
            .await
            .with_context(|| format!("http.listen: listening on {}", config.http.listen))?;
        let address = listener.local_addr().context("asking for the listening address")?;
        warm_up().await;
        let database = match config.queue {
            Queue::Embedded => Some(backends::database(config)?),
            Queue::Nats(_) => None,
        };
        let mut starting = Starting {
            config,
            reached: Reached::default(),
            limits: Limits::in_process(),
            metrics: Metrics::new(),
            supervisor: Supervisor::new(config.grace),
        };
        if let Some(database) = &database {
            starting.reached.set(backends::embedded(database)?)?;
        }
        starting.http(listener, parts)?;
        if parts.contains(&Part::Mapper) {
            starting.mapper();
        }
        if parts.contains(&Part::Writer) {
            starting.writer()?;
        }
        starting.housekeeping();
        announce(address, config.connections.iter().map(|connection| &connection.id));
        let Starting { reached, metrics, supervisor, .. } = starting;
        Ok(Self { address, metrics, reached, database, supervisor })
    }

    /// Waits until queue and store are reached, and gives them, for looking inside.
    pub async fn backends(&self) -> Backends {
        self.reached.wait().await.clone()
    }

    /// Runs until a stop is asked for or a part fails; drains, and closes the database.
    pub async fn run(self, stops: mpsc::Receiver<Stop>) -> anyhow::Result<()> {
        let ended = self.supervisor.run(stops).await;
        if let Some(database) = self.database {
            database.close().await.context("closing the database")?;
        }
        Ok(ended?)
    }
}

/// What the parts are started with.
struct Starting<'a> {
    config: &'a Config,
    reached: Reached,
    limits: Limits,
    metrics: Metrics,
    supervisor: Supervisor,
}

impl Starting<'_> {
    fn http(&mut self, listener: TcpListener, parts: &[Part]) -> anyhow::Result<()> {
        let mut routes = self.health().router();
        if parts.contains(&Part::Ingest) {
            let queue = self.reached.get().map(|backends| backends.queue.clone());
            let sink = tandem_ingest::Sink::direct(queue.context("the queue is not open")?);
            let deps = tandem_ingest::Deps { sink, limits: self.limits.clone(), metrics: self.metrics.clone() };
            routes = routes.merge(tandem_ingest::router(assemble::ingest(self.config)?, deps));
        }
        let serving = tandem_service::serve(listener, routes, self.supervisor.shutdown());
        self.supervisor.start("http", serving);
        Ok(())
    }

    fn mapper(&mut self) {
        let (config, metrics) = (assemble::mapper(self.config), self.metrics.clone());
        self.start("mapper", async move |backends, shutdown| {
            let Backends { queue, records } = backends;
            tandem_mapper::run(config, tandem_mapper::Deps { queue, records, metrics }, shutdown).await
        });
    }

    fn writer(&mut self) -> anyhow::Result<()> {
        let writer = tandem_writer::Config {
            in_flight: self.config.writer.in_flight,
            in_flight_per_connection: self.config.writer.in_flight_per_connection,
            ..tandem_writer::Config::default()
        };
        let connections = assemble::connections(self.config, &self.limits)?;
        let (limits, metrics) = (self.limits.clone(), self.metrics.clone());
        self.start("writer", async move |backends, shutdown| {
            let Backends { queue, records } = backends;
            let deps = tandem_writer::Deps { queue, records, limits, metrics, connections };
            tandem_writer::run(writer, deps, shutdown).await
        });
        Ok(())
    }

    fn housekeeping(&mut self) {
        let metrics = self.metrics.clone();
        self.start("housekeeping", async move |backends, shutdown| {
            housekeeping::run(backends.queue, metrics, shutdown).await
        });
    }

    /// A task that begins when the backends are reached.
    fn start<E, F>(&mut self, name: &'static str, task: impl FnOnce(Backends, CancellationToken) -> F + Send + 'static)
    where
        E: Into<tandem_service::supervise::TaskError> + Send + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let (reached, shutdown) = (Arc::clone(&self.reached), self.supervisor.shutdown());
        self.supervisor.start(name, async move {
            let backends = tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                backends = reached.wait() => backends.clone(),
            };
            task(backends, shutdown).await
        });
    }

    fn health(&self) -> Health {
        let reached = Arc::clone(&self.reached);
        Health::new(self.metrics.clone(), self.supervisor.readiness()).check("queue", move || {
            let reached = Arc::clone(&reached);
            async move {
                let backends = reached.get().ok_or_else(|| "not reached yet".to_owned())?;
                backends.queue.healthy().await.map_err(|error| tandem_telemetry::chain(&error))
            }
        })
    }
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
