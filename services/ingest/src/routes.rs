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
use tandem_proto::ConnectionId;
use tandem_telemetry::Span;

use crate::answer::Answer;
use crate::error::Rejection;
use crate::intake::Intake;
use crate::{Config, Deps};

const GHL: &str = "/webhooks/ghl";
const OPENPHONE: &str = "/webhooks/openphone/{connection}";

/// The webhook routes, to be merged with a server's others.
pub fn router(config: Config, deps: Deps) -> Router {
    router_at(config, deps, Timestamp::now)
}

/// The webhook routes with a clock of the caller's.
pub fn router_at(config: Config, deps: Deps, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Router {
    Router::new().route(GHL, post(ghl)).route(OPENPHONE, post(openphone)).with_state(Arc::new(Intake::new(
        config,
        deps,
        Box::new(now),
    )))
}

async fn ghl(State(intake): State<Arc<Intake>>, headers: HeaderMap, body: Body) -> Response {
    let span = Span::webhook(GHL);
    let taken = async {
        let taken = intake.ghl(&headers, body).await;
        respond((&intake, &span), (Side::Ghl, None), taken)
    };
    span.run(taken).await
}

async fn openphone(
    State(intake): State<Arc<Intake>>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let span = Span::webhook(OPENPHONE);
    let connection = name.ok().and_then(|Path(name)| intake.connection(&name));
    let taken = async {
        let taken = intake.openphone(connection, &headers, body).await;
        respond((&intake, &span), (Side::OpenPhone, connection.map(|one| &one.id)), taken)
    };
    span.run(taken).await
}

/// The answer, and what is told of it.
fn respond(
    (intake, span): (&Intake, &Span),
    (side, connection): (Side, Option<&ConnectionId>),
    taken: Result<Answer, Rejection>,
) -> Response {
    let (outcome, is_failure) = match &taken {
        Ok(answer) => (answer.name(), false),
        Err(rejection) => {
            intake.note_refusal(side, connection, rejection);
            // What the sender did wrong is no failure of ours.
            (rejection.reason(), rejection.is_ours())
        }
    };
    let response = taken.map_or_else(Rejection::into_response, Answer::into_response);
    span.outcome(outcome);
    span.status(response.status().as_u16(), is_failure);
    response
}
