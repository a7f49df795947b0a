//! Connecting a GHL location by OAuth: away to GHL's page, back with a code, tokens stored.
//!
//! Anybody may begin, because what counts is the end: the tokens that come back must be for the location that the
//! configuration names. The code is taken only with a state that was made here, less than ten minutes ago, for the same
//! browser, and was not used before.

mod page;
mod state;

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
use tandem_credentials::{Account, Answer, CompanyId, Grant, Stage, Tokens};
use tandem_proto::ConnectionId;
use tandem_store::{Expected, Store};
use tandem_telemetry::chain;
use tokio::sync::SetOnce;
use url::Url;

use page::{page, private};
pub use state::StateKeys;
use state::{Checked, LIFETIME, StateError};

const START: &str = "/oauth/ghl/start";
const CALLBACK: &str = "/oauth/ghl/callback";
const DONE: &str = "/oauth/ghl/done";
const STATUS: &str = "/oauth/ghl/status";
const COOKIE: &str = "tandem-oauth";
/// Where states that were used are kept until they are too old anyway.
const USED: &str = "oauth/used/";
const SWEEP: usize = 100;

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
}

/// Backends that may take a while to be reached.
pub type OAuthReached = Arc<SetOnce<OAuthDeps>>;

struct OAuth {
    config: OAuthConfig,
    reached: OAuthReached,
}

/// The page where a person begins to connect a location.
pub fn start_url(public_url: &Url, connection: &ConnectionId) -> Url {
    let mut url = own_url(public_url, START);
    url.query_pairs_mut().append_pair("connection", connection.as_str());
    url
}

/// The routes of connecting, to be merged with a server's others.
pub fn oauth_router(config: OAuthConfig, reached: OAuthReached) -> Router {
    Router::new()
        .route(START, get(start))
        .route(CALLBACK, get(callback))
        .route(DONE, get(done))
        .route(STATUS, get(status))
        .with_state(Arc::new(OAuth { config, reached }))
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
    let Some(started) = oauth.config.keys.start(connection, Timestamp::now(), random) else {
        return page(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Not set up",
            "There is no encryption_key in the configuration.",
        );
    };
    let mut url = oauth.config.authorize_url.clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &oauth.config.client_id)
        .append_pair("redirect_uri", oauth.redirect_uri().as_str())
        .append_pair("scope", &oauth.config.scopes.join(" "))
        .append_pair("state", &started.state);
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
    let (Some(connection), Some(deps)) = (oauth.connection(&connection), oauth.reached.get()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
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

/// Why a location was not connected.
enum Trouble {
    NotReady,
    Declined,
    NoCode,
    State(StateError),
    Used,
    Gone,
    Account { connection: ConnectionId, location: String },
    NotInstalled(ConnectionId),
    Answer(Answer),
    Store,
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
        let now = Timestamp::now();
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
        take(&deps.tokens, (&connection, location), &grant).await?;
        Ok(connection)
    }
}

/// Notes that a state was used, unless it was.
async fn use_up(store: &Store, nonce: &str, now: Timestamp) -> Result<(), Trouble> {
    let used = store.put(&format!("{USED}{nonce}"), now.as_millisecond().to_string(), Expected::Absent).await;
    match used {
        Ok(_) => sweep(store, now).await,
        Err(tandem_store::Error::Conflict { .. }) => return Err(Trouble::Used),
        Err(error) => {
            tracing::error!(error = %chain(&error), "the store can't be written");
            return Err(Trouble::Store);
        }
    }
    Ok(())
}

/// Forgets states that nobody could use any more. What fails is tried again with the next one.
async fn sweep(store: &Store, now: Timestamp) {
    let Ok(used) = store.list(USED, None, SWEEP).await else { return };
    for (key, entry) in used {
        let at = std::str::from_utf8(&entry.value).ok().and_then(|text| text.parse().ok());
        let at = at.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        if at.is_none_or(|at| now.duration_since(at) > LIFETIME + LIFETIME)
            && let Err(error) = store.delete(&key, entry.revision).await
        {
            tracing::debug!(error = %chain(&error), "an old state stays for now");
        }
    }
}

/// Stores the tokens if they are for the connection's location, or for an agency that has it.
async fn take(tokens: &Tokens, (connection, location): (&ConnectionId, &str), grant: &Grant) -> Result<(), Trouble> {
    let stored = |error| {
        tracing::error!(connection.id = %connection, error = %chain(&error), "the tokens can't be stored");
        Trouble::Store
    };
    match (&grant.location, &grant.company) {
        (Some(given), company) if given == location => {
            let account = Account::Location { id: location.to_owned(), company: company.clone() };
            tokens.connected(connection, account, grant).await.map_err(stored)
        }
        (None, Some(company)) => {
            agency(tokens, company, grant).await.map_err(stored)?;
            tokens
                .installed(connection, (location.to_owned(), company.clone()), Timestamp::now())
                .await
                .map_err(stored)?;
            let access = tokens.access(connection).await;
            access.map(drop).map_err(|_| Trouble::NotInstalled(connection.clone()))
        }
        (Some(_) | None, _) => Err(Trouble::Account { connection: connection.clone(), location: location.to_owned() }),
    }
}

async fn agency(tokens: &Tokens, company: &CompanyId, grant: &Grant) -> Result<(), tandem_credentials::VaultError> {
    tokens.connected(company.clone(), Account::Company { id: company.clone() }, grant).await
}

impl Trouble {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotReady | Self::Store => StatusCode::SERVICE_UNAVAILABLE,
            Self::Declined | Self::NoCode | Self::State(_) | Self::Used => StatusCode::BAD_REQUEST,
            Self::Gone => StatusCode::NOT_FOUND,
            Self::Account { .. } | Self::NotInstalled(_) => StatusCode::CONFLICT,
            Self::Answer(_) => StatusCode::BAD_GATEWAY,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotReady => "not_ready",
            Self::Declined => "declined",
            Self::NoCode => "no_code",
            Self::State(StateError::Invalid) => "state_invalid",
            Self::State(StateError::Expired) => "state_expired",
            Self::Used => "state_used",
            Self::Gone => "unknown_connection",
            Self::Account { .. } => "other_account",
            Self::NotInstalled(_) => "not_installed",
            Self::Answer(_) => "refused",
            Self::Store => "store",
        }
    }

    fn headline(&self) -> &'static str {
        match self {
            Self::NotReady => "Not ready yet",
            Self::Declined => "Not connected",
            Self::NoCode | Self::State(StateError::Invalid) => "This link is not ours",
            Self::State(StateError::Expired) => "This took too long",
            Self::Used => "Already used",
            Self::Gone => "No such connection",
            Self::Account { .. } => "Another location",
            Self::NotInstalled(_) => "Not installed in this location",
            Self::Answer(_) => "GHL gave no tokens",
            Self::Store => "The tokens could not be stored",
        }
    }

    fn text(&self) -> String {
        const AGAIN: &str = "Start again with `tandem connect`.";
        match self {
            Self::NotReady => "Tandem is still reaching its servers. Try again in a moment.".to_owned(),
            Self::Declined => format!("GHL says that the installation was not agreed to. {AGAIN}"),
            Self::NoCode => format!("GHL sent no code. {AGAIN}"),
            Self::State(StateError::Invalid) => {
                format!("It was not begun here, or in another browser, or it was changed on the way. {AGAIN}")
            }
            Self::State(StateError::Expired) => format!("It was begun more than ten minutes ago. {AGAIN}"),
            Self::Used => format!("This installation was finished before. If it didn't work: {AGAIN}"),
            Self::Gone => "The connection is not in the configuration any more.".to_owned(),
            Self::Account { connection, location } => format!(
                "Connection {connection} is for the location {location}, and another one was picked. Nothing was stored. {AGAIN}"
            ),
            Self::NotInstalled(connection) => format!(
                "The agency is connected, but GHL gives no token for the location of connection {connection}. Install the app in \
                 that location; Tandem then goes on by itself."
            ),
            Self::Answer(answer) => format!("{} {AGAIN}", refusal(answer)),
            Self::Store => format!("Look into the log. {AGAIN}"),
        }
    }
}

fn refusal(answer: &Answer) -> &'static str {
    match answer {
        Answer::Tokens(_) => "GHL gave tokens.",
        Answer::InvalidGrant => "GHL says that the code was used before or is too old.",
        Answer::LocationInactive => "GHL says that the location is not active.",
        Answer::NotApplied { .. } => "GHL could not be reached, or wants fewer requests.",
        Answer::Unauthorized => "GHL refuses the app's client id or secret: check providers.ghl in the configuration.",
        Answer::Refused => "GHL refuses the request: check the app's redirect address and scopes.",
        Answer::Unknown => "GHL gave no usable answer.",
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
