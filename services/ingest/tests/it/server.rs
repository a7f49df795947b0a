//! A server on a port of its own, and what it has stored.

use std::net::SocketAddr;

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use tandem_embedded::{Database, Options};
use tandem_ingest::{Config, Connection, Deps, HookSecrets, Sink, router_at};
use tandem_limits::Limits;
use tandem_proto::{ConnectionId, Envelope, Header, Payload, Stream, v1};
use tandem_queue::{Queue, Settings};
use tandem_telemetry::Metrics;

use crate::client::{Exchange, Reply, send};
use crate::signer::{GhlSigner, OpenPhoneSigner};

pub(crate) const LOCATION: &str = "ve9EPM428h8vShlRW1KT";
pub(crate) const APP: &str = "6878cec452e7c8d29d4dd3d9";

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) queue: Queue,
    pub(crate) metrics: Metrics,
    pub(crate) signer: GhlSigner,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<std::io::Result<()>>,
}

/// Queues of every kind; the folder lives as long as its queue.
pub(crate) fn queues() -> [(&'static str, Queue, Option<TempDir>); 2] {
    let (queue, _, dir) = embedded(None);
    [("memory", Queue::memory(Settings::default()), None), ("embedded", queue, Some(dir))]
}

pub(crate) fn memory() -> Queue {
    Queue::memory(Settings::default())
}

pub(crate) fn embedded(max_pages: Option<u32>) -> (Queue, Database, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&Options { dir: dir.path().to_owned(), max_pages }).unwrap();
    let queue = Queue::embedded(&database, Settings::default()).unwrap();
    (queue, database, dir)
}

/// `acme` with a secret and a location, `bare` with another location and no secret.
pub(crate) fn config() -> Config {
    let connection = |id: &str, location: &str, openphone_secrets| Connection {
        id: ConnectionId::new(id).unwrap(),
        location_id: location.to_owned(),
        openphone_secrets,
    };
    Config {
        connections: vec![
            connection("acme", LOCATION, vec![OpenPhoneSigner::new(5).secret()]),
            connection("bare", "bareLocation", vec![]),
        ],
        ghl_keys: vec![GhlSigner::new(9).public(), GhlSigner::new(1).public()],
        ghl_app_id: Some(APP.to_owned()),
        max_in_flight: 64,
    }
}

impl Server {
    pub(crate) async fn start(queue: Queue) -> Self {
        Self::start_with(config(), queue, Timestamp::now).await
    }

    pub(crate) async fn start_with(
        config: Config,
        queue: Queue,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self::serve((config, Sink::direct(queue.clone()), None), queue, now).await
    }

    /// A server for deliveries of webhooks that Tandem makes.
    pub(crate) async fn start_managed(
        hooks: HookSecrets,
        queue: Queue,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self::serve((config(), Sink::direct(queue.clone()), Some(hooks)), queue, now).await
    }

    /// A server whose events go to `sink`; `queue` is where the tests look.
    pub(crate) async fn start_on(config: Config, sink: Sink, queue: Queue) -> Self {
        Self::serve((config, sink, None), queue, Timestamp::now).await
    }

    async fn serve(
        (config, sink, hooks): (Config, Sink, Option<HookSecrets>),
        queue: Queue,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let metrics = Metrics::new();
        let deps = Deps { sink, limits: Limits::in_process(), metrics: metrics.clone(), tokens: None, hooks };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(tandem_service::serve(listener, router_at(config, deps, now), shutdown.clone()));
        Self { address, queue, metrics, signer: GhlSigner::new(1), shutdown, task }
    }

    /// A signed delivery of GHL.
    pub(crate) async fn ghl(&self, body: &[u8]) -> Reply {
        let signature = self.signer.sign(body);
        send(self.address, "POST /webhooks/ghl", &[("x-ghl-signature", &signature)], body).await
    }

    /// A signed delivery of GHL whose body is yet to be sent.
    pub(crate) async fn ghl_head(&self, body: &[u8]) -> Exchange {
        let signature = self.signer.sign(body);
        Exchange::open(self.address, "POST /webhooks/ghl", &[("x-ghl-signature", &signature)], body.len()).await
    }

    /// Everything stored, decoded.
    pub(crate) async fn stored(&self) -> Vec<(Header, v1::Event)> {
        let stored = self.queue.browse(Stream::Events, 0, 10_000).await.unwrap();
        let envelopes = stored.iter().map(|stored| Envelope::decode(&stored.body).unwrap());
        envelopes.map(|envelope| (envelope.header, event(envelope.payload))).collect()
    }

    /// The value of a counter, 0 when it never counted.
    pub(crate) fn count(&self, series: &str) -> u64 {
        let text = self.metrics.encode();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }
}

/// A small contact event.
pub(crate) fn contact_update(webhook_id: &str) -> Vec<u8> {
    format!(
        r#"{{"type":"ContactUpdate","locationId":"{LOCATION}","appId":"{APP}","id":"nmFmQEsNgz6AVpgLVUJ0",
        "firstName":"Ana","timestamp":"2025-11-07T12:46:45.953Z","webhookId":"{webhook_id}"}}"#
    )
    .into_bytes()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "anything else is a failure of the test")]
fn event(payload: Payload) -> v1::Event {
    match payload {
        Payload::Event(event) => event,
        other => panic!("not an event: {other:?}"),
    }
}
