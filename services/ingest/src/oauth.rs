//! Connecting a GHL location by OAuth: away to GHL's page, back with a code, tokens stored.
//!
//! Anybody may begin, because what counts is the end: the tokens that come back must be for the location that the
//! configuration names. The code is taken only with a state that was made here, less than ten minutes ago, for the same
//! browser, and was not used before.

mod agencies;
mod link;
mod page;
mod state;
mod take;
mod trouble;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tandem_credentials::{Answer, Stage, Tokens};
use tandem_proto::ConnectionId;
use tandem_store::Store;
use tandem_telemetry::chain;
use tokio::sync::SetOnce;
use url::Url;

pub use agencies::Agencies;
use link::install_link;
use page::{page, private};
pub use state::StateKeys;
use state::{Checked, LIFETIME, StateError};
use take::{take, use_up};
use trouble::Trouble;

use crate::intake::Clock;

const START: &str = "/oauth/ghl/start";
const CALLBACK: &str = "/oauth/ghl/callback";
const DONE: &str = "/oauth/ghl/done";
const STATUS: &str = "/oauth/ghl/status";
const COOKIE: &str = "tandem-oauth";

/// What connecting needs to know.
#[derive(Debug, Clone)]
pub struct OAuthConfig {
    /// GHL's page where an installation begins.
    pub authorize_url: Url,
    /// The marketplace app.
    pub client_id: String,
    /// What the app is to be allowed.
    pub scopes: Vec<&'static str>,
    /// How browsers reach us.
    pub public_url: Url,
    /// What states are sealed with.
    pub keys: StateKeys,
    /// The locations that are connected like this, by connection.
    pub locations: HashMap<ConnectionId, String>,
}

/// What is there once the store is reached.
#[derive(Debug, Clone)]
pub struct OAuthDeps {
    /// Takes the tokens.
    pub tokens: Tokens,
    /// Remembers which states were used.
    pub store: Store,
    /// What comes through agencies.
    pub agencies: Agencies,
}

/// Backends that may take a while to be reached.
pub type OAuthReached = Arc<SetOnce<OAuthDeps>>;

struct OAuth {
    config: OAuthConfig,
    reached: OAuthReached,
    now: Clock,
}

/// The page where a person begins to connect a location.
pub fn start_url(public_url: &Url, connection: &ConnectionId) -> Url {
    let mut url = own_url(public_url, START);
    url.query_pairs_mut().append_pair("connection", connection.as_str());
    url
}

/// The routes of connecting, to be merged with a server's others.
pub fn oauth_router(config: OAuthConfig, reached: OAuthReached) -> Router {
    oauth_router_at(config, reached, Timestamp::now)
}

/// The routes of connecting with a clock of the caller's.
pub fn oauth_router_at(
    config: OAuthConfig,
    reached: OAuthReached,
    now: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> Router {
    Router::new()
        .route(START, get(start))
        .route(CALLBACK, get(callback))
        .route(DONE, get(done))
        .route(STATUS, get(status))
        .with_state(Arc::new(OAuth { config, reached, now: Box::new(now) }))
}

#[derive(Deserialize)]
struct Which {
    connection: String,
}

#[derive(Deserialize)]
struct Returned {
    code: Option<SecretString>,
    state: Option<String>,
    error: Option<String>,
}

async fn start(State(oauth): State<Arc<OAuth>>, Query(Which { connection }): Query<Which>) -> Response {
    let Some(connection) = oauth.connection(&connection) else { return unknown_connection() };
    let random = [rand::random(), rand::random()];
    let Some(started) = oauth.config.keys.start(connection, (oauth.now)(), random) else {
        return page(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Not set up",
            "There is no encryption_key in the configuration.",
        );
    };
    let url = install_link(&oauth.config, oauth.redirect_uri(), started.state);
    let mut response = private(Redirect::to(url.as_str()).into_response());
    if let Ok(cookie) = HeaderValue::from_str(&oauth.cookie(&started.cookie)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn callback(State(oauth): State<Arc<OAuth>>, Query(returned): Query<Returned>, headers: HeaderMap) -> Response {
    match oauth.callback(returned, cookie(&headers)).await {
        Ok(connection) => {
            let mut done = own_url(&oauth.config.public_url, DONE);
            done.query_pairs_mut().append_pair("connection", connection.as_str());
            private(Redirect::to(done.as_str()).into_response())
        }
        Err(trouble) => {
            tracing::warn!(reason = trouble.reason(), "connecting to GHL did not work: {}", trouble.headline());
            page(trouble.status(), trouble.headline(), &trouble.text())
        }
    }
}

async fn done(State(oauth): State<Arc<OAuth>>, Query(Which { connection }): Query<Which>) -> Response {
    let Some(connection) = oauth.connection(&connection) else { return unknown_connection() };
    let status = match oauth.reached.get() {
        Some(deps) => deps.tokens.status(connection).await.ok().flatten(),
        None => None,
    };
    if status.is_none_or(|status| status.stage != Stage::Active) {
        let text =
            format!("Connection {connection} has no tokens that work. Start again with `tandem connect {connection}`.");
        return page(StatusCode::OK, "Not connected", &text);
    }
    let text = format!("Connection {connection} can call its GHL location now. You can close this page.");
    page(StatusCode::OK, "Connected", &text)
}

/// For `tandem connect`, which waits for the end of what a browser does.
async fn status(
    State(oauth): State<Arc<OAuth>>,
    Query(Which { connection }): Query<Which>,
    headers: HeaderMap,
) -> Response {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !shown.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|word| oauth.config.keys.is_password(word)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(connection) = oauth.connection(&connection) else { return StatusCode::NOT_FOUND.into_response() };
    let Some(deps) = oauth.reached.get() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    match deps.tokens.status(connection).await {
        Ok(status) => {
            let is_active = status.as_ref().is_some_and(|status| status.stage == Stage::Active);
            let since = status.map(|status| status.connected_at.to_string());
            private(Json(json!({ "connected": is_active, "since": since })).into_response())
        }
        Err(error) => {
            tracing::error!(connection.id = %connection, error = %chain(&error), "the tokens can't be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl OAuth {
    fn connection(&self, name: &str) -> Option<&ConnectionId> {
        let name = ConnectionId::new(name).ok()?;
        self.config.locations.get_key_value(&name).map(|(connection, _)| connection)
    }

    fn redirect_uri(&self) -> Url {
        own_url(&self.config.public_url, CALLBACK)
    }

    fn cookie(&self, value: &str) -> String {
        let secure = if self.config.public_url.scheme() == "https" { "; Secure" } else { "" };
        let path = own_url(&self.config.public_url, "/oauth/ghl");
        let age = LIFETIME.as_secs();
        format!("{COOKIE}={value}; Path={}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}", path.path())
    }

    async fn callback(&self, returned: Returned, cookie: Option<&str>) -> Result<ConnectionId, Trouble> {
        let deps = self.reached.get().ok_or(Trouble::NotReady)?;
        let now = (self.now)();
        let state = returned.state.as_deref().ok_or(Trouble::State(StateError::Invalid))?;
        let Checked { connection, nonce } = self.config.keys.check(state, cookie, now).map_err(Trouble::State)?;
        let location = self.config.locations.get(&connection).ok_or(Trouble::Gone)?;
        if returned.error.is_some() {
            return Err(Trouble::Declined);
        }
        let code = returned.code.ok_or(Trouble::NoCode)?;
        use_up(&deps.store, &nonce, now).await?;
        let answer = deps.tokens.exchange_code(code, self.redirect_uri().into()).await;
        let Answer::Tokens(grant) = answer else { return Err(Trouble::Answer(answer)) };
        take(deps, (&connection, location), &grant, now).await?;
        Ok(connection)
    }
}

fn unknown_connection() -> Response {
    let text = "No connection of this name is connected by OAuth: see `connections` in the configuration.";
    page(StatusCode::NOT_FOUND, "No such connection", text)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// A page of ours below the public address, whose path is kept as prefix.
pub(crate) fn own_url(public_url: &Url, path: &str) -> Url {
    let mut url = public_url.clone();
    url.set_path(&format!("{}{path}", public_url.path().trim_end_matches('/')));
    url
}
