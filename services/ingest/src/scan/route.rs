//! Asking for scans, and for a stopped connection to go on, over HTTP, for commands that can't open the store because this process has it for itself.
//!
//! `GET` and `POST /local/connections/{id}/scans`, `POST /local/connections/{id}/resume`, with a password that the process makes at its start.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_reconcile::Brake;
use tandem_records::Records;
use tandem_telemetry::chain;
use tokio::sync::{SetOnce, mpsc};

use super::{ScanDeps, ScanKind, ask, scan_status};

/// Lines of a dry run that wait for whoever reads them.
const LINES_AHEAD: usize = 256;

/// Backends that may take a while to be reached.
pub type ScanReached = Arc<SetOnce<ScanDeps>>;

/// Whom scans may be asked for, and by whom.
#[derive(Debug, Clone)]
pub struct ScanDesk {
    /// What a command has to show.
    pub password: SecretString,
    /// The connections.
    pub connections: BTreeSet<ConnectionId>,
    /// What scans work with, once it is reached.
    pub reached: ScanReached,
    /// Takes dry runs.
    pub rehearsals: mpsc::Sender<Rehearsal>,
}

/// A dry run that was asked for.
#[derive(Debug)]
pub struct Rehearsal {
    /// Whose.
    pub connection: ConnectionId,
    /// Of what.
    pub kind: ScanKind,
    /// Takes the lines of the answer; closed when nobody listens any more.
    pub lines: mpsc::Sender<String>,
}

/// The routes of scans, to be merged with a server's others.
pub fn scan_router(desk: ScanDesk) -> Router {
    let desk = Arc::new(desk);
    Router::new()
        .route("/local/connections/{id}/scans", get(show).post(begin))
        .route("/local/connections/{id}/resume", post(resume))
        .with_state(desk)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    kind: ScanKind,
    #[serde(default)]
    dry_run: bool,
}

async fn show(State(desk): State<Arc<ScanDesk>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let (deps, connection) = match desk.admit(&id, &headers) {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(),
    };
    match scan_status(&deps.store, &deps.queue, &connection).await {
        Ok(status) => Json(status).into_response(),
        Err(error) => failed(&error),
    }
}

async fn begin(
    State(desk): State<Arc<ScanDesk>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    wanted: Result<Json<Wanted>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let (deps, connection) = match desk.admit(&id, &headers) {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(),
    };
    let Ok(Json(Wanted { kind, dry_run })) = wanted else {
        return (StatusCode::BAD_REQUEST, "expected {\"kind\": \"backfill\"} or {\"kind\": \"sweep\"}").into_response();
    };
    if dry_run {
        return desk.rehearse(connection, kind).await;
    }
    match ask(&deps.store, &connection, kind, Timestamp::now()).await {
        Ok(asked) => (StatusCode::ACCEPTED, Json(asked)).into_response(),
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    minutes: u32,
}

async fn resume(
    State(desk): State<Arc<ScanDesk>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    wanted: Result<Json<Release>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let (deps, connection) = match desk.admit(&id, &headers) {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(),
    };
    let Ok(Json(Release { minutes })) = wanted else {
        return (StatusCode::BAD_REQUEST, "expected {\"minutes\": 60}").into_response();
    };
    match release(&deps.records, &connection, minutes).await {
        Ok(was_stopped) => Json(Resumed { was_stopped }).into_response(),
        Err(error) => failed(&error),
    }
}

/// What came of a request to go on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Resumed {
    /// The mass-change brake was on.
    pub was_stopped: bool,
}

/// Lets a connection go on that the mass-change brake has stopped, and leaves the brake off for so many minutes. True if it was on.
///
/// # Errors
/// The store can't be reached.
pub async fn release(
    records: &Records,
    connection: &ConnectionId,
    minutes: u32,
) -> Result<bool, tandem_records::Error> {
    let lasts = Duration::from_mins(u64::from(minutes));
    let change = |brake: &mut Brake| {
        let was_on = brake.is_on();
        brake.release(Timestamp::now(), lasts);
        was_on
    };
    records.change_brake(connection, change).await.map(|(_, was_on)| was_on)
}

/// Answers with the lines of a dry run, as they come.
pub fn rehearsed(lines: mpsc::Receiver<String>) -> Response {
    let lines = futures_util::stream::unfold(lines, async |mut lines| {
        let line = lines.recv().await?;
        Some((Ok::<_, Infallible>(format!("{line}\n")), lines))
    });
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

fn failed(error: &dyn std::error::Error) -> Response {
    tracing::error!(error = %chain(error), "what a command asked for can't be done");
    (StatusCode::SERVICE_UNAVAILABLE, "the store can't be reached now").into_response()
}

impl ScanDesk {
    /// The dry run's lines, as they come.
    async fn rehearse(&self, connection: ConnectionId, kind: ScanKind) -> Response {
        let (lines, taken) = mpsc::channel(LINES_AHEAD);
        if self.rehearsals.send(Rehearsal { connection, kind, lines }).await.is_err() {
            return (StatusCode::SERVICE_UNAVAILABLE, "this process is stopping").into_response();
        }
        rehearsed(taken)
    }

    fn admit(&self, id: &str, headers: &HeaderMap) -> Result<(&ScanDeps, ConnectionId), (StatusCode, &'static str)> {
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let word = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let password = self.password.expose_secret().as_bytes();
        if verify_slices_are_equal(word.as_bytes(), password).is_err() {
            return Err((StatusCode::UNAUTHORIZED, "the password is another one"));
        }
        let connection = ConnectionId::new(id).ok().filter(|id| self.connections.contains(id));
        let connection = connection.ok_or((StatusCode::NOT_FOUND, "there is no such connection"))?;
        let deps = self.reached.get().ok_or((StatusCode::SERVICE_UNAVAILABLE, "the store is not reached yet"))?;
        Ok((deps, connection))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_hear_nothing_and_others_what_is_missing() {
        let desk = ScanDesk {
            password: "word".into(),
            connections: BTreeSet::from([ConnectionId::new("acme").unwrap()]),
            reached: ScanReached::default(),
            rehearsals: mpsc::channel(1).0,
        };
        let status = |id: &str, shown: &str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, shown.parse().unwrap())]);
            desk.admit(id, &headers).unwrap_err().0.as_u16()
        };
        for (id, shown) in [("acme", ""), ("acme", "Bearer "), ("acme", "word"), ("other", "Bearer wor")] {
            assert_eq!(status(id, shown), 401, "{id} {shown}");
        }
        assert_eq!(status("other", "Bearer word"), 404);
        assert_eq!(status("acme", "Bearer word"), 503);
    }

    #[tokio::test]
    async fn a_body_that_names_no_scan_is_refused_to_whoever_may_ask() {
        let store = tandem_store::Store::memory();
        let deps = ScanDeps {
            records: Records::new(store.clone()),
            store,
            queue: tandem_queue::Queue::memory(tandem_queue::Settings::default()),
            limits: tandem_limits::Limits::in_process(),
            metrics: tandem_telemetry::Metrics::new(),
        };
        let reached = ScanReached::default();
        assert!(reached.set(deps).is_ok());
        let connections = BTreeSet::from([ConnectionId::new("acme").unwrap()]);
        let desk = ScanDesk { password: "word".into(), connections, reached, rehearsals: mpsc::channel(1).0 };
        let desk = Arc::new(desk);
        let status = async |id: &str, shown: &str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, shown.parse().unwrap())]);
            let asked = begin(State(Arc::clone(&desk)), Path(id.to_owned()), headers, Json::from_bytes(b"{}"));
            asked.await.status().as_u16()
        };
        assert_eq!(status("acme", "Bearer word").await, 400);
        assert_eq!(status("other", "Bearer word").await, 404);
        assert_eq!(status("acme", "Bearer wor").await, 401);
    }
}
