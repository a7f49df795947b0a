//! The two webhook routes.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;

use tandem_contact::Side;

use crate::intake::Intake;
use crate::{Config, Deps};

/// The webhook routes, to be merged with a server's others.
pub fn router(config: Config, deps: Deps) -> Router {
    router_at(config, deps, Timestamp::now)
}

/// The webhook routes with a clock of the caller's.
pub fn router_at(config: Config, deps: Deps, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Router {
    Router::new()
        .route("/webhooks/ghl", post(ghl))
        .route("/webhooks/openphone/{connection}", post(openphone))
        .with_state(Arc::new(Intake::new(config, deps, Box::new(now))))
}

async fn ghl(State(intake): State<Arc<Intake>>, headers: HeaderMap, body: Body) -> Response {
    match intake.ghl(&headers, body).await {
        Ok(answer) => answer.into_response(),
        Err(rejection) => {
            intake.note_refusal(Side::Ghl, None, &rejection);
            rejection.into_response()
        }
    }
}

async fn openphone(
    State(intake): State<Arc<Intake>>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let connection = name.ok().and_then(|Path(name)| intake.connection(&name));
    match intake.openphone(connection, &headers, body).await {
        Ok(answer) => answer.into_response(),
        Err(rejection) => {
            intake.note_refusal(Side::OpenPhone, connection.map(|one| &one.id), &rejection);
            rejection.into_response()
        }
    }
}
