//! Rules that are started by the time: looked at by every process, started by the one that looks first.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tandem_mapping::{Firing, When};
use tandem_proto::Lane;
use tandem_records::{Error, firing_id};
use tandem_telemetry::{Span, chain};

use crate::call::{Caller, LastStatus};
use crate::{Connection, Deps, command};

/// Between two looks whether it is time.
const LOOK: Duration = Duration::from_secs(5);
/// What was due while nobody looked for longer is over.
const LATE: Duration = Duration::from_hours(1);

/// Starts what is due, for as long as it is polled.
pub(crate) async fn keep(deps: &Deps) -> Infallible {
    let has_times = |connection: &&std::sync::Arc<Connection>| {
        connection.mapping.rules.iter().any(|rule| matches!(rule.when, When::At(_)))
    };
    let each: Vec<_> =
        deps.connections.values().filter(has_times).map(|connection| keep_one(deps, connection)).collect();
    drop(join_all(each).await);
    std::future::pending().await
}

async fn keep_one(deps: &Deps, connection: &Connection) -> Infallible {
    loop {
        if let Err(error) = look(deps, connection).await {
            tracing::warn!(connection.id = %connection.id, error = %chain(&error), "what is due can't be told now");
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn look(deps: &Deps, connection: &Connection) -> Result<(), Error> {
    let (firings, now) = (deps.records.firings(), Timestamp::now());
    let Some(looked) = firings.looked(&connection.id, now).await? else { return Ok(()) };
    let since = looked.max(now - LATE);
    for rule in &connection.mapping.rules {
        let When::At(schedule) = &rule.when else { continue };
        let Some(due) = schedule.due(since, now) else { continue };
        let id = firing_id(&connection.id, &rule.name, &due.to_string());
        let firing = Firing::new(id, &connection.id, (&rule.name, &rule.when.spelled()), due);
        let Some(revision) = firings.begin(&firing).await? else { continue };
        let (span, last) = (Span::poll("start what is due"), LastStatus::default());
        let caller = Caller { deps, connection, lane: Lane::Live, span: &span, last: &last };
        if let Err(error) = command::publish_firing(&caller, &firing, revision).await {
            tracing::error!(connection.id = %connection.id, error = %chain(&error), "rule `{}` is due and can't be started", rule.name);
        }
    }
    Ok(())
}
