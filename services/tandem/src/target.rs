//! Whom a command asks: whoever has the store by this machine's configuration file, or a Tandem that runs elsewhere, over its
//! management API.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use axum::body::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tandem_outbound::{Ask, ManagementClient};
use tandem_service::Config;
use tandem_service::config::process_environment;
use tokio::sync::mpsc;
use url::Url;

use crate::program::{self, RunArguments};

/// The variable with the token.
const TOKEN: &str = "TANDEM_API_TOKEN";
/// A look through every record takes seconds, a preview as long as the provider's answers.
const LIMIT: Duration = Duration::from_mins(4);
/// A process that has just started reaches its store within that, and a busy one has a place again.
const PATIENCE: Duration = Duration::from_secs(20);
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Between two lines of a long answer.
const LINE_LIMIT: Duration = Duration::from_mins(5);

/// What every command takes that asks a running Tandem.
#[derive(Debug, clap::Args)]
pub struct TargetArguments {
    #[command(flatten)]
    run: RunArguments,
    /// Asks the Tandem that runs there over its management API, not the one of the configuration file; the variable
    /// `TANDEM_API_TOKEN` holds the token
    #[arg(long, value_name = "URL", env = "TANDEM_API_URL")]
    url: Option<Url>,
}

/// Whom a command asks.
#[derive(Debug)]
pub enum Target {
    /// Whoever has the store by this configuration.
    Config(Box<Config>),
    /// A Tandem that runs elsewhere.
    Remote(Remote),
}

/// A Tandem that runs elsewhere, and has a management API.
#[derive(Debug, Clone)]
pub struct Remote {
    client: ManagementClient,
}

impl TargetArguments {
    /// Whom the command asks.
    ///
    /// # Errors
    /// The configuration is wrong, or the token is missing.
    pub fn target(&self) -> anyhow::Result<Target> {
        let Some(url) = &self.url else { return Ok(Target::Config(Box::new(program::load(&self.run.config)?))) };
        let token = process_environment().remove(TOKEN).map(|token| token.trim().to_owned());
        let token = token.filter(|token| !token.is_empty());
        let token = token.with_context(|| {
            format!("{TOKEN} is not set: export one of the tokens that api.tokens of the Tandem at {url} names")
        })?;
        let client = ManagementClient::new(url.clone(), token.into(), LIMIT).with_context(|| format!("--url {url}"))?;
        Ok(Target::Remote(Remote { client }))
    }
}

/// A problem as the API tells it.
#[derive(Deserialize)]
struct Told {
    detail: String,
}

impl Remote {
    /// What the API answers.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, ask: Ask) -> anyhow::Result<T> {
        let (url, since) = (self.client.base(), Instant::now());
        loop {
            let answer = self.client.ask(ask.clone()).await.with_context(|| format!("asking the Tandem at {url}"))?;
            if answer.status().is_success() {
                let read = serde_json::from_slice(answer.body());
                return read
                    .with_context(|| format!("reading the answer of the Tandem at {url}: is it of another version?"));
            }
            // Nothing was begun, or there was nothing to begin.
            let may_repeat = match answer.status() {
                StatusCode::TOO_MANY_REQUESTS => true,
                StatusCode::SERVICE_UNAVAILABLE => ask.method == Method::GET,
                _ => false,
            };
            if !may_repeat || since.elapsed() > PATIENCE {
                return Err(self.refused(&answer));
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Hands on the lines of an answer, for as long as they come and are wanted.
    pub(crate) async fn lines(&self, ask: Ask, taken: mpsc::Sender<String>) -> anyhow::Result<()> {
        let url = self.client.base();
        let asking = || format!("asking the Tandem at {url}");
        let mut lines = match self.client.lines(ask).await.with_context(asking)? {
            Ok(lines) => lines,
            Err(answer) => return Err(self.refused(&answer)),
        };
        loop {
            let line = tokio::time::timeout(LINE_LIMIT, lines.next()).await.with_context(asking)?;
            let Some(line) = line.with_context(asking)? else { return Ok(()) };
            if taken.send(line).await.is_err() {
                return Ok(());
            }
        }
    }

    fn refused(&self, answer: &http::Response<Bytes>) -> anyhow::Error {
        let url = self.client.base();
        let told = serde_json::from_slice::<Told>(answer.body()).ok().map(|told| told.detail);
        match (answer.status(), told) {
            (StatusCode::UNAUTHORIZED, Some(_)) => anyhow!(
                "the Tandem at {url} doesn't know the token in {TOKEN}: api.tokens of its configuration names those it knows"
            ),
            (_, Some(detail)) => anyhow!(detail),
            (StatusCode::NOT_FOUND, None) => anyhow!(
                "there is no management API at {url}: it is there where api.tokens of the configuration names a token, and ingest answers"
            ),
            (status, None) => anyhow!("whoever answers at {url} answers {status}, and is no Tandem"),
        }
    }
}
