//! Where wishes are carried out.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_records::Mappings;
use tandem_service::config::Queue;
use tandem_service::{Config, desk};
use tandem_telemetry::chain;
use tokio_util::sync::CancellationToken;

use super::dead::Morgue;
use super::{DeadWish, Refusal, Room, Wish};
use crate::backends::{self, Backends, Reached};
use crate::live::{self, Current};
use crate::neighbour::{self, Question};
use crate::rehearsal::Stage;
use crate::{assemble, password};

/// Where a running Tandem is asked.
pub(crate) const ROUTE: &str = "/local/review";
/// A look through every record takes seconds, a preview as long as the provider's answers.
const LIMIT: Duration = Duration::from_mins(4);
/// A server that runs is reached in a moment.
const REACHED_WITHIN: Duration = Duration::from_secs(20);

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Asked {
    /// Something of one connection.
    Connection {
        /// Whose.
        connection: ConnectionId,
        /// What.
        wish: Wish,
    },
    /// Something about messages that were set aside.
    Dead(DeadWish),
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("there is no connection {0} in the configuration")]
    NoConnection(ConnectionId),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Failure {
    /// With everything that it was caused by.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::NoConnection(_) => self.to_string(),
            Self::Refused(refusal) => chain(refusal),
            Self::Failed(error) => format!("{error:#}"),
        }
    }
}

/// Asks whoever has the store, or does it.
pub(super) async fn ask<T: DeserializeOwned>(config: &Config, asked: &Asked) -> anyhow::Result<T> {
    let reply = match &config.queue {
        Queue::Embedded => ask_neighbour(config, asked).await?,
        Queue::Nats(nats) => {
            let ids: Vec<_> = config.connections.iter().map(|one| one.id.clone()).collect();
            let reached = tokio::time::timeout(REACHED_WITHIN, backends::nats(nats, &[], &ids)).await;
            let backends = reached.context("queue.url: NATS can't be reached")??;
            let limits = backends::limits(config, &[], &Reached::default()).await?;
            let config = live::resolved(config, &Mappings::new(backends.store.clone())).await?;
            let reply = carry_out(&config, (&backends, &limits), asked).await;
            reply.map_err(|failure| anyhow!(failure.words()))?
        }
    };
    serde_json::from_value(reply).context("reading the answer")
}

/// Does what is asked, by this configuration.
pub(crate) async fn carry_out(
    config: &Config,
    (backends, limits): (&Backends, &Limits),
    asked: &Asked,
) -> Result<Json, Failure> {
    let (records, queue, now) = (&backends.records, &backends.queue, Timestamp::now());
    match asked {
        Asked::Connection { connection, wish } => {
            let found = config.connections.iter().find(|one| one.id == *connection);
            let found = found.ok_or_else(|| Failure::NoConnection(connection.clone()))?;
            let (rules, task_rules, note_rules) = assemble::rules_by_kind(config, found);
            let tokens = assemble::tokens(config, &backends.store, limits)?;
            let stage = Stage { config, store: backends.store.clone(), limits, tokens: tokens.as_ref() };
            let room = Room {
                records,
                queue,
                connection,
                rules: &rules,
                task_rules: task_rules.as_ref(),
                note_rules: note_rules.as_ref(),
                mapping: &found.mapping,
                now,
                stage,
            };
            let reply = Box::pin(room.carry_out(wish)).await;
            // A renewal that was begun is finished: its answer comes once.
            if let Some(tokens) = &tokens {
                tokens.settled().await;
            }
            told(&reply?)
        }
        Asked::Dead(wish) => {
            let connections = config.connections.iter().map(|one| one.id.clone()).collect();
            told(&Morgue { records, queue, connections, now }.carry_out(wish).await?)
        }
    }
}

fn told(reply: &impl Serialize) -> Result<Json, Failure> {
    serde_json::to_value(reply).map_err(|error| Failure::Failed(error.into()))
}

async fn ask_neighbour(config: &Config, asked: &Asked) -> anyhow::Result<Json> {
    let (listen, password) = (config.http.listen, password::of(config));
    let body = serde_json::to_string(asked)?;
    let asking = tokio::task::spawn_blocking(move || {
        let password = Some(password.expose_secret());
        neighbour::ask(listen, &Question { method: "POST", path: ROUTE, password, body: &body, limit: LIMIT })
    });
    let not_running = || format!("no Tandem answers at {listen}: start `tandem up` with this configuration first");
    let answer = asking.await?.with_context(not_running)?;
    match answer.status {
        200 => {
            let reply: Result<Json, String> =
                serde_json::from_str(&answer.body).context("reading the answer of the running Tandem")?;
            reply.map_err(|refusal| anyhow!(refusal))
        }
        409 => bail!("the Tandem at {listen} is busy with another command of this kind: try again"),
        status => Err(neighbour::refused(listen, status)),
    }
}

/// Carries out wishes until the shutdown.
pub(crate) async fn answer(
    (mut current, limits): (Current, Limits),
    reached: Reached,
    mut questions: desk::Questions,
    shutdown: CancellationToken,
) {
    loop {
        let question = tokio::select! {
            () = shutdown.cancelled() => return,
            question = questions.next() => question,
        };
        let Some(question) = question else { return shutdown.cancelled().await };
        let reply = match serde_json::from_str::<Asked>(&question.text) {
            Ok(asked) => match live::first(&mut current).await {
                Some(config) => reply((&config, &limits), &reached, &asked).await,
                None => Err("the process is stopping".to_owned()),
            },
            Err(_) => Err("the question is none that this version knows".to_owned()),
        };
        match serde_json::to_string(&reply) {
            Ok(text) => question.answer(text),
            Err(error) => tracing::error!(%error, "an answer could not be written down"),
        }
    }
}

async fn reply((config, limits): (&Config, &Limits), reached: &Reached, asked: &Asked) -> Result<Json, String> {
    let backends = reached.get().ok_or("the store is not reached yet: try again")?;
    carry_out(config, (backends, limits), asked).await.map_err(|failure| failure.words())
}
