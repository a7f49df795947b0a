//! The parts of a process, started over the backends of its configuration.
//!
//! Everything starts at once. HTTP answers from the beginning; the mapper and the writer wait for the backends, which with
//! servers elsewhere may take a while, and so does readiness.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tandem_credentials::SigningSecrets;
use tandem_embedded::Database;
use tandem_ingest::{
    Agencies, HookDeps, HookSecrets, OAuthDeps, OAuthReached, Rehearsal, ScanDeps, ScanDesk, ScanReached, Sink,
};
use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_service::config::{self, Queue};
use tandem_service::supervise::Stop;
use tandem_service::{Config, Health, Supervisor, desk};
use tandem_telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::backends::{self, Backends, Reached};
use crate::check::ask;
use crate::check::room::{Deps, Running};
use crate::{Part, assemble, housekeeping, password, rehearsal, rekeying, review};

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
        };
        let (database, sink) = starting.backends().await?;
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

    fn http(&mut self, listener: TcpListener, sink: Option<Sink>) -> anyhow::Result<()> {
        let health = Health::new(self.metrics.clone(), self.supervisor.readiness());
        let routes = match sink {
            Some(sink) => {
                let health = sink_check(health, sink.clone());
                let oauth = assemble::oauth(self.config).map(|config| (config.clone(), self.tokens(config.locations)));
                let tokens = oauth.as_ref().map(|(_, reached)| Arc::clone(reached));
                let (limits, metrics) = (self.limits.clone(), self.metrics.clone());
                let hooks = self.hooks()?;
                let deps = tandem_ingest::Deps { sink, limits, metrics, tokens, hooks };
                let webhooks = tandem_ingest::router(assemble::ingest(self.config)?, deps);
                let (desk, questions) = desk::desk(ask::ROUTE, password::of(self.config));
                let mut routes = webhooks.merge(health.router());
                if let Some(scans) = self.scans() {
                    routes = routes.merge(tandem_ingest::scan_router(scans));
                }
                if matches!(self.config.queue, Queue::Embedded) {
                    let (review, questions) = desk::desk(review::ROUTE, password::of(self.config));
                    routes = routes.merge(review);
                    self.answer_reviews(questions);
                }
                if ask::is_of_one_process(self.config) {
                    routes = routes.merge(desk);
                    self.answer_checks(questions);
                }
                match oauth {
                    Some((config, reached)) => routes.merge(tandem_ingest::oauth_router(config, reached)),
                    None => routes,
                }
            }
            None => queue_check(health, Arc::clone(&self.reached)).router(),
        };
        let serving = tandem_service::serve(listener, routes, self.supervisor.shutdown());
        self.supervisor.start("http", serving);
        Ok(())
    }

    /// What `tandem check` asks: the store and the budgets are this process's own.
    fn answer_checks(&mut self, questions: desk::Questions) {
        let (config, limits, metrics) = (self.config.clone(), self.limits.clone(), self.metrics.clone());
        let (reached, shutdown) = (Arc::clone(&self.reached), self.supervisor.shutdown());
        let deps = Deps { limits, metrics, running: Running::Yes, stop: shutdown.clone() };
        let store = move || {
            let store = reached.get().map(|backends| backends.store.clone());
            store.ok_or_else(|| "the store is not reached yet".to_owned())
        };
        self.supervisor.start("checks", async move {
            ask::answer(config, questions, (deps, store), shutdown).await;
            Ok::<_, Infallible>(())
        });
    }

    /// Where commands ask that list or decide something: the store is this process's own.
    fn answer_reviews(&mut self, questions: desk::Questions) {
        let (config, reached) = (Arc::new(self.config.clone()), Arc::clone(&self.reached));
        let shutdown = self.supervisor.shutdown();
        self.supervisor.start("review", async move {
            review::answer(config, reached, questions, shutdown).await;
            Ok::<_, Infallible>(())
        });
    }

    /// Where what connecting by OAuth brings is kept, once the store is reached.
    fn tokens(&mut self, locations: HashMap<ConnectionId, String>) -> OAuthReached {
        let reached = OAuthReached::default();
        let (config, limits, ours) = (self.config.clone(), self.limits.clone(), Arc::clone(&reached));
        self.start("oauth", async move |Backends { store, .. }, shutdown| {
            if let Some(tokens) = assemble::tokens(&config, &store, &limits)? {
                let agencies = Agencies::new(tokens.clone(), locations);
                ours.set(OAuthDeps { tokens: tokens.clone(), store, agencies: agencies.clone() })?;
                agencies.keep(shutdown).await;
                tokens.settled().await;
            }
            anyhow::Ok(())
        });
        reached
    }

    /// Looks after the `OpenPhone` webhooks that Tandem makes itself, once the store is reached.
    fn hooks(&mut self) -> anyhow::Result<Option<HookSecrets>> {
        for id in assemble::without_webhook(self.config) {
            tracing::info!(connection.id = %id, "connection {id} is told nothing by OpenPhone: it has no webhook_secrets, and for \
                Tandem to make a webhook http.public_url and encryption_key are needed");
        }
        let Some(hooks) = assemble::hooks(self.config, &self.limits)? else { return Ok(None) };
        let secrets = HookSecrets::new(hooks.connections.iter().map(|connection| connection.id.clone()));
        let (config, ours) = (self.config.clone(), secrets.clone());
        let (limits, metrics) = (self.limits.clone(), self.metrics.clone());
        self.start("webhooks", async move |Backends { store, .. }, shutdown| {
            ours.reached(SigningSecrets::new(assemble::vault(&config, &store)?));
            let deps = HookDeps { secrets: ours, store, limits, metrics };
            tandem_ingest::keep_hooks(hooks, deps, shutdown).await;
            anyhow::Ok(())
        });
        Ok(Some(secrets))
    }

    /// Runs backfills and sweeps, once the backends are reached. Commands ask for them over HTTP where this process has the
    /// store for itself; elsewhere they open it.
    fn scans(&mut self) -> Option<ScanDesk> {
        let reached = ScanReached::default();
        let (config, limits, metrics) = (self.config.clone(), self.limits.clone(), self.metrics.clone());
        let ours = Arc::clone(&reached);
        self.start("scans", async move |Backends { queue, records, store, .. }, shutdown| {
            let tokens = assemble::tokens(&config, &store, &limits)?;
            let scans = assemble::scans(&config, &limits, tokens.as_ref())?;
            let deps = ScanDeps { store, records, queue, limits, metrics };
            ours.set(deps.clone())?;
            tandem_ingest::keep_scans(scans, deps, shutdown).await;
            if let Some(tokens) = tokens {
                tokens.settled().await;
            }
            anyhow::Ok(())
        });
        if matches!(self.config.queue, Queue::Nats(_)) {
            return None;
        }
        let password = password::of(self.config);
        let connections = self.config.connections.iter().map(|connection| connection.id.clone()).collect();
        let rehearsals = self.rehearsals();
        Some(ScanDesk { password, connections, reached, rehearsals })
    }

    /// Plays dry runs, one after the other.
    fn rehearsals(&mut self) -> mpsc::Sender<Rehearsal> {
        let (asking, asked) = mpsc::channel(1);
        let (config, limits) = (self.config.clone(), self.limits.clone());
        self.start("rehearsals", async move |Backends { store, .. }, shutdown| {
            let tokens = assemble::tokens(&config, &store, &limits)?;
            rehearsal::play_all((&config, &limits, &store), tokens.as_ref(), asked, &shutdown).await;
            if let Some(tokens) = tokens {
                tokens.settled().await;
            }
            anyhow::Ok(())
        });
        asking
    }

    fn mapper(&mut self) {
        let (config, metrics) = (assemble::mapper(self.config), self.metrics.clone());
        self.start("mapper", async move |backends, shutdown| {
            let Backends { queue, records, .. } = backends;
            tandem_mapper::run(config, tandem_mapper::Deps { queue, records, metrics }, shutdown).await
        });
    }

    fn writer(&mut self) {
        let writer = tandem_writer::Config {
            in_flight: self.config.writer.in_flight,
            in_flight_per_connection: self.config.writer.in_flight_per_connection,
            brake: assemble::brake(self.config),
            ..tandem_writer::Config::default()
        };
        let (config, limits, metrics) = (self.config.clone(), self.limits.clone(), self.metrics.clone());
        self.start("writer", async move |backends, shutdown| {
            let Backends { queue, records, store, .. } = backends;
            let tokens = assemble::tokens(&config, &store, &limits)?;
            let connections = assemble::connections(&config, &limits, tokens.as_ref())?;
            let deps = tandem_writer::Deps { queue, records, limits, metrics, connections, rehearsal: None };
            let pace = tandem_writer::Pace { tasks: config.writer.task_poll, notes: config.writer.note_poll };
            tokio::select! {
                written = tandem_writer::run(writer, deps.clone(), shutdown) => written?,
                never = tandem_writer::poll(pace, &deps) => match never {},
            }
            if let Some(tokens) = tokens {
                tokens.settled().await;
            }
            anyhow::Ok(())
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

/// Ingest is ready while events can be stored, here or there.
fn sink_check(health: Health, sink: Sink) -> Health {
    health.check("queue", move || {
        let sink = sink.clone();
        async move { sink.healthy().await }
    })
}

fn queue_check(health: Health, reached: Reached) -> Health {
    health.check("queue", move || {
        let reached = Arc::clone(&reached);
        async move {
            let backends = reached.get().ok_or_else(|| "not reached yet".to_owned())?;
            backends.queue.healthy().await.map_err(|error| tandem_telemetry::chain(&error))
        }
    })
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
