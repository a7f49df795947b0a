//! The parts of a process, started over the backends of its configuration.
//!
//! Everything starts at once. HTTP answers from the beginning; the mapper and the writer wait for the backends, which with
//! servers elsewhere may take a while, and so does readiness.

mod http;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tandem_embedded::Database;
use tandem_ingest::Sink;
use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_service::config::{self, Queue};
use tandem_service::supervise::Stop;
use tandem_service::{Config, Supervisor};
use tandem_telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::backends::{self, Backends, Reached};
use crate::live::{self, Current};
use crate::{Part, assemble, housekeeping, rekeying};

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
        let reached = Reached::default();
        let mut starting = Starting {
            config,
            parts,
            limits: backends::limits(config, parts, &reached).await?,
            reached,
            metrics: Metrics::new(),
            supervisor: Supervisor::new(config.grace),
            current: watch::channel(None).1,
        };
        let (database, sink) = starting.backends().await?;
        starting.mappings();
        starting.http(listener, sink.clone())?;
        if parts.contains(&Part::Mapper) {
            starting.mapper();
        }
        if parts.contains(&Part::Writer) {
            starting.writer();
        }
        starting.housekeeping(sink);
        starting.rekeying();
        starting.give_back_at_the_stop();
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
    parts: &'a [Part],
    reached: Reached,
    limits: Limits,
    metrics: Metrics,
    supervisor: Supervisor,
    /// The configuration with the mappings that hold.
    current: Current,
}

impl Starting<'_> {
    /// Opens or begins to reach the backends. The database is whatever this process has on disk; the sink is for ingest.
    async fn backends(&mut self) -> anyhow::Result<(Option<Database>, Option<Sink>)> {
        let takes_webhooks = self.parts.contains(&Part::Ingest);
        match &self.config.queue {
            Queue::Embedded => {
                let database = backends::database(&self.config.data_dir)?;
                let backends = backends::embedded(&database)?;
                let sink = takes_webhooks.then(|| Sink::direct(backends.queue.clone()));
                self.reached.set(backends)?;
                Ok((Some(database), sink))
            }
            Queue::Nats(nats) if takes_webhooks => {
                let database = backends::database(&self.config.data_dir.join("spool"))?;
                let spool = backends::spool(&database, self.config.spool).await?;
                let sink = Sink::spooled(spool);
                self.supervisor.start("spool", drain(sink.clone(), self.supervisor.shutdown()));
                self.reach(nats, Some(sink.clone()));
                Ok((Some(database), Some(sink)))
            }
            Queue::Nats(nats) => {
                self.reach(nats, None);
                Ok((None, None))
            }
        }
    }

    /// Connects in the background: the process answers and can be stopped while it waits.
    fn reach(&mut self, nats: &config::Nats, sink: Option<Sink>) {
        let (nats, parts) = (nats.clone(), self.parts.to_vec());
        let ids: Vec<ConnectionId> = self.config.connections.iter().map(|connection| connection.id.clone()).collect();
        let (reached, shutdown) = (Arc::clone(&self.reached), self.supervisor.shutdown());
        self.supervisor.start_job("connecting", async move {
            let backends = tokio::select! {
                () = shutdown.cancelled() => return anyhow::Ok(()),
                backends = backends::nats(&nats, &parts, &ids) => backends?,
            };
            if let Some(sink) = sink {
                sink.reached(backends.queue.clone());
            }
            reached.set(backends)?;
            Ok(())
        });
    }

    /// Tells which mappings hold. A file that is another one than at the last start is a new version: whoever runs the mapper says so.
    fn mappings(&mut self) {
        let (tell, current) = watch::channel(None);
        self.current = current;
        let (config, records_files) = (self.config.clone(), self.parts.contains(&Part::Mapper));
        self.start("mappings", async move |Backends { store, .. }, shutdown| {
            live::keep(config, store, (records_files, tell), shutdown).await;
            Ok::<_, Infallible>(())
        });
    }

    fn mapper(&mut self) {
        let metrics = self.metrics.clone();
        self.start_live("mapper", move |config, Backends { queue, records, .. }, shutdown| {
            let deps = tandem_mapper::Deps { queue, records, metrics: metrics.clone() };
            tandem_mapper::run(assemble::mapper(&config), deps, shutdown)
        });
    }

    fn writer(&mut self) {
        let (limits, metrics) = (self.limits.clone(), self.metrics.clone());
        self.start_live("writer", move |config, backends, shutdown| {
            write((limits.clone(), metrics.clone()), config, backends, shutdown)
        });
    }

    fn housekeeping(&mut self, sink: Option<Sink>) {
        let rooms = housekeeping::Rooms {
            reached: Arc::clone(&self.reached),
            limits: self.limits.clone(),
            sink,
            metrics: self.metrics.clone(),
        };
        let keeping = housekeeping::run(rooms, self.supervisor.shutdown());
        self.supervisor.start("housekeeping", keeping);
    }

    /// The mapper holds no secrets.
    fn rekeying(&mut self) {
        if self.parts == [Part::Mapper] || self.config.encryption_keys.is_empty() {
            return;
        }
        let config = self.config.clone();
        self.start("encryption keys", async move |Backends { store, .. }, shutdown| {
            rekeying::run(assemble::vault(&config, &store)?, shutdown).await;
            anyhow::Ok(())
        });
    }

    /// What was fetched ahead and nobody works on goes to other processes at once, not when the work under way is done.
    fn give_back_at_the_stop(&mut self) {
        self.start("pulling", async move |backends, shutdown| {
            shutdown.cancelled().await;
            backends.queue.stop_pulling().await;
            Ok::<_, Infallible>(())
        });
    }

    /// The same, begun anew whenever a mapping changes.
    fn start_live<E, F>(
        &mut self,
        name: &'static str,
        task: impl Fn(Arc<Config>, Backends, CancellationToken) -> F + Send + Sync + 'static,
    ) where
        E: Into<tandem_service::supervise::TaskError> + Send + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let current = self.current.clone();
        self.start(name, async move |backends, shutdown| {
            live::run(current, shutdown, |config, stop| task(config, backends.clone(), stop)).await
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
}

/// The writer, with its connections as the mappings have them.
async fn write(
    (limits, metrics): (Limits, Metrics),
    config: Arc<Config>,
    Backends { queue, records, store, .. }: Backends,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let writer = tandem_writer::Config {
        in_flight: config.writer.in_flight,
        in_flight_per_connection: config.writer.in_flight_per_connection,
        brake: assemble::brake(&config),
        ..tandem_writer::Config::default()
    };
    let tokens = assemble::tokens(&config, &store, &limits)?;
    let connections = assemble::connections(&config, &limits, tokens.as_ref())?;
    let notifier = assemble::notifier(&config)?;
    let deps =
        tandem_writer::Deps { queue, records, limits, metrics, connections, rehearsal: None, notifier, shutdown };
    let pace = tandem_writer::Pace { tasks: config.writer.task_poll, notes: config.writer.note_poll };
    tokio::select! {
        written = tandem_writer::run(writer, deps.clone()) => written?,
        never = tandem_writer::poll(pace, &deps) => match never {},
    }
    if let Some(tokens) = tokens {
        tokens.settled().await;
    }
    Ok(())
}

async fn drain(sink: Sink, shutdown: CancellationToken) -> Result<(), Infallible> {
    sink.drain(shutdown).await;
    Ok(())
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
