//! GHL's twin with three locations, the routes of ingest before it, and a browser.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretSlice;
use serde_json::Value;
use tandem_credentials::{GhlTokenRoutes, MasterKeys, NoToken, Stage, Timing, Tokens, Vault};
use tandem_ingest::{
    Agencies, Config, Connection, Deps, OAuthConfig, OAuthDeps, OAuthReached, Sink, StateKeys, oauth_router_at, router,
};
use tandem_limits::Limits;
use tandem_outbound::{Client, ClientConfig};
use tandem_proto::ConnectionId;
use tandem_providers::ghl::ApiVersion;
use tandem_providers::ghl::oauth::App;
use tandem_store::Store;
use tandem_telemetry::Metrics;
use tandem_twins::{GhlConfig, GhlLocation, GhlTwin, Rate};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::client::{Reply, send};
use crate::server::{APP, memory};
use crate::signer::GhlSigner;

/// Connections and their locations.
pub(crate) const PAIRS: [(&str, &str); 3] =
    [("acme", "SandboxLocation00001"), ("beta", "SandboxLocation00002"), ("gamma", "SandboxLocation00003")];
pub(crate) const COMPANY: &str = "SandboxCompany000001";
/// Of the twin and of [`GhlSigner`].
const SEED: u8 = 1;
pub(crate) const VERSIONS: [&str; 2] = ["2021-07-28", "v3"];

pub(crate) struct World {
    pub(crate) twin: GhlTwin,
    pub(crate) tokens: Tokens,
    pub(crate) agencies: Agencies,
    pub(crate) public_url: Url,
    pub(crate) address: SocketAddr,
    pub(crate) reached: OAuthReached,
    ahead: Arc<AtomicI64>,
    shutdown: CancellationToken,
}

pub(crate) fn state_keys() -> StateKeys {
    StateKeys::new(&[SecretSlice::from(vec![7; 32])])
}

pub(crate) fn connection(name: &str) -> ConnectionId {
    ConnectionId::new(name).unwrap()
}

pub(crate) fn location(name: &str) -> &'static str {
    PAIRS.iter().find(|(connection, _)| *connection == name).unwrap().1
}

/// Nothing is installed anywhere yet.
async fn twin() -> GhlTwin {
    let location = |(_, id): (_, &str)| GhlLocation { installed: false, ..GhlLocation::new(id, &format!("pit-{id}")) };
    let config = GhlConfig {
        locations: PAIRS.map(location).to_vec(),
        signing_seed: Some([SEED; 32]),
        rate: Rate { requests: 1_000, per: Duration::from_secs(1), per_day: None, enforce: true },
        ..GhlConfig::default()
    };
    GhlTwin::start(config).await.unwrap()
}

fn tokens(twin: &GhlTwin, (store, version): (&Store, &str)) -> Tokens {
    let seconds = Duration::from_secs(2);
    let base_url = twin.base_url().parse().unwrap();
    let client = Client::new(ClientConfig { base_url, timeout: seconds, connect_timeout: seconds }).unwrap();
    let app = GhlConfig::default().app;
    let app = App { client_id: app.client_id, client_secret: app.client_secret.into() };
    let routes = GhlTokenRoutes::new(client, app, ApiVersion::new(version).unwrap());
    let masters = MasterKeys::new(&[SecretSlice::from(vec![7; 32])]).unwrap();
    let timing = Timing { answer_within: seconds, ..Timing::default() };
    Tokens::new(Vault::new(store.clone(), masters), Arc::new(routes), Limits::in_process(), timing)
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_in(VERSIONS[0], "").await
    }

    /// In a version of the provider's API, at a public address with this path.
    pub(crate) async fn start_in(version: &str, path: &str) -> Self {
        let (world, deps) = Self::start_without_store(version, path).await;
        world.reached.set(deps).unwrap();
        world
    }

    /// The same before the store is reached; what is there once it is.
    pub(crate) async fn start_without_store(version: &str, path: &str) -> (Self, OAuthDeps) {
        let (twin, store) = (twin().await, Store::memory());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let public_url: Url = format!("http://{address}{path}").parse().unwrap();
        let tokens = tokens(&twin, (&store, version));
        let locations: HashMap<_, _> =
            PAIRS.iter().map(|(name, location)| (connection(name), (*location).to_owned())).collect();
        let agencies = Agencies::new(tokens.clone(), locations.clone());
        let reached = OAuthReached::default();
        let deps = OAuthDeps { tokens: tokens.clone(), store, agencies: agencies.clone() };
        let config = OAuthConfig {
            authorize_url: format!("{}/v2/oauth/chooselocation", twin.base_url()).parse().unwrap(),
            client_id: GhlConfig::default().app.client_id,
            scopes: vec!["contacts.readonly", "oauth.readonly", "oauth.write"],
            public_url: public_url.clone(),
            keys: state_keys(),
            locations,
        };
        let ahead = Arc::new(AtomicI64::new(0));
        let ours = Arc::clone(&ahead);
        let now = move || Timestamp::now() + SignedDuration::from_millis(ours.load(Ordering::Relaxed));
        let routes = oauth_router_at(config, Arc::clone(&reached), now).merge(webhooks(Arc::clone(&reached)));
        let shutdown = CancellationToken::new();
        tokio::spawn(tandem_service::serve(listener, routes, shutdown.clone()));
        twin.set_webhook_url(Some(format!("http://{address}/webhooks/ghl")));
        (Self { twin, tokens, agencies, public_url, address, reached, ahead, shutdown }, deps)
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        self.ahead.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Agencies are asked from now on.
    pub(crate) fn keep_asking(&self) {
        let (agencies, shutdown) = (self.agencies.clone(), self.shutdown.clone());
        tokio::spawn(async move { agencies.keep(shutdown).await });
    }

    /// A signed event.
    pub(crate) async fn told(&self, event: Value) {
        let mut event = event;
        event["appId"] = APP.into();
        event["webhookId"] = format!("w-{}", rand::random::<u64>()).into();
        let body = event.to_string().into_bytes();
        let signature = GhlSigner::new(SEED).sign(&body);
        let reply = send(self.address, "POST /webhooks/ghl", &[("x-ghl-signature", &signature)], &body).await;
        assert!([200, 404].contains(&reply.status), "{reply:?}");
    }

    /// Where the tokens are in their life.
    pub(crate) async fn stage(&self, name: &str) -> Option<Stage> {
        self.tokens.status(connection(name)).await.unwrap().map(|status| status.stage)
    }

    pub(crate) async fn works(&self, name: &str) -> Result<(), NoToken> {
        self.tokens.access(connection(name)).await.map(drop)
    }

    pub(crate) async fn idle(&self) {
        assert!(self.twin.webhooks_idle(Duration::from_secs(20)).await);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// The webhook routes, for the events about installations.
fn webhooks(tokens: OAuthReached) -> axum::Router {
    let connection = |(name, location): (&str, &str)| Connection {
        id: connection(name),
        location_id: location.to_owned(),
        openphone_secrets: vec![],
    };
    let config = Config {
        connections: PAIRS.map(connection).to_vec(),
        ghl_keys: vec![GhlSigner::new(SEED).public()],
        ghl_app_id: Some(APP.to_owned()),
        max_in_flight: 64,
    };
    let (sink, limits) = (Sink::direct(memory()), Limits::in_process());
    router(config, Deps { sink, limits, metrics: Metrics::new(), tokens: Some(tokens), hooks: None })
}

/// A browser with one cookie.
#[derive(Default)]
pub(crate) struct Browser {
    pub(crate) cookie: Option<String>,
}

impl Browser {
    pub(crate) async fn open(&mut self, url: &Url) -> Reply {
        let address = url.socket_addrs(|| None).unwrap()[0];
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let cookie = self.cookie.clone().unwrap_or_default();
        let reply = send(address, &format!("GET {}{query}", url.path()), &[("cookie", &cookie)], b"").await;
        if let Some(set) = reply.header("set-cookie") {
            assert!(set.contains("; HttpOnly; SameSite=Lax") && set.contains("; Path=/"), "{set}");
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        reply
    }

    /// From the link to the address that GHL sends the browser back to.
    pub(crate) async fn consent(&mut self, world: &World, name: &str) -> Url {
        let mut start = world.public_url.clone();
        start.set_path("/oauth/ghl/start");
        start.query_pairs_mut().append_pair("connection", name);
        let away = target(&self.open(&start).await);
        assert!(away.as_str().starts_with(&world.twin.base_url()), "{away}");
        target(&self.open(&away).await)
    }
}

/// Where a redirect leads.
pub(crate) fn target(reply: &Reply) -> Url {
    reply.header("location").unwrap_or_else(|| panic!("no redirect: {reply:?}")).parse().unwrap()
}
