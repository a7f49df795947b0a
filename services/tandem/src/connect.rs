//! `tandem connect`: the link that a person opens, and the wait for what comes of it.
//!
//! The process that takes webhooks takes the callback too, so it has to be running.

use std::io::{self, Write as _};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::json;
use tandem_ingest::StateKeys;
use tandem_proto::ConnectionId;
use tandem_service::{Config, config};
use url::Url;

use crate::neighbour;

/// As long as the link may be used.
const LIMIT: Duration = Duration::from_mins(10);
const PAUSE: Duration = Duration::from_secs(1);
/// A store that isn't reached within this needs a look.
const REACHED: Duration = Duration::from_secs(30);

/// How a location's tokens are, as the running process tells it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Status {
    connected: bool,
    since: Option<String>,
}

/// How the link is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// For people.
    Words,
    /// For programs: one object a line.
    Json,
}

/// Prints the link and waits until the location is connected.
pub fn run(config: &Config, connection: &str, voice: Voice) -> anyhow::Result<()> {
    let found = config.connections.iter().find(|one| one.id.as_str() == connection);
    let found = found.with_context(|| {
        let known: Vec<&str> = config.connections.iter().map(|one| one.id.as_str()).collect();
        format!("there is no connection {connection} in the configuration; known: {}", known.join(", "))
    })?;
    ensure!(
        found.ghl.private_token.is_none(),
        "connection {connection} calls GHL with its private_token: leave that out to connect it by OAuth"
    );
    let public_url = config.http.public_url.as_ref().context("http.public_url is missing")?;
    let password = StateKeys::new(&config.encryption_keys).password().context("encryption_key is missing")?;
    let ask = || status(config, &found.id, &password);
    let before = once_reached(ask, config)?;
    voice.link(found, &tandem_ingest::start_url(public_url, &found.id))?;
    let began = Instant::now();
    while began.elapsed() < LIMIT {
        sleep(PAUSE);
        // None while the store is away: it comes back, or the ten minutes end.
        if ask()?.is_some_and(|now| now.connected && now != before) {
            return Ok(voice.connected(&found.id)?);
        }
    }
    bail!("{connection} was not connected within ten minutes; run this again for a new link")
}

impl Voice {
    fn link(self, connection: &config::Connection, link: &Url) -> io::Result<()> {
        let (id, location) = (&connection.id, &connection.ghl.location_id);
        let mut out = io::stdout();
        match self {
            Self::Words => {
                writeln!(out, "Open this page and pick the location {location}:\n\n  {link}\n")?;
                writeln!(out, "Waiting until it is connected ...")
            }
            Self::Json => {
                let link = link.as_str();
                writeln!(out, "{}", json!({ "connection": id.as_str(), "location_id": location, "link": link }))
            }
        }
    }

    fn connected(self, id: &ConnectionId) -> io::Result<()> {
        match self {
            Self::Words => writeln!(io::stdout(), "{id} is connected."),
            Self::Json => writeln!(io::stdout(), "{}", json!({ "connection": id.as_str(), "connected": true })),
        }
    }
}

/// A process that was just started may still be reaching its store.
fn once_reached(ask: impl Fn() -> anyhow::Result<Option<Status>>, config: &Config) -> anyhow::Result<Status> {
    let began = Instant::now();
    loop {
        if let Some(status) = ask()? {
            return Ok(status);
        }
        let listen = config.http.listen;
        ensure!(began.elapsed() < REACHED, "the Tandem at {listen} doesn't reach its store: see its log");
        sleep(PAUSE);
    }
}

fn status(config: &Config, connection: &ConnectionId, password: &str) -> anyhow::Result<Option<Status>> {
    let listen = config.http.listen;
    let path = format!("/oauth/ghl/status?connection={connection}");
    let answer = neighbour::get(listen, &path, Some(password)).with_context(|| {
        format!("no Tandem answers at {listen}: start `tandem up` (or tandem-ingest) with this configuration first")
    })?;
    match answer.status {
        200 => serde_json::from_str(&answer.body).map(Some).context("reading the answer of the running Tandem"),
        503 => Ok(None),
        401 => bail!("the Tandem at {listen} runs with another encryption_key than this configuration's"),
        404 => {
            bail!("the Tandem at {listen} doesn't know connection {connection} yet: restart it with this configuration")
        }
        other => bail!("the Tandem at {listen} answers {other}: see its log"),
    }
}
