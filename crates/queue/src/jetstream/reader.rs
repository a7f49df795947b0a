//! One consumer's messages as this process gets them: a feeder fetches a few ahead for each connection, pullers take them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tandem_jetstream::JetStream;
use tandem_proto::{ConnectionId, Consumer};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::buffer::{Buffer, Fetched};
use super::feeder::Feeder;
use super::settle::Verdict;
use crate::Settings;
use crate::wakeups::Wakeups;

/// Giving back what was fetched ahead must not hold up a shutdown.
const STOP_LIMIT: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Reader {
    shared: Arc<Shared>,
    feeder: Mutex<Option<JoinHandle<()>>>,
}

/// What pullers and the feeder share.
pub(super) struct Shared {
    pub(super) connection: JetStream,
    pub(super) consumer: Consumer,
    pub(super) settings: Settings,
    pub(super) connections: Arc<Vec<ConnectionId>>,
    pub(super) wakeups: Arc<Wakeups>,
    buffer: Mutex<Buffer>,
    /// Rings when there is something for the feeder to do.
    pub(super) call: Notify,
    pullers: AtomicUsize,
    last_pull: Mutex<Instant>,
    stopping: AtomicBool,
}

/// Somebody waits for messages as long as this lives.
#[derive(Debug)]
pub(crate) struct Interest {
    shared: Arc<Shared>,
}

impl Reader {
    pub(super) fn start(
        connection: JetStream,
        consumer: Consumer,
        settings: Settings,
        connections: Arc<Vec<ConnectionId>>,
        wakeups: Arc<Wakeups>,
    ) -> Self {
        let buffer = Mutex::new(Buffer::new(settings.ack_wait, consumer.stream().keeps_last_per_subject()));
        let shared = Arc::new(Shared {
            connection,
            consumer,
            settings,
            connections,
            wakeups,
            buffer,
            call: Notify::new(),
            pullers: AtomicUsize::new(0),
            last_pull: Mutex::new(Instant::now()),
            stopping: AtomicBool::new(false),
        });
        let feeder = tokio::spawn(Feeder::new(Arc::clone(&shared)).run());
        Self { shared, feeder: Mutex::new(Some(feeder)) }
    }

    pub(super) fn interest(&self) -> Interest {
        self.shared.pullers.fetch_add(1, Ordering::SeqCst);
        self.shared.call.notify_one();
        Interest { shared: Arc::clone(&self.shared) }
    }

    /// Nothing is awaited here, so that a puller that is given up can't take anything with it.
    pub(super) fn take(&self, (max, but): (usize, &BTreeSet<ConnectionId>), now: Instant) -> Vec<Fetched> {
        let taken = self.shared.buffer().take((max, but), now);
        if !taken.is_empty() {
            self.shared.call.notify_one();
            self.shared.prolong(&taken, now);
        }
        taken
    }

    /// Fetches nothing more, and gives back what nobody took.
    pub(super) async fn stop(&self) {
        self.shared.stop();
        let feeder = lock(&self.feeder).take();
        if let Some(feeder) = feeder {
            // Late or panicked: what it holds comes again after ack_wait.
            if tokio::time::timeout(STOP_LIMIT, feeder).await.is_err() {
                tracing::debug!(
                    consumer = self.shared.consumer.name(),
                    "messages fetched ahead were not given back in time"
                );
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        *lock(&self.shared.last_pull) = Instant::now();
        self.shared.pullers.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    pub(super) fn buffer(&self) -> MutexGuard<'_, Buffer> {
        lock(&self.buffer)
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Whether somebody pulls, or did so a moment ago.
    pub(super) fn is_wanted(&self, now: Instant) -> bool {
        let pullers = self.pullers.load(Ordering::SeqCst);
        pullers > 0 || now.duration_since(*lock(&self.last_pull)) < self.settings.ack_wait / 2
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.call.notify_one();
    }

    /// Starts `ack_wait` anew for what has lain here for long.
    fn prolong(&self, taken: &[Fetched], now: Instant) {
        let is_old = |fetched: &&Fetched| now.duration_since(fetched.at) >= self.settings.ack_wait / 2;
        let replies: Vec<_> = taken.iter().filter(is_old).map(|fetched| fetched.reply.clone()).collect();
        if !replies.is_empty() {
            tokio::spawn(tell(self.connection.clone(), replies, Verdict::InProgress));
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("consumer", &self.consumer).finish_non_exhaustive()
    }
}

/// One verdict for many, without waiting for answers: should one get lost, `ack_wait` decides.
pub(super) async fn tell(connection: JetStream, replies: Vec<tandem_jetstream::async_nats::Subject>, verdict: Verdict) {
    for reply in replies {
        if let Err(error) = connection.client().publish(reply, verdict.wire().into()).await {
            tracing::debug!(%error, "a verdict was not sent");
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
