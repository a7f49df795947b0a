//! The running Tandem does the checks itself where it alone can: with embedded backends its store is locked for others, and its
//! budgets are counted in its memory.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_service::config::{Limits, Queue};
use tandem_service::{Config, desk};
use tandem_store::Store;
use tokio_util::sync::CancellationToken;

use super::report::Check;
use super::room::Deps;
use super::{Scope, examine, settled, tokens};
use crate::neighbour::{self, Question};
use crate::password;

/// Where a running Tandem is asked.
pub(crate) const ROUTE: &str = "/local/check";
/// A run ends within a minute.
const LIMIT: Duration = Duration::from_secs(70);

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    connection: Option<ConnectionId>,
    write: bool,
}

/// How the running Tandem answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// It did the checks.
    Checks(Vec<Check>),
    /// Nobody listens there.
    Nobody,
    /// It has another configuration.
    OtherConfiguration,
    /// It is checking already, or about to stop.
    Busy,
    /// Something else answers there, with this.
    Stranger(String),
}

/// Whether the configuration's budgets or store belong to one process.
pub(crate) fn is_of_one_process(config: &Config) -> bool {
    matches!(config.limits, Limits::Embedded) || matches!(config.queue, Queue::Embedded)
}

/// Asks the process at `http.listen`.
pub(super) async fn ask(config: &Config, scope: &Scope) -> anyhow::Result<Answer> {
    let listen = config.http.listen;
    if listen.port() == 0 {
        return Ok(Answer::Nobody);
    }
    let asked = Asked { connection: scope.connection.clone(), write: scope.write };
    let (body, password) = (serde_json::to_string(&asked)?, password::of(config));
    let answered = tokio::task::spawn_blocking(move || post(listen, &body, &password)).await?;
    Ok(match answered {
        Ok(answer) => read(&answer),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Answer::Nobody,
        Err(error) => Answer::Stranger(error.to_string()),
    })
}

fn post(listen: SocketAddr, body: &str, password: &SecretString) -> io::Result<neighbour::Answer> {
    let password = Some(password.expose_secret());
    neighbour::ask(listen, &Question { method: "POST", path: ROUTE, password, body, limit: LIMIT })
}

fn read(answer: &neighbour::Answer) -> Answer {
    match (answer.status, serde_json::from_str(&answer.body)) {
        (200, Ok(checks)) => Answer::Checks(checks),
        (401, _) => Answer::OtherConfiguration,
        (409 | 503, _) => Answer::Busy,
        (status, _) => Answer::Stranger(format!("status {status}")),
    }
}

/// Answers such questions until the shutdown. Configuration and store are asked for at each: a mapping may change, and the store be
/// reached late.
pub(crate) async fn answer(
    config: impl Fn() -> Arc<Config>,
    mut questions: desk::Questions,
    (deps, store): (Deps, impl Fn() -> Result<Store, String>),
    shutdown: CancellationToken,
) {
    loop {
        let question = tokio::select! {
            () = shutdown.cancelled() => return,
            question = questions.next() => question,
        };
        let Some(question) = question else { return shutdown.cancelled().await };
        if let Err(error) = Box::pin(answer_one(&config(), question, (&deps, store()))).await {
            tracing::error!(error = format!("{error:#}"), "the checks that were asked for could not be begun");
        }
    }
}

async fn answer_one(
    config: &Config,
    question: desk::Question,
    (deps, store): (&Deps, Result<Store, String>),
) -> anyhow::Result<()> {
    let asked: Asked = serde_json::from_str(&question.text)?;
    tracing::info!(write = asked.write, "checking, as `tandem check` asked");
    let scope = Scope { connection: asked.connection, write: asked.write };
    let tokens = tokens(config, store, &deps.limits)?;
    let checks = examine(config, 1, (deps.clone(), tokens.clone()), &scope).await?;
    question.answer(serde_json::to_string(&checks)?);
    settled(tokens).await;
    Ok(())
}

#[cfg(test)]
mod tests;
