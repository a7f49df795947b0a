//! What a process answers over HTTP, and the tasks that stand behind it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use tandem_credentials::SigningSecrets;
use tandem_ingest::{
    Agencies, HookDeps, HookSecrets, OAuthDeps, OAuthReached, Rehearsal, ScanDeps, ScanDesk, ScanReached, Sink,
};
use tandem_proto::ConnectionId;
use tandem_service::config::Queue;
use tandem_service::{Config, Health, desk};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Starting;
use crate::api::Api;
use crate::backends::{Backends, Reached};
use crate::check::ask;
use crate::check::room::{Deps, Running};
use crate::{assemble, password, rehearsal, review};

impl Starting<'_> {
    pub(super) fn http(&mut self, listener: TcpListener, sink: Option<Sink>) -> anyhow::Result<()> {
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
                let is_embedded = matches!(self.config.queue, Queue::Embedded);
                let rehearsals = (is_embedded || Api::is_on(self.config)).then(|| self.rehearsals());
                if let Some(scans) = self.scans(rehearsals.as_ref()) {
                    routes = routes.merge(tandem_ingest::scan_router(scans));
                }
                if is_embedded {
                    let (review, questions) = desk::desk(review::ROUTE, password::of(self.config));
                    routes = routes.merge(review);
                    self.answer_reviews(questions);
                }
                if ask::is_of_one_process(self.config) {
                    routes = routes.merge(desk);
                    self.answer_checks(questions);
                }
                if let Some(rehearsals) = rehearsals.filter(|_| Api::is_on(self.config)) {
                    let (current, done_with) = (self.current.clone(), (Arc::clone(&self.reached), self.limits.clone()));
                    routes = routes.merge(Api::new(self.config, current, done_with, rehearsals).router());
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
        let (limits, metrics, current) = (self.limits.clone(), self.metrics.clone(), self.current.clone());
        let (config, reached) = (Arc::new(self.config.clone()), Arc::clone(&self.reached));
        let shutdown = self.supervisor.shutdown();
        let deps = Deps { limits, metrics, running: Running::Yes, stop: shutdown.clone() };
        let store = move || {
            let store = reached.get().map(|backends| backends.store.clone());
            store.ok_or_else(|| "the store is not reached yet".to_owned())
        };
        self.supervisor.start("checks", async move {
            let config = move || current.borrow().clone().unwrap_or_else(|| Arc::clone(&config));
            ask::answer(config, questions, (deps, store), shutdown).await;
            Ok::<_, Infallible>(())
        });
    }

    /// Where commands ask that list or decide something: the store is this process's own.
    fn answer_reviews(&mut self, questions: desk::Questions) {
        let (current, reached) = (self.current.clone(), Arc::clone(&self.reached));
        let (limits, shutdown) = (self.limits.clone(), self.supervisor.shutdown());
        self.supervisor.start("review", async move {
            review::answer((current, limits), reached, questions, shutdown).await;
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
        let (limits, metrics, ours) = (self.limits.clone(), self.metrics.clone(), secrets.clone());
        // Which events a webhook asks for depends on what the mapping has travel.
        self.start_live("webhooks", move |config, Backends { store, .. }, shutdown| {
            let (secrets, limits, metrics) = (ours.clone(), limits.clone(), metrics.clone());
            keep_hooks(config, HookDeps { secrets, store, limits, metrics }, shutdown)
        });
        Ok(Some(secrets))
    }

    /// Runs backfills and sweeps, once the backends are reached. Commands ask for them over HTTP where this process has the
    /// store for itself; elsewhere they open it.
    fn scans(&mut self, rehearsals: Option<&mpsc::Sender<Rehearsal>>) -> Option<ScanDesk> {
        let reached = ScanReached::default();
        let (limits, metrics, ours) = (self.limits.clone(), self.metrics.clone(), Arc::clone(&reached));
        self.start_live("scans", move |config, Backends { queue, records, store, .. }, shutdown| {
            let deps = ScanDeps { store, records, queue, limits: limits.clone(), metrics: metrics.clone() };
            if ours.get().is_none() {
                // The same whenever this begins anew.
                drop(ours.set(deps.clone()));
            }
            keep_scans(config, deps, shutdown)
        });
        if matches!(self.config.queue, Queue::Nats(_)) {
            return None;
        }
        let rehearsals = rehearsals?.clone();
        let password = password::of(self.config);
        let connections = self.config.connections.iter().map(|connection| connection.id.clone()).collect();
        Some(ScanDesk { password, connections, reached, rehearsals })
    }

    /// Plays dry runs, one after the other.
    fn rehearsals(&mut self) -> mpsc::Sender<Rehearsal> {
        let (asking, asked) = mpsc::channel(1);
        let (config, limits, current) = (self.config.clone(), self.limits.clone(), self.current.clone());
        self.start("rehearsals", async move |Backends { store, .. }, shutdown| {
            let tokens = assemble::tokens(&config, &store, &limits)?;
            rehearsal::play_all((&current, &limits, &store), tokens.as_ref(), asked, &shutdown).await;
            if let Some(tokens) = tokens {
                tokens.settled().await;
            }
            anyhow::Ok(())
        });
        asking
    }
}

async fn keep_hooks(config: Arc<Config>, deps: HookDeps, shutdown: CancellationToken) -> anyhow::Result<()> {
    let Some(hooks) = assemble::hooks(&config, &deps.limits)? else { return Ok(()) };
    deps.secrets.reached(SigningSecrets::new(assemble::vault(&config, &deps.store)?));
    tandem_ingest::keep_hooks(hooks, deps, shutdown).await;
    Ok(())
}

async fn keep_scans(config: Arc<Config>, deps: ScanDeps, shutdown: CancellationToken) -> anyhow::Result<()> {
    let tokens = assemble::tokens(&config, &deps.store, &deps.limits)?;
    let scans = assemble::scans(&config, &deps.limits, tokens.as_ref())?;
    tandem_ingest::keep_scans(scans, deps, shutdown).await;
    if let Some(tokens) = tokens {
        tokens.settled().await;
    }
    Ok(())
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
