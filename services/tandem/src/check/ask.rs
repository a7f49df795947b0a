//! The running Tandem does the checks itself where it alone can: with embedded backends its store is locked for others, and its
//! budgets are counted in its memory.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_service::config::{Connection, Limits, Queue};
use tandem_service::{Config, desk};
use tokio_util::sync::CancellationToken;

use super::report::Check;
use super::room::Deps;
use super::{Scope, examine};
use crate::neighbour::{self, Question};

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
    let (body, password) = (serde_json::to_string(&asked)?, password(config));
    let answered = tokio::task::spawn_blocking(move || post(listen, &body, &password)).await?;
    Ok(match answered {
        Ok(answer) => read(&answer),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Answer::Nobody,
        Err(error) => Answer::Stranger(error.to_string()),
    })
}

fn post(listen: SocketAddr, body: &str, password: &str) -> io::Result<neighbour::Answer> {
    neighbour::ask(listen, &Question { method: "POST", path: ROUTE, password: Some(password), body, limit: LIMIT })
}

fn read(answer: &neighbour::Answer) -> Answer {
    match (answer.status, serde_json::from_str(&answer.body)) {
        (200, Ok(checks)) => Answer::Checks(checks),
        (401, _) => Answer::OtherConfiguration,
        (409 | 503, _) => Answer::Busy,
        (status, _) => Answer::Stranger(format!("status {status}")),
    }
}

/// Answers such questions until the shutdown. `deps` are asked for at each: the store may be reached late.
pub(crate) async fn answer(
    config: Config,
    mut questions: desk::Questions,
    deps: impl Fn() -> Deps,
    shutdown: CancellationToken,
) {
    loop {
        let question = tokio::select! {
            () = shutdown.cancelled() => return,
            question = questions.next() => question,
        };
        let Some(question) = question else { return shutdown.cancelled().await };
        let checks = match serde_json::from_str::<Asked>(&question.text) {
            Ok(asked) => {
                let scope = Scope { connection: asked.connection, write: asked.write };
                Box::pin(examine(&config, 1, deps(), &scope)).await
            }
            Err(_) => Ok(Vec::new()),
        };
        match checks.and_then(|checks| Ok(serde_json::to_string(&checks)?)) {
            Ok(text) => question.answer(text),
            Err(error) => tracing::error!(error = format!("{error:#}"), "the checks could not be begun"),
        }
    }
}

/// Known to whoever has the very same settings and secrets, and so also a sign that two processes have.
pub(crate) fn password(config: &Config) -> String {
    let Config { providers, connections, http, queue, limits, encryption_keys, .. } = config;
    let mut hash = Context::new(&SHA256);
    let mut add = |bytes: &[u8]| {
        hash.update(&bytes.len().to_be_bytes());
        hash.update(bytes);
    };
    add(b"tandem local questions");
    // Secrets don't show in debug output.
    add(format!("{providers:?} {connections:?} {:?} {queue:?} {limits:?}", http.public_url).as_bytes());
    for key in encryption_keys {
        add(key.expose_secret());
    }
    let of_connection = |one: &'_ Connection| {
        let openphone = one.openphone.webhook_secrets.iter().chain([&one.openphone.api_key]).cloned();
        one.ghl.private_token.iter().cloned().chain(openphone).collect::<Vec<_>>()
    };
    let secrets = providers.ghl.client_secret.iter().cloned().chain(connections.iter().flat_map(of_connection));
    for secret in secrets {
        add(secret.expose_secret().as_bytes());
    }
    BASE64.encode(hash.finish())
}

#[cfg(test)]
mod tests;
