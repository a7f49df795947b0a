//! `OpenPhone`'s stand-in, a store, and any number of ingests before it.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{SecretSlice, SecretString};
use tandem_credentials::{MasterKeys, SigningSecrets, Vault};
use tandem_ingest::{HookConfig, HookConnection, HookDeps, HookSecrets, HookTiming, hook_url, keep_hooks};
use tandem_limits::{BudgetKey, BudgetRate, Limits};
use tandem_outbound::{Client, ClientConfig};
use tandem_proto::ConnectionId;
use tandem_providers::openphone::hook::{self, Hook, NewHook, Numbers, Status};
use tandem_providers::{ApiError, Request, Response};
use tandem_store::Store;
use tandem_twins::{OpenPhoneConfig, OpenPhoneTwin, Rate};
use tokio::task::JoinHandle;
use url::Url;

use crate::eventually::eventually;
use crate::server::{Server, memory};

const KEY: &str = "sandbox-key";
/// The connection without configured secrets.
pub(crate) const CONNECTION: &str = "bare";
/// Nobody listens there.
pub(crate) const FOREIGN: &str = "http://127.0.0.1:9/hook";

pub(crate) fn id() -> ConnectionId {
    ConnectionId::new(CONNECTION).unwrap()
}

/// The next look by itself is far away.
pub(crate) fn rare() -> HookTiming {
    HookTiming {
        look_again: Duration::from_millis(20),
        rotate_again: Duration::ZERO,
        retry: (Duration::from_millis(40), Duration::from_millis(200)),
        answer_within: Duration::from_secs(3),
        ..HookTiming::default()
    }
}

/// Looks again and again.
pub(crate) fn often() -> HookTiming {
    HookTiming { interval: Duration::from_millis(150), ..rare() }
}

pub(crate) struct World {
    pub(crate) twin: OpenPhoneTwin,
    pub(crate) store: Store,
    limits: Limits,
    client: Client,
}

/// One process's part: the webhook routes, and the task behind them.
pub(crate) struct Ingest {
    pub(crate) server: Server,
    keeper: JoinHandle<()>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(OpenPhoneConfig::default()).await
    }

    pub(crate) async fn start_with(mut config: OpenPhoneConfig) -> Self {
        config.rate = Rate { requests: 1000, per: Duration::from_secs(1), per_day: None, enforce: true };
        let twin = OpenPhoneTwin::start(config).await.unwrap();
        let limits = Limits::in_process();
        let rate = BudgetRate { requests: 200, per: Duration::from_secs(1), per_day: None };
        limits.register(BudgetKey("openphone".to_owned()), rate);
        let config = ClientConfig {
            base_url: twin.base_url().parse().unwrap(),
            timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(2),
        };
        Self { twin, store: Store::memory(), limits, client: Client::new(config).unwrap() }
    }

    pub(crate) fn stored(&self) -> SigningSecrets {
        signing_secrets(&self.store)
    }

    /// A process of its own, at an address of its own or before `public_url`.
    pub(crate) async fn ingest(&self, timing: HookTiming, public_url: Option<&Url>) -> Ingest {
        let secrets = HookSecrets::new([id()]);
        let server = Server::start_managed(secrets.clone(), memory(), Timestamp::now).await;
        let address = format!("http://{}", server.address).parse().unwrap();
        let connection = HookConnection {
            events: tandem_providers::openphone::hook::CONTACT_EVENTS.to_vec(),
            id: id(),
            client: self.client.clone(),
            api_key: KEY.into(),
            budget: BudgetKey("openphone".to_owned()),
        };
        let public_url = public_url.cloned().unwrap_or(address);
        let config = HookConfig { public_url, connections: vec![connection], timing };
        secrets.reached(self.stored());
        let (store, limits) = (self.store.clone(), self.limits.clone());
        let deps = HookDeps { secrets, store, limits, metrics: server.metrics.clone() };
        let keeper = tokio::spawn(keep_hooks(config, deps, server.shutdown.clone()));
        Ingest { server, keeper }
    }

    /// A call by somebody else with the same key.
    pub(crate) async fn call<T>(&self, request: Request, parse: impl Fn(&Response) -> Result<T, ApiError>) -> T {
        let key = SecretString::from(KEY);
        let answer = self.client.send(request, &key, http::HeaderMap::new(), None).await.unwrap();
        parse(&answer).unwrap_or_else(|error| panic!("{error}: {}", error.words.reveal()))
    }

    pub(crate) async fn hooks(&self) -> Vec<Hook> {
        self.call(hook::list(), hook::page).await.items
    }

    /// Somebody makes a webhook.
    pub(crate) async fn make(&self, url: &str, status: Status) -> (Hook, SecretString) {
        let new = NewHook { url, events: &["contact.updated"], numbers: Numbers::All, status, label: None };
        self.call(hook::create(&new), hook::created).await
    }

    /// Waits until the one webhook that delivers there is in order.
    pub(crate) async fn in_order(&self, url: &Url) -> Hook {
        let found = async || {
            let ours: Vec<Hook> = self.hooks().await.into_iter().filter(|hook| hook.url == url.as_str()).collect();
            <[Hook; 1]>::try_from(ours).ok().map(|[hook]| hook).filter(|hook| {
                hook.status == Some(Status::Enabled) && hook.events == ["contact.updated", "contact.deleted"]
            })
        };
        eventually("the webhook is in order", async || found().await.is_some()).await;
        found().await.unwrap()
    }

    /// How often this was asked for.
    pub(crate) fn calls(&self, template: &str) -> u64 {
        self.twin.report().calls(template)
    }

    /// A person makes a contact, and ingest gets to know it.
    pub(crate) async fn is_told(&self, ingest: &Ingest, first_name: &str) {
        let contact = serde_json::json!({ "firstName": first_name });
        self.twin.create_contact(&contact).unwrap();
        let needle = format!("\"{first_name}\"");
        eventually(first_name, async || {
            let stored = ingest.server.stored().await;
            stored.iter().any(|(_, event)| String::from_utf8_lossy(&event.body).contains(&needle))
        })
        .await;
    }
}

impl Ingest {
    pub(crate) fn public_url(&self) -> Url {
        format!("http://{}", self.server.address).parse().unwrap()
    }

    pub(crate) fn hook_url(&self) -> Url {
        hook_url(&self.public_url(), &id())
    }

    pub(crate) fn looks(&self, outcome: &str) -> u64 {
        self.server.count(&format!("tandem_webhook_checks_total{{outcome=\"{outcome}\"}}"))
    }

    pub(crate) async fn has_looked(&self, outcome: &str, times: u64) {
        eventually(outcome, async || self.looks(outcome) >= times).await;
    }

    pub(crate) async fn stop(self) {
        self.server.shutdown.cancel();
        self.keeper.await.unwrap();
        self.server.task.await.unwrap().unwrap();
    }
}

pub(crate) fn signing_secrets(store: &Store) -> SigningSecrets {
    let masters = MasterKeys::new(&[SecretSlice::from(vec![7; 32])]).unwrap();
    SigningSecrets::new(Vault::new(store.clone(), masters))
}
