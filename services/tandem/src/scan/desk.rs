//! Where scans are asked for.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::json;
use tandem_ingest::{Asked, Resumed, ScanKind, ScanStatus, ask, release, scan_status};
use tandem_proto::ConnectionId;
use tandem_records::Mappings;
use tandem_service::Config;
use tandem_service::config::Queue;
use tokio::sync::mpsc;

use super::connection_of;
use crate::backends::{self, Backends, Reached};
use crate::live;
use crate::rehearsal::Stage;
use crate::review::call::of_scans;
use crate::target::{Remote, Target};
use crate::{assemble, neighbour, password};

/// A server that runs is reached in a moment.
const REACHED_WITHIN: Duration = Duration::from_secs(20);
/// A process that has just started.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Asks about one connection's scans.
pub(super) enum Desk {
    /// At the process that has the store for itself.
    Neighbour { listen: SocketAddr, path: String, password: SecretString },
    /// At a Tandem elsewhere.
    Remote { remote: Remote, connection: ConnectionId },
    /// In the store that all share.
    Shared { config: Box<Config>, backends: Box<Backends>, connection: ConnectionId },
}

impl Desk {
    /// Where the connection's scans are asked for, and the connection.
    pub(super) async fn open(target: &Target, connection: &str) -> anyhow::Result<(Self, ConnectionId)> {
        match target {
            Target::Config(config) => {
                let id = connection_of(config, connection)?;
                Ok((Self::at(config, &id).await?, id))
            }
            Target::Remote(remote) => {
                let id = ConnectionId::new(connection)?;
                Ok((Self::Remote { remote: remote.clone(), connection: id.clone() }, id))
            }
        }
    }

    async fn at(config: &Config, connection: &ConnectionId) -> anyhow::Result<Self> {
        match &config.queue {
            Queue::Embedded => {
                let path = format!("/local/connections/{connection}/scans");
                let listen = config.http.listen;
                Ok(Self::Neighbour { listen, path, password: password::of(config) })
            }
            Queue::Nats(nats) => {
                let ids: Vec<_> = config.connections.iter().map(|connection| connection.id.clone()).collect();
                let reached = tokio::time::timeout(REACHED_WITHIN, backends::nats(nats, &[], &ids)).await;
                let backends = reached.context("queue.url: NATS can't be reached")??;
                let config = Box::new(config.clone());
                Ok(Self::Shared { config, backends: Box::new(backends), connection: connection.clone() })
            }
        }
    }

    pub(super) async fn ask(&self, kind: ScanKind) -> anyhow::Result<Asked> {
        match self {
            Self::Neighbour { listen, path, password } => {
                let body = json!({ "kind": kind }).to_string();
                answer(*listen, || neighbour::post(*listen, path, password.expose_secret(), &body)).await
            }
            Self::Remote { remote, connection } => {
                remote.ask(of_scans(connection.as_str(), (&["scans"], Some(json!({ "kind": kind }))))).await
            }
            Self::Shared { backends, connection, .. } => {
                Ok(ask(&backends.store, connection, kind, Timestamp::now()).await?)
            }
        }
    }

    /// Lets the connection go on; true if it had been stopped.
    pub(super) async fn release(&self, minutes: u32) -> anyhow::Result<bool> {
        match self {
            Self::Neighbour { listen, path, password } => {
                let (path, body) = (path.replace("/scans", "/resume"), json!({ "minutes": minutes }).to_string());
                let resumed: Resumed =
                    answer(*listen, || neighbour::post(*listen, &path, password.expose_secret(), &body)).await?;
                Ok(resumed.was_stopped)
            }
            Self::Remote { remote, connection } => {
                let call = of_scans(connection.as_str(), (&["resume"], Some(json!({ "minutes": minutes }))));
                Ok(remote.ask::<Resumed>(call).await?.was_stopped)
            }
            Self::Shared { backends, connection, .. } => Ok(release(&backends.records, connection, minutes).await?),
        }
    }

    pub(super) async fn status(&self) -> anyhow::Result<ScanStatus> {
        match self {
            Self::Neighbour { listen, path, password } => {
                answer(*listen, || neighbour::get(*listen, path, Some(password.expose_secret()))).await
            }
            Self::Remote { remote, connection } => remote.ask(of_scans(connection.as_str(), (&["scans"], None))).await,
            Self::Shared { backends, connection, .. } => {
                Ok(scan_status(&backends.store, &backends.queue, connection).await?)
            }
        }
    }

    /// Plays a dry run, and hands on its lines.
    pub(super) async fn rehearse(&self, kind: ScanKind, lines: mpsc::Sender<String>) -> anyhow::Result<()> {
        match self {
            Self::Neighbour { listen, path, password } => {
                let body = json!({ "kind": kind, "dry_run": true }).to_string();
                let (listen, path, password) = (*listen, path.clone(), password.clone());
                let asking = tokio::task::spawn_blocking(move || {
                    lines_of(listen, (&path, password.expose_secret()), &body, &lines)
                });
                asking.await?
            }
            Self::Remote { remote, connection } => {
                let call = of_scans(connection.as_str(), (&["scans", "preview"], Some(json!({ "kind": kind }))));
                remote.lines(call, lines).await
            }
            Self::Shared { config, backends, connection } => {
                let limits = backends::limits(config, &[], &Reached::default()).await?;
                let tokens = assemble::tokens(config, &backends.store, &limits)?;
                let store = backends.store.clone();
                let config = &live::resolved(config, &Mappings::new(store.clone())).await?;
                let stage = Stage { config, store, limits: &limits, tokens: tokens.as_ref() };
                Box::pin(stage.play(connection, kind, &lines)).await;
                // A renewal that was begun is finished before this process ends: its answer comes once.
                if let Some(tokens) = tokens {
                    tokens.settled().await;
                }
                Ok(())
            }
        }
    }
}

/// Asks the neighbour, once it has reached its store, and hands on its lines.
fn lines_of(
    listen: SocketAddr,
    (path, password): (&str, &str),
    body: &str,
    lines: &mpsc::Sender<String>,
) -> anyhow::Result<()> {
    let since = Instant::now();
    loop {
        let hand_on = |line: String| lines.blocking_send(line).is_ok();
        let status = neighbour::post_for_lines(listen, (path, password), body, hand_on);
        match status.with_context(|| not_running(listen))? {
            200 => return Ok(()),
            503 if since.elapsed() < REACHED_WITHIN => std::thread::sleep(ASK_AGAIN),
            status => return Err(neighbour::refused(listen, status)),
        }
    }
}

fn not_running(listen: SocketAddr) -> String {
    format!("no Tandem answers at {listen}: start `tandem up` with this configuration first")
}

/// What the neighbour answers, once it has reached its store.
async fn answer<T: DeserializeOwned>(
    listen: SocketAddr,
    ask: impl Fn() -> std::io::Result<neighbour::Answer>,
) -> anyhow::Result<T> {
    let since = Instant::now();
    loop {
        let answer = ask().with_context(|| not_running(listen))?;
        match answer.status {
            200 | 202 => return serde_json::from_str(&answer.body).context("reading the answer of the running Tandem"),
            503 if since.elapsed() < REACHED_WITHIN => tokio::time::sleep(ASK_AGAIN).await,
            status => return Err(neighbour::refused(listen, status)),
        }
    }
}
