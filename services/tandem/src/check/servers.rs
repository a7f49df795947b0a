//! What Tandem itself stands on: the folder, NATS, Redis, and the process that may be running with this configuration.

use std::io;
use std::path::{Path, PathBuf};

use tandem_embedded::{Database, Error as DatabaseError, Options};
use tandem_jetstream::JetStream;
use tandem_limits::{RedisOptions, RedisTrouble, redis_version};
use tandem_service::config::{Nats, Queue};
use tandem_service::{Config, config};
use tandem_store::Store;
use tandem_telemetry::chain;

use super::report::{Check, Group};
use super::verdict::{Row, Verdict};
use crate::backends;

const fn row(name: &'static str) -> Row {
    Row { group: Group::Servers, name, operation: None }
}

pub(super) const DATA_DIR: Row = row("data_dir");
const NATS: Row = row("NATS");
const REDIS: Row = row("Redis");
/// The process that runs with this configuration.
pub(super) const TANDEM: Row = row("running Tandem");

/// What was found, and what can be worked with.
pub(super) struct Found {
    pub(super) checks: Vec<Check>,
    /// The store, or why it can't be reached.
    pub(super) store: Result<Store, String>,
    /// Closed at the end.
    pub(super) database: Option<Database>,
    /// Whether request budgets can be had.
    pub(super) has_budgets: bool,
}

/// Looks at what the configuration names. `is_running`: the folder is expected to be in use.
pub(super) async fn look(config: &Config, is_running: bool) -> Found {
    let mut found = Found { checks: Vec::new(), store: Err(String::new()), database: None, has_budgets: true };
    match &config.queue {
        Queue::Embedded => embedded(config, is_running, &mut found),
        Queue::Nats(nats) => {
            let folder = writable(&config.data_dir).map_or_else(
                |verdict| verdict,
                |()| {
                    Verdict::pass(format!(
                        "{} can be written: for webhooks while NATS is away",
                        config.data_dir.display()
                    ))
                },
            );
            found.checks.push(DATA_DIR.check(None, folder));
            nats_server(config, nats, &mut found).await;
        }
    }
    if let config::Limits::Redis { url } = &config.limits {
        let looked = redis_version(&RedisOptions::new(url.clone())).await;
        found.has_budgets = looked.is_ok();
        found.checks.push(
            REDIS.check(
                None,
                looked.map_or_else(
                    |trouble| redis_trouble(&trouble),
                    |version| Verdict::pass(format!("version {version}")),
                ),
            ),
        );
    }
    found
}

fn embedded(config: &Config, is_running: bool, found: &mut Found) {
    let shown = config.data_dir.display();
    let in_use = "the store is in use by another process";
    if is_running {
        found.checks.push(DATA_DIR.check(None, Verdict::pass(format!("{shown} is in use by the running Tandem"))));
        found.store = Err(in_use.to_owned());
        return;
    }
    // A folder that isn't there yet stays so: it is made at the first start.
    if !config.data_dir.join("tandem.db").exists() {
        let verdict = writable(&config.data_dir).map_or_else(
            |verdict| verdict,
            |()| Verdict::pass(format!("{shown} can be written; nothing is in it yet")),
        );
        found.checks.push(DATA_DIR.check(None, verdict));
        found.store = Ok(Store::memory());
        return;
    }
    let database = match Database::open(&Options::in_dir(&config.data_dir)) {
        Ok(database) => database,
        Err(error) => {
            found.checks.push(DATA_DIR.check(None, folder_trouble(&error)));
            found.store = Err(chain(&error));
            return;
        }
    };
    let verdict = match backends::embedded(&database) {
        Ok(backends) => {
            found.store = Ok(backends.store);
            Verdict::pass(format!("{shown} can be read and written"))
        }
        Err(error) => {
            found.store = Err(format!("{error:#}"));
            Verdict::fail(format!("{error:#}"), RESTORE)
        }
    };
    found.checks.push(DATA_DIR.check(None, verdict));
    found.database = Some(database);
}

const RESTORE: &str = "is it a Tandem's folder, and of no later version? Otherwise restore a backup";

fn folder_trouble(error: &DatabaseError) -> Verdict {
    let message = chain(error);
    match error {
        DatabaseError::InUse { .. } => Verdict::fail(
            message,
            "a Tandem works there that doesn't answer at http.listen: is this its configuration? Otherwise stop it",
        ),
        DatabaseError::Directory { .. } | DatabaseError::Unavailable(_) => Verdict::fail(
            message,
            "data_dir: does the folder belong to the user that Tandem runs as, and is there room on the disk?",
        ),
        DatabaseError::TooNew { .. } | DatabaseError::Statement(_) | DatabaseError::Closed => {
            Verdict::fail(message, RESTORE)
        }
    }
}

/// Whether files can be made there, or in the folder where the folder will be made.
fn writable(folder: &Path) -> Result<(), Verdict> {
    let there =
        folder.ancestors().find(|ancestor| ancestor.exists()).map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    let there = if there.as_os_str().is_empty() { PathBuf::from(".") } else { there };
    let made: io::Result<_> = tempfile::Builder::new().prefix(".tandem-check").tempfile_in(&there);
    made.map(drop).map_err(|problem| {
        Verdict::fail(
            format!("nothing can be written to {}: {problem}", there.display()),
            "data_dir: does the folder belong to the user that Tandem runs as, and is there room on the disk?",
        )
    })
}

/// The store is opened where tokens are needed; what isn't there is made, as every service does.
async fn nats_server(config: &Config, nats: &Nats, found: &mut Found) {
    let connected = async {
        let options = backends::nats_options(nats, "tandem-check")?;
        anyhow::Ok(JetStream::connect(&options).await?)
    };
    let jetstream = match connected.await {
        Ok(jetstream) => jetstream,
        Err(error) => {
            found.store = Err("NATS can't be reached".to_owned());
            found.checks.push(NATS.check(None, nats_trouble(&error)));
            return;
        }
    };
    let version = jetstream.client().server_info().version;
    let needs_store = config.connections.iter().any(|connection| connection.ghl.private_token.is_none());
    let opened = if needs_store { Store::jetstream(&jetstream).await.map(Some) } else { Ok(None) };
    let verdict = match &opened {
        Ok(_) => Verdict::pass(format!("{} is version {version}, with JetStream", jetstream.servers())),
        Err(error) => Verdict::fail(chain(error), "see `nats stream info KV_STATE`, and queue.replicas"),
    };
    found.checks.push(NATS.check(None, verdict));
    found.store = match opened {
        Ok(Some(store)) => Ok(store),
        Ok(None) => Err("no tokens are needed".to_owned()),
        Err(error) => Err(chain(&error)),
    };
}

fn nats_trouble(error: &anyhow::Error) -> Verdict {
    // Its own text says what to do about everything but silence.
    Verdict::fail(format!("{error:#}"), "queue.url, queue.credentials: is the server up, and reached from here?")
}

fn redis_trouble(trouble: &RedisTrouble) -> Verdict {
    match trouble {
        RedisTrouble::Settings(error) => Verdict::fail(chain(error), "limits.url: the user and password of Redis"),
        RedisTrouble::Away { reason } => Verdict::fail(
            format!("no answer from Redis: {reason}"),
            "limits.url: is the server up, and reached from here? Tandem goes on meanwhile, slower",
        ),
        RedisTrouble::TooOld { .. } => Verdict::fail(chain(trouble), "update Redis"),
    }
}
