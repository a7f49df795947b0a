//! Who changed what over this API.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_records::{Audit, AuditEntry};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::problem::{Problem, Problems};
use super::said::Asking;

/// Entries shown at once, at most.
const MOST: usize = 1000;

/// Which entries are shown.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// How many, from 1 to 1000.
    #[serde(default = "a_page")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: usize,
    /// Only those from before the entry with this id: the last one of the page before.
    #[param(pattern = "^[0-9]{13}-[0-9a-f]{16}$")]
    before: Option<String>,
}

fn a_page() -> usize {
    100
}

/// A page of the audit.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditAnswer {
    /// The newest first.
    entries: Vec<Entry>,
}

/// Something that was asked for, and how it ended.
#[derive(Serialize, ToSchema)]
struct Entry {
    /// Its own id.
    id: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The token's name.
    who: String,
    /// The token's role then.
    role: String,
    /// The request's method.
    method: String,
    /// The route.
    route: String,
    /// The path, as far as nothing personal can stand in it.
    path: String,
    /// Whose records or mapping it was about.
    #[schema(value_type = Option<String>)]
    connection: Option<ConnectionId>,
    /// The answer's status; none where it is under way, or the process ended meanwhile.
    status: Option<u16>,
    /// When it was answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

impl From<AuditEntry> for Entry {
    fn from(AuditEntry { id, at, asked, status, ended_at }: AuditEntry) -> Self {
        let tandem_records::Asked { who, role, method, route, path, connection } = asked;
        Self { id, at, who, role, method, route, path, connection, status, ended_at }
    }
}

/// Shows who changed what over this API, and what was refused; it is kept for 90 days.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", operation_id = "audit", params(Page),
    responses((status = 200, description = "A page, the newest first", body = AuditAnswer), Problems))]
pub(super) async fn audit(
    State(api): State<Arc<Api>>,
    Asking(Page { limit, before }): Asking<Page>,
) -> Result<Json<AuditAnswer>, Problem> {
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::malformed(format!("the query: limit: expected a number from 1 to {MOST}, found {limit}")));
    }
    if before.as_ref().is_some_and(|before| !AuditEntry::is_id(before)) {
        return Err(Problem::malformed("the query: before: expected the id of an entry"));
    }
    let audit = Audit::new(api.backends()?.store.clone());
    let entries = audit.newest(limit, before.as_deref()).await.map_err(|error| Problem::of_records(&error))?;
    Ok(Json(AuditAnswer { entries: entries.into_iter().map(Entry::from).collect() }))
}
