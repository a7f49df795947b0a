//! The connections, and letting one go on that was stopped.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tandem_ingest::release;
use utoipa::ToSchema;

use super::Api;
use super::problem::{Problem, Problems};
use super::said::{At, Said, Whose};

/// Nothing stops a connection for longer than that.
const MOST_MINUTES: u32 = 24 * 60;

/// The connections of the configuration.
#[derive(Serialize, ToSchema)]
pub(super) struct Connections {
    connections: Vec<ConnectionItem>,
}

/// A connection.
#[derive(Serialize, ToSchema)]
struct ConnectionItem {
    /// Its id in the configuration.
    id: String,
    /// The GoHighLevel location.
    location_id: String,
    /// The mass-change brake has stopped it: a person has to say that it is meant.
    is_stopped: bool,
}

/// Lists the connections of the configuration.
#[utoipa::path(get, path = "/api/v1/connections", tag = "connections", operation_id = "connections",
    responses((status = 200, description = "All connections", body = Connections), Problems))]
pub(super) async fn list(State(api): State<Arc<Api>>) -> Result<Json<Connections>, Problem> {
    let (config, records) = (api.config()?, &api.backends()?.records);
    let mut connections = Vec::new();
    for one in &config.connections {
        let brake = records.brake(&one.id).await.map_err(|error| Problem::of_records(&error))?;
        let (id, location_id) = (one.id.to_string(), one.ghl.location_id.clone());
        connections.push(ConnectionItem { id, location_id, is_stopped: brake.is_on() });
    }
    Ok(Json(Connections { connections }))
}

/// For how long nothing stops it again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Resume {
    /// Minutes; 60 unless said otherwise.
    #[serde(default = "an_hour")]
    #[schema(minimum = 1, maximum = 1440, default = 60)]
    minutes: u32,
}

fn an_hour() -> u32 {
    60
}

/// Whether it had been stopped.
#[derive(Serialize, ToSchema)]
pub(super) struct ResumeAnswer {
    was_stopped: bool,
}

/// Lets a connection go on that the mass-change brake has stopped, and leaves the brake off for so many minutes.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/resume", tag = "connections", operation_id = "resume",
    params(Whose), request_body = Resume,
    responses((status = 200, description = "It goes on", body = ResumeAnswer), Problems))]
pub(super) async fn resume(
    State(api): State<Arc<Api>>,
    At(Whose { connection }): At<Whose>,
    Said(Resume { minutes }): Said<Resume>,
) -> Result<Json<ResumeAnswer>, Problem> {
    let connection = api.connection(&connection)?;
    if !(1..=MOST_MINUTES).contains(&minutes) {
        return Err(Problem::malformed(format!(
            "the body: expected minutes from 1 to {MOST_MINUTES}, found {minutes}"
        )));
    }
    let released = release(&api.backends()?.records, &connection, minutes).await;
    let was_stopped = released.map_err(|error| Problem::of_records(&error))?;
    Ok(Json(ResumeAnswer { was_stopped }))
}
