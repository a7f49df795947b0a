//! First imports and sweeps.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::{PerSide, Side};
use tandem_ingest::{Ended, Job, Progress, Rehearsal, ScanKind, ask, rehearsed, scan_status};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use utoipa::ToSchema;

use super::Api;
use super::problem::{Problem, Problems};
use super::said::{At, Said, Whose};

/// Lines of a dry run that wait for whoever reads them.
const LINES_AHEAD: usize = 256;

/// What a scan is for.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what is said, and is never made")]
enum Kind {
    Backfill,
    Sweep,
}

/// A scan.
#[derive(Serialize, ToSchema)]
struct Scan {
    /// Names it.
    id: String,
    /// What it is for.
    #[schema(value_type = Kind)]
    kind: ScanKind,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    /// When somebody took it up.
    #[schema(value_type = Option<String>, format = DateTime)]
    begun_at: Option<Timestamp>,
    /// How it ended.
    #[schema(value_type = Option<ScanEnd>)]
    ended: Option<Ended>,
    /// How much of each side was read.
    #[schema(value_type = ScanReads)]
    read: PerSide<Progress>,
    /// Records that were found to need a look, besides those of contacts that differ.
    found: u64,
    /// What holds it up.
    trouble: Option<String>,
}

/// How a scan ended.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is answered, and is never made")]
struct ScanEnd {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Why it could not be finished, if so.
    failure: Option<String>,
}

/// How much of each side was read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is answered, and is never made")]
struct ScanReads {
    ghl: ScanRead,
    openphone: ScanRead,
}

/// How much of a side was read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is answered, and is never made")]
struct ScanRead {
    pages: u64,
    contacts: u64,
    /// How many there are, as far as the provider says.
    expected: Option<u64>,
}

impl From<Job> for Scan {
    /// Where exactly it is, and who works on it, is its own business.
    fn from(job: Job) -> Self {
        Self {
            id: job.id.clone(),
            kind: job.kind,
            asked_at: job.asked_at,
            begun_at: job.begun_at,
            ended: job.ended.clone(),
            read: PerSide { ghl: job.read[Side::Ghl], openphone: job.read[Side::OpenPhone] },
            found: job.found,
            trouble: job.trouble.clone(),
        }
    }
}

/// The latest scan of a connection, and what of it is still to be worked off.
#[derive(Serialize, ToSchema)]
pub(super) struct ScanAnswer {
    /// None where nobody ever asked.
    job: Option<Scan>,
    /// Contacts that nobody has looked at yet.
    unread: u64,
    /// Records that are still to be written.
    unwritten: u64,
}

/// Shows how a connection's latest scan is.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/scans", tag = "scans", operation_id = "scan",
    params(Whose), responses((status = 200, description = "The latest scan", body = ScanAnswer), Problems))]
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    At(Whose { connection }): At<Whose>,
) -> Result<Json<ScanAnswer>, Problem> {
    let (connection, backends) = (api.connection(&connection)?, api.backends()?);
    let status = scan_status(&backends.store, &backends.queue, &connection).await;
    let status = status.map_err(|error| Problem::of_queue(&error))?;
    Ok(Json(ScanAnswer { job: status.job.map(Scan::from), unread: status.unread, unwritten: status.unwritten }))
}

/// Which scan is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScanWish {
    /// `backfill` imports everybody who is there already; `sweep` compares everybody, and mends what no webhook told.
    #[schema(value_type = Kind)]
    kind: ScanKind,
}

/// A scan that was asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct BegunAnswer {
    /// The scan; the one that was under way already, if so.
    job: Scan,
    /// Whether it is a new one.
    is_new: bool,
}

/// Asks for a scan of a connection, unless one is under way. It is worked on in the background.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/scans", tag = "scans", operation_id = "begin_scan",
    params(Whose), request_body = ScanWish,
    responses((status = 202, description = "The scan is asked for", body = BegunAnswer), Problems))]
pub(super) async fn begin(
    State(api): State<Arc<Api>>,
    At(Whose { connection }): At<Whose>,
    Said(ScanWish { kind }): Said<ScanWish>,
) -> Result<(StatusCode, Json<BegunAnswer>), Problem> {
    let (connection, store) = (api.connection(&connection)?, &api.backends()?.store);
    let asked = ask(store, &connection, kind, Timestamp::now()).await.map_err(|error| Problem::of_store(&error))?;
    Ok((StatusCode::ACCEPTED, Json(BegunAnswer { job: asked.job.into(), is_new: asked.is_new })))
}

/// Plays a scan over a copy of everything that it would change, and tells what it would do; writes nothing. It reads everybody at the
/// providers, and takes as long.
///
/// The answer comes line by line, each line an object with one member: `progress`, then `item` for each record with something to do,
/// then `totals`, or `failed` with the reason.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/scans/preview", tag = "scans", operation_id = "preview_scan",
    params(Whose), request_body = ScanWish,
    responses((status = 200, description = "The lines", body = String, content_type = "application/x-ndjson"), Problems))]
pub(super) async fn preview(
    State(api): State<Arc<Api>>,
    At(Whose { connection }): At<Whose>,
    Said(ScanWish { kind }): Said<ScanWish>,
) -> Result<Response, Problem> {
    let connection = api.connection(&connection)?;
    let (lines, taken) = mpsc::channel(LINES_AHEAD);
    // They are played one after the other: one may wait.
    api.rehearsals.try_send(Rehearsal { connection, kind, lines }).map_err(|error| match error {
        TrySendError::Full(_) => {
            Problem::new(StatusCode::CONFLICT, "another dry run waits for its turn: try again later")
        }
        TrySendError::Closed(_) => Problem::away("the process is stopping"),
    })?;
    Ok(rehearsed(taken))
}
