//! Where wishes are carried out.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_service::config::Queue;
use tandem_service::{Config, desk};
use tandem_telemetry::chain;
use tokio_util::sync::CancellationToken;

use super::{Reply, Room, Wish};
use crate::backends::{self, Backends, Reached};
use crate::neighbour::{self, Question};
use crate::{assemble, password};

/// Where a running Tandem is asked.
pub(crate) const ROUTE: &str = "/local/review";
/// A look through every record takes seconds.
const LIMIT: Duration = Duration::from_mins(2);
/// A server that runs is reached in a moment.
const REACHED_WITHIN: Duration = Duration::from_secs(20);

#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    connection: ConnectionId,
    wish: Wish,
}

/// Asks whoever has the store, or does it.
pub(super) async fn ask(config: &Config, connection: &ConnectionId, wish: &Wish) -> anyhow::Result<Reply> {
    match &config.queue {
        Queue::Embedded => ask_neighbour(config, connection, wish).await,
        Queue::Nats(nats) => {
            let ids: Vec<_> = config.connections.iter().map(|one| one.id.clone()).collect();
            let reached = tokio::time::timeout(REACHED_WITHIN, backends::nats(nats, &[], &ids)).await;
            let backends = reached.context("queue.url: NATS can't be reached")??;
            carry_out(config, &backends, connection, wish).await
        }
    }
}

async fn carry_out(
    config: &Config,
    Backends { records, queue, .. }: &Backends,
    connection: &ConnectionId,
    wish: &Wish,
) -> anyhow::Result<Reply> {
    let found = config.connections.iter().find(|one| one.id == *connection);
    let found = found.with_context(|| format!("there is no connection {connection} in the configuration"))?;
    let rules = assemble::rules(config, found);
    let room = Room { records, queue, connection, rules: &rules, now: Timestamp::now() };
    room.carry_out(wish).await.map_err(|refusal| anyhow!(chain(&refusal)))
}

async fn ask_neighbour(config: &Config, connection: &ConnectionId, wish: &Wish) -> anyhow::Result<Reply> {
    let (listen, password) = (config.http.listen, password::of(config));
    let body = serde_json::to_string(&Asked { connection: connection.clone(), wish: wish.clone() })?;
    let asking = tokio::task::spawn_blocking(move || {
        let password = Some(password.expose_secret());
        neighbour::ask(listen, &Question { method: "POST", path: ROUTE, password, body: &body, limit: LIMIT })
    });
    let not_running = || format!("no Tandem answers at {listen}: start `tandem up` with this configuration first");
    let answer = asking.await?.with_context(not_running)?;
    match answer.status {
        200 => {
            let reply: Result<Reply, String> =
                serde_json::from_str(&answer.body).context("reading the answer of the running Tandem")?;
            reply.map_err(|refusal| anyhow!(refusal))
        }
        409 => bail!("the Tandem at {listen} is busy with another command of this kind: try again"),
        status => Err(neighbour::refused(listen, status)),
    }
}

/// Carries out wishes until the shutdown.
pub(crate) async fn answer(
    config: Arc<Config>,
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
            Ok(asked) => reply(&config, &reached, &asked).await,
            Err(_) => Err("the question is none that this version knows".to_owned()),
        };
        match serde_json::to_string(&reply) {
            Ok(text) => question.answer(text),
            Err(error) => tracing::error!(%error, "an answer could not be written down"),
        }
    }
}

async fn reply(config: &Config, reached: &Reached, asked: &Asked) -> Result<Reply, String> {
    let backends = reached.get().ok_or("the store is not reached yet: try again")?;
    carry_out(config, backends, &asked.connection, &asked.wish).await.map_err(|error| format!("{error:#}"))
}
