//! The secrets of the webhooks that we made ourselves, as deliveries need them: in memory.
//!
//! They are read from the store now and then, and at once when a signature matches none of them, because another process
//! may have had one replaced. While the store is away, what was read last counts.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use tandem_credentials::{SigningSecrets, Term};
use tandem_proto::ConnectionId;
use tandem_providers::openphone::WebhookSecret;
use tandem_telemetry::chain;
use tokio::sync::{Mutex, Notify, SetOnce};
use tokio::time::{Instant, timeout};

/// Between two readings because of signatures that don't match: whoever knocks can't make us read more often.
const GAP: Duration = Duration::from_secs(1);
/// A delivery waits no longer for the store.
const STORE_WAIT: Duration = Duration::from_secs(2);

/// Secrets of webhooks that Tandem made, by connection. Clones share them.
#[derive(Clone)]
pub struct HookSecrets {
    inner: Arc<Inner>,
}

struct Inner {
    stored: SetOnce<SigningSecrets>,
    connections: HashMap<ConnectionId, Held>,
}

/// What is held of one connection.
#[derive(Default)]
struct Held {
    /// None before it was read for the first time.
    read: RwLock<Option<Arc<[Trusted]>>>,
    /// When the last reading ended.
    reading: Mutex<Option<Instant>>,
    doubted: Notify,
}

#[derive(Clone)]
struct Trusted {
    secret: WebhookSecret,
    term: Term,
}

impl HookSecrets {
    /// Secrets of these connections, to be read once the store is reached.
    pub fn new(connections: impl IntoIterator<Item = ConnectionId>) -> Self {
        let connections = connections.into_iter().map(|id| (id, Held::default())).collect();
        Self { inner: Arc::new(Inner { stored: SetOnce::new(), connections }) }
    }

    /// Where they are stored. Only the first call counts.
    pub fn reached(&self, stored: SigningSecrets) {
        if self.inner.stored.set(stored).is_err() {
            tracing::debug!("the store of webhook secrets was named twice");
        }
    }

    pub(super) async fn stored(&self) -> &SigningSecrets {
        self.inner.stored.wait().await
    }

    pub(super) fn connections(&self) -> impl Iterator<Item = &ConnectionId> {
        self.inner.connections.keys()
    }

    /// Whether the connection's webhooks are made by us.
    pub(crate) fn manages(&self, connection: &ConnectionId) -> bool {
        self.inner.connections.contains_key(connection)
    }

    /// What a delivery of now may be signed with; none while nothing was read yet.
    pub(crate) fn trusted(&self, connection: &ConnectionId, now: Timestamp) -> Option<Vec<WebhookSecret>> {
        let held = self.inner.connections.get(connection)?;
        let read = held.read.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some(read.iter().filter(|one| one.term.is_good(now)).map(|one| one.secret.clone()).collect())
    }

    /// Reads them again because of a delivery that doesn't fit. False when that was done a moment ago, or can't be done.
    pub(crate) async fn doubt(&self, connection: &ConnectionId) -> bool {
        let Some(held) = self.inner.connections.get(connection) else { return false };
        let came = Instant::now();
        let mut last = held.reading.lock().await;
        match *last {
            // Somebody else's reading, which we have waited for.
            Some(at) if at >= came => return true,
            Some(at) if at.elapsed() < GAP => return false,
            Some(_) | None => {}
        }
        let is_read = timeout(STORE_WAIT, self.read_into(held, connection)).await.unwrap_or(false);
        *last = Some(Instant::now());
        is_read
    }

    /// Tells the keeper that a delivery matched no secret, though they were read just now.
    pub(crate) fn suspect(&self, connection: &ConnectionId) {
        if let Some(held) = self.inner.connections.get(connection) {
            held.doubted.notify_one();
        }
    }

    /// Waits for such a delivery.
    pub(super) async fn suspected(&self, connection: &ConnectionId) {
        match self.inner.connections.get(connection) {
            Some(held) => held.doubted.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Reads them anew.
    pub(super) async fn refresh(&self, connection: &ConnectionId) {
        if let Some(held) = self.inner.connections.get(connection) {
            let mut last = held.reading.lock().await;
            let _is_read = timeout(STORE_WAIT, self.read_into(held, connection)).await.unwrap_or(false);
            *last = Some(Instant::now());
        }
    }

    async fn read_into(&self, held: &Held, connection: &ConnectionId) -> bool {
        let Some(stored) = self.inner.stored.get() else { return false };
        let secrets = match stored.held(connection).await {
            Ok(secrets) => secrets,
            Err(error) => {
                tracing::warn!(connection.id = %connection, error = %chain(&error), "webhook secrets can't be read");
                return false;
            }
        };
        let trusted = secrets.into_iter().filter_map(|one| {
            let secret = WebhookSecret::parse(one.secret.expose_secret()).ok()?;
            Some(Trusted { secret, term: one.term })
        });
        *held.read.write().unwrap_or_else(PoisonError::into_inner) = Some(trusted.collect());
        true
    }
}

impl fmt::Debug for HookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookSecrets").field("connections", &self.inner.connections.len()).finish_non_exhaustive()
    }
}
