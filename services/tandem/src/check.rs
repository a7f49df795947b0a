//! `tandem check`: configuration, servers, clock, credentials, scopes, every operation that a connection's mapping uses, and
//! OpenPhone's webhook from end to end.
//!
//! What is to be thought of an answer is decided by pure functions (`judge`, `clock`, `hooks`, `plan`, `settings`); the rest asks.
//! Everything draws on the ordinary request budgets and ends within a minute.

pub(crate) mod ask;
mod caller;
mod clock;
mod exam;
mod ghl;
mod hooks;
mod judge;
mod obstacle;
mod one;
mod openphone;
mod place;
mod plan;
mod report;
pub(crate) mod room;
mod servers;
mod settings;
mod table;
mod trial;
mod verdict;
mod words;

use std::path::Path;
use std::time::Instant;

use futures_util::future::join_all;
use tandem_credentials::Tokens;
use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_service::config::Connection;
use tandem_service::{Config, ConfigError, config};
use tandem_store::Store;
use tandem_telemetry::Metrics;
use tokio_util::sync::CancellationToken;

pub use report::{Check, Group, Report, Status};

use crate::{assemble, backends};
use ask::Answer;
use one::One;
use place::Place;
use room::{Deps, Room, Running};
use verdict::{Sheet, Verdict};

/// Processes between which a check divides a budget that it can't share: the others' part stays theirs.
const OTHERS: u32 = 10;

/// What is to be checked.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// One connection only.
    pub connection: Option<ConnectionId>,
    /// Writes too, on a contact that is made for it.
    pub write: bool,
}

/// The report about a configuration that can't be used.
pub fn refused(error: &ConfigError) -> Report {
    let verdict = Verdict::fail(error.to_string(), "every key is explained in config/default.yaml");
    Report::new(vec![settings::FILE.check(None, verdict)], std::time::Duration::ZERO)
}

/// Runs all checks. `path` is where the configuration stands; `stop` ends it early, and what was made is removed all the same.
pub async fn run(config: &Config, path: &Path, scope: &Scope, stop: CancellationToken) -> anyhow::Result<Report> {
    let began = Instant::now();
    let mut checks = settings::checks(config, path);
    checks.retain(|check| is_within(scope, check.connection.as_deref()));
    let answer = if ask::is_of_one_process(config) { Some(ask::ask(config, scope).await?) } else { None };
    let is_running = matches!(answer, Some(Answer::Checks(_) | Answer::OtherConfiguration | Answer::Busy));
    let found = servers::look(config, is_running).await;
    checks.extend(found.checks);
    checks.push(servers::TANDEM.check(None, neighbour(config, answer.as_ref())));
    match answer {
        Some(Answer::Checks(theirs)) => checks.extend(theirs),
        Some(Answer::Busy) => {}
        answer @ (None | Some(Answer::Nobody | Answer::OtherConfiguration | Answer::Stranger(_))) => {
            let (running, share) = match answer {
                Some(Answer::Nobody) => (Running::No, 1),
                Some(Answer::OtherConfiguration) => (Running::Yes, OTHERS),
                // Who knows who calls the providers there.
                Some(Answer::Stranger(_)) => (Running::No, OTHERS),
                Some(Answer::Checks(_) | Answer::Busy) | None => (Running::Elsewhere, 1),
            };
            let limits = if found.has_budgets { Some(limits(config).await?) } else { None };
            if let Some(limits) = limits {
                let deps = Deps { limits, metrics: Metrics::new(), running, stop };
                let tokens = tokens(config, found.store, &deps.limits)?;
                checks.extend(Box::pin(examine(config, share, (deps, tokens.clone()), scope)).await?);
                settled(tokens).await;
            } else {
                checks.extend(without_budgets(config, scope)?);
            }
        }
    }
    if let Some(database) = found.database {
        database.close().await?;
    }
    let position = |id: &str| config.connections.iter().position(|connection| connection.id.as_str() == id);
    checks.sort_by_key(|check| (check.connection.as_deref().map(position), check.group));
    Ok(Report::new(checks, began.elapsed()))
}

/// The report as people read it. `columns`: where lines end, for a terminal.
pub fn table(report: &Report, columns: Option<usize>) -> String {
    table::of(report, columns)
}

fn is_within(scope: &Scope, connection: Option<&str>) -> bool {
    let wanted = scope.connection.as_ref();
    wanted.is_none_or(|wanted| connection.is_none_or(|connection| connection == wanted.as_str()))
}

/// What the process next to us says.
fn neighbour(config: &Config, answer: Option<&Answer>) -> Verdict {
    let listen = config.http.listen;
    match answer {
        None => Verdict::skipped("with NATS and Redis the services may run anywhere: see /ready of each"),
        Some(Answer::Nobody) => Verdict::skipped(format!("none answers at {listen}: `tandem up` starts it")),
        Some(Answer::Checks(_)) => {
            Verdict::pass(format!("runs at {listen} with this configuration, and did the checks below"))
        }
        Some(Answer::OtherConfiguration) => Verdict::warn(
            format!("runs at {listen} with another configuration or other secrets than this one"),
            "restart it to take up what was changed; meanwhile a tenth of the request budgets is used for the checks below",
        ),
        Some(Answer::Busy) => Verdict::fail(
            format!("runs at {listen}, and is checking already or about to stop"),
            "wait a minute, and check again",
        ),
        Some(Answer::Stranger(what)) => Verdict::fail(
            format!("what answers at {listen} is no Tandem of this version ({what})"),
            "restart Tandem after an update; or is http.listen somebody else's?",
        ),
    }
}

/// Budgets of this process; at Redis it counts as one of many, should Redis go away.
async fn limits(config: &Config) -> anyhow::Result<Limits> {
    match &config.limits {
        config::Limits::Embedded => Ok(Limits::in_process()),
        config::Limits::Redis { url } => {
            let members = || tandem_limits::Members { count: OTHERS, rank: OTHERS - 1 };
            Ok(Limits::redis(backends::redis_options(config, url), members).await?)
        }
    }
}

/// The tokens in the store, or why there are none to be had. Their requests keep the time limits of the configuration: one
/// that is given up early may have used up a refresh token.
fn tokens(config: &Config, store: Result<Store, String>, limits: &Limits) -> anyhow::Result<Result<Tokens, String>> {
    let store = match store {
        Ok(store) => store,
        Err(why) => return Ok(Err(why)),
    };
    Ok(assemble::tokens(config, &store, limits)?.ok_or_else(|| "no connection needs tokens".to_owned()))
}

/// Waits for what is being renewed.
async fn settled(tokens: Result<Tokens, String>) {
    if let Ok(tokens) = tokens {
        tokens.settled().await;
    }
}

/// Nobody may call a provider while it isn't known how much others call it.
fn without_budgets(config: &Config, scope: &Scope) -> anyhow::Result<Vec<Check>> {
    let why = "the request budgets are at Redis, which can't be used";
    let version = assemble::api_version(config)?;
    let mut checks = Vec::new();
    for connection in selected(config, scope).map(|(_, connection)| connection) {
        for rows in [plan::ghl(&connection.mapping, &version), plan::openphone(connection), plan::webhooks()] {
            let mut sheet = Sheet::new(connection.id.clone(), rows);
            sheet.skip_rest(why);
            checks.extend(sheet.into_checks());
        }
    }
    Ok(checks)
}

fn selected<'a>(config: &'a Config, scope: &'a Scope) -> impl Iterator<Item = (usize, &'a Connection)> {
    let all = config.connections.iter().enumerate();
    all.filter(|(_, connection)| is_within(scope, Some(connection.id.as_str())))
}

/// The checks that call providers: each connection's, and the clock by their answers. `share`: what part of the budgets may be
/// used is one of so many.
///
/// A token that is being renewed may still be under way afterwards, and must not be lost: whoever gave `tokens` waits for it.
pub(crate) async fn examine(
    config: &Config,
    share: u32,
    (deps, tokens): (Deps, Result<Tokens, String>),
    scope: &Scope,
) -> anyhow::Result<Vec<Check>> {
    let config = &room::narrowed(config, share);
    let room = &Room::new(config, deps)?;
    let version = &assemble::api_version(config)?;
    let each = selected(config, scope).map(|(index, connection)| {
        let one =
            One { config, connection, place: Place::new(config, index, connection), room, tokens: &tokens, version };
        Box::pin(async move { one.examine(scope.write).await })
    });
    let found = join_all(each).await;
    let clock = clock::ROW.check(None, clock::verdict(&room.readings()));
    let mut checks = vec![clock];
    for one in found {
        checks.extend(one?);
    }
    Ok(checks)
}
