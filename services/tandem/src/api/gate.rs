//! What every request passes: who asks, whether they may, how much at once; and the note of every change.

use std::sync::Arc;
use std::time::Duration;

use axum::RequestExt as _;
use axum::body::Body;
use axum::extract::{MatchedPath, RawPathParams, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde::Deserialize;
use tandem_contact::Field;
use tandem_proto::ConnectionId;
use tandem_records::{Asked, Audit, Begun};
use tandem_service::config::Role;
use tandem_telemetry::chain;

use super::Api;
use super::caller::{self, Caller};
use super::problem::Problem;

/// The largest body that is read: one may carry an event's body, of a webhook's size.
const LARGEST: usize = 2 * 1024 * 1024;
/// How long a body may take to arrive.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// What a route asks of whoever calls it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    /// The least that may.
    pub(super) role: Role,
    pub(super) effect: Effect,
}

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It only shows something.
    None,
    /// It changes something, and is noted.
    Change,
    /// The same, unless the body says `dry_run`.
    ChangeUnlessDry,
}

impl Effect {
    fn is_change(self, body: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Dry {
            #[serde(default)]
            dry_run: bool,
        }
        match self {
            Self::None => false,
            Self::Change => true,
            Self::ChangeUnlessDry => !serde_json::from_slice::<Dry>(body).is_ok_and(|dry| dry.dry_run),
        }
    }
}

/// The routes behind the gate.
pub(super) fn guarded(api: &Arc<Api>, needs: Needs, routes: MethodRouter<Arc<Api>>) -> MethodRouter<Arc<Api>> {
    let api = Arc::clone(api);
    routes.route_layer(from_fn(move |request: Request, next: Next| {
        let api = Arc::clone(&api);
        async move { pass(api, needs, request, next).await.unwrap_or_else(Problem::into_response) }
    }))
}

async fn pass(api: Arc<Api>, needs: Needs, mut request: Request, next: Next) -> Result<Response, Problem> {
    let known = caller::shown(request.headers()).and_then(|word| api.caller(word)).map(Caller::from);
    let who = known.ok_or_else(|| {
        Problem::new(StatusCode::UNAUTHORIZED, "show one of the tokens of api.tokens: `authorization: Bearer ...`")
    })?;
    let place = Arc::clone(&api.places).try_acquire_owned();
    let place = place
        .map_err(|_| Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many requests are worked on: come again"))?;
    let asked = asked(&api, &who, &mut request).await;
    if who.role < needs.role {
        let (role, least) = (who.role.name(), needs.role.name());
        let problem =
            Problem::new(StatusCode::FORBIDDEN, format!("the token's role is {role}, and this takes {least}"));
        if needs.effect != Effect::None {
            refused(&api, asked, &problem).await;
        }
        return Err(problem);
    }
    let (mut parts, body) = request.into_parts();
    let body = match read(body).await {
        Ok(body) => body,
        Err(problem) => {
            if needs.effect != Effect::None {
                refused(&api, asked, &problem).await;
            }
            return Err(problem);
        }
    };
    let is_change = needs.effect.is_change(&body);
    parts.extensions.insert(who);
    let request = Request::from_parts(parts, Body::from(body));
    // To its end, also where whoever asked has gone: half a change is nobody's wish.
    let work = tokio::spawn(async move {
        let _place = place;
        if is_change { noted(&api, asked, next.run(request)).await } else { Ok(next.run(request).await) }
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request of the API ended badly");
        Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "it failed: the log says why"))
    })
}

/// Nobody knows how it ended where the process ends meanwhile, but that it was begun.
async fn noted(api: &Api, asked: Asked, work: impl Future<Output = Response>) -> Result<Response, Problem> {
    let audit = Audit::new(api.backends()?.store.clone());
    let told = format!("{} of {} over the API", asked.method, asked.route);
    let who = asked.who.clone();
    let begun = audit.begin(asked, (Timestamp::now(), rand::random())).await;
    let begun = begun.map_err(|error| Problem::of_records(&error))?;
    let response = work.await;
    let status = response.status().as_u16();
    tracing::info!(api.token = who, http.status = status, "{told} by {who} was answered {status}");
    end(&audit, begun, status).await;
    Ok(response)
}

/// Not done in any case.
async fn refused(api: &Api, asked: Asked, problem: &Problem) {
    let Ok(backends) = api.backends() else { return };
    let audit = Audit::new(backends.store.clone());
    match audit.begin(asked, (Timestamp::now(), rand::random())).await {
        Ok(begun) => end(&audit, begun, problem.status().as_u16()).await,
        Err(error) => tracing::warn!(error = %chain(&error), "a refused request of the API could not be noted"),
    }
}

async fn end(audit: &Audit, begun: Begun, status: u16) {
    if let Err(error) = audit.end(begun, status, Timestamp::now()).await {
        tracing::warn!(error = %chain(&error), "how a request of the API ended could not be noted");
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Problem> {
    let read = tokio::time::timeout(READ_WITHIN, whole(body)).await;
    read.map_err(|_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"))?
}

async fn whole(body: Body) -> Result<Vec<u8>, Problem> {
    let (mut chunks, mut bytes) = (body.into_data_stream(), Vec::new());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed("the body ended early"))?;
        if bytes.len() + chunk.len() > LARGEST {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 2 MiB"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn asked(api: &Api, who: &Caller, request: &mut Request) -> Asked {
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned()).unwrap_or_default();
    let parameters = request.extract_parts::<RawPathParams>().await;
    let (mut path, mut connection) = (route.clone(), None);
    for (name, value) in parameters.iter().flatten() {
        if name == "connection" {
            connection = api.connection(value).ok();
        }
        if is_plain(name, value, connection.as_ref()) {
            path = path.replace(&format!("{{{name}}}"), value);
        }
    }
    let (role, method) = (who.role.name().to_owned(), request.method().to_string());
    Asked { who: who.name.clone(), role, method, route, path, connection }
}

/// Whether nothing personal can be in it, whatever somebody put there.
fn is_plain(name: &str, value: &str, connection: Option<&ConnectionId>) -> bool {
    match name {
        "connection" => connection.is_some(),
        // Ours are hashes.
        "record" => value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "number" => value.parse::<u32>().is_ok(),
        "field" => Field::from_name(value).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_is_no_change_where_there_are_dry_runs() {
        let dry = br#"{"dry_run": true, "all": true}"#;
        assert!(
            !Effect::ChangeUnlessDry.is_change(dry) && Effect::Change.is_change(dry) && !Effect::None.is_change(dry)
        );
        for body in
            ["", "{}", r#"{"dry_run": false}"#, r#"{"dry_run": "true"}"#, r#"{"all": {"dry_run": true}}"#, "no json"]
        {
            assert!(Effect::ChangeUnlessDry.is_change(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn what_may_be_personal_is_not_noted() {
        let acme = ConnectionId::new("acme").unwrap();
        for (name, value) in [
            ("record", "0123456789abcdef0123456789abcdef"),
            ("number", "17"),
            ("field", "first_name"),
            ("connection", "acme"),
        ] {
            assert!(is_plain(name, value, Some(&acme)), "{name} {value}");
        }
        for (name, value) in [
            ("record", "+14155550161"),
            ("record", "14155550161"),
            ("record", "ana@example.com"),
            ("number", "ana"),
            ("field", "ana"),
            ("segment", "VIP"),
            ("connection", "ana"),
        ] {
            assert!(!is_plain(name, value, None), "{name} {value}");
        }
    }
}
