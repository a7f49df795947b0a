//! The handle that callers have, whatever the backend.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tandem_embedded::Database;
use tandem_proto::{Consumer, Stream};
use tokio::time::Instant;

use crate::clock::{Clock, millis};
use crate::embedded::Embedded;
use crate::memory::Memory;
use crate::wakeups::Wakeups;
use crate::{Delivery, Depth, Error, NewMessage, Published, Settings, Stored};

/// Durable streams; clones share them.
#[derive(Debug, Clone)]
pub struct Queue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    clock: Clock,
    wakeups: Arc<Wakeups>,
    backend: Backend,
}

#[derive(Debug)]
enum Backend {
    Memory(Memory),
    Embedded(Embedded),
}

/// What a look for ready messages found.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Messages with their delivery counts, older first.
    pub(crate) messages: Vec<(Stored, u32)>,
    /// When the next one becomes ready by itself, if none was ready.
    pub(crate) next_due_ms: Option<i64>,
}

impl Queue {
    /// A queue that ends with the process.
    pub fn memory(settings: Settings) -> Self {
        Self::new(settings, Backend::Memory(Memory::default()), Arc::default())
    }

    /// The queue in the embedded database. Open it once per database and clone it: what was in flight when the process
    /// before this one ended is ready again at once.
    pub fn embedded(database: &Database, settings: Settings) -> Result<Self, Error> {
        let wakeups = Arc::new(Wakeups::default());
        let embedded = Embedded::open(database, Arc::clone(&wakeups))?;
        Ok(Self::new(settings, Backend::Embedded(embedded), wakeups))
    }

    fn new(settings: Settings, backend: Backend, wakeups: Arc<Wakeups>) -> Self {
        let shared = Shared { settings, clock: Clock::new(), wakeups, backend };
        Self { shared: Arc::new(shared) }
    }

    /// Times the queue goes by.
    pub fn settings(&self) -> Settings {
        self.shared.settings
    }

    /// Stores a message; it is durable when this returns. After an error it was not stored.
    pub async fn publish(&self, message: NewMessage) -> Result<Published, Error> {
        let published = self.publish_all(vec![message]).await?;
        Ok(published.first().copied().unwrap_or(Published::Duplicate))
    }

    /// Stores all of the messages or, after an error, none; the answers are in the order of the messages.
    pub async fn publish_all(&self, messages: Vec<NewMessage>) -> Result<Vec<Published>, Error> {
        let now_ms = self.shared.clock.now_ms();
        let seen_since_ms = now_ms.saturating_sub(millis(self.shared.settings.dedup_window));
        match &self.shared.backend {
            Backend::Memory(memory) => {
                let consumers: Vec<Consumer> = messages.iter().filter_map(NewMessage::consumer).collect();
                let published = memory.publish(messages, now_ms, seen_since_ms);
                for consumer in consumers {
                    self.shared.wakeups.ring(consumer);
                }
                Ok(published)
            }
            Backend::Embedded(embedded) => embedded.publish(messages, now_ms, seen_since_ms).await,
        }
    }

    /// Takes up to `max` ready messages. Returns as soon as there is one, and with nothing after `wait`.
    pub async fn pull(&self, consumer: Consumer, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
        let deadline = Instant::now() + wait;
        loop {
            // Listening before looking: what becomes ready in between rings.
            let mut rung = pin!(self.shared.wakeups.next(consumer));
            rung.as_mut().enable();
            let taken = self.take(consumer, max).await?;
            if !taken.messages.is_empty() || Instant::now() >= deadline {
                let hand_out = |(message, deliveries)| Delivery::new(self.clone(), message, deliveries);
                return Ok(taken.messages.into_iter().map(hand_out).collect());
            }
            let look_again = deadline.min(Instant::now() + self.until_due(taken.next_due_ms));
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep_until(look_again) => {}
            }
        }
    }

    /// A stream's messages for people, older first, from behind the sequence given.
    pub async fn browse(&self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Stored>, Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.browse(stream, after, limit)),
            Backend::Embedded(embedded) => embedded.browse(stream, after, limit).await,
        }
    }

    /// One message of a stream.
    pub async fn find(&self, stream: Stream, sequence: u64) -> Result<Option<Stored>, Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.find(stream, sequence)),
            Backend::Embedded(embedded) => embedded.find(stream, sequence).await,
        }
    }

    /// Removes one message of a stream for good; false when it wasn't there.
    pub async fn remove(&self, stream: Stream, sequence: u64) -> Result<bool, Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.remove(stream, sequence)),
            Backend::Embedded(embedded) => embedded.remove(stream, sequence).await,
        }
    }

    /// Removes the messages of a stream that were stored before this time (Unix milliseconds); returns how many.
    pub async fn trim(&self, stream: Stream, keep_newer_than_ms: i64) -> Result<u64, Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.trim(stream, keep_newer_than_ms)),
            Backend::Embedded(embedded) => embedded.trim(stream, keep_newer_than_ms).await,
        }
    }

    /// How much is in a stream; settling that is under way may not show yet.
    pub async fn depth(&self, stream: Stream) -> Result<Depth, Error> {
        let now_ms = self.shared.clock.now_ms();
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.depth(stream, now_ms)),
            Backend::Embedded(embedded) => embedded.depth(stream, now_ms).await,
        }
    }

    /// Whether a message could be stored now: makes a small durable write that needs new space.
    pub async fn healthy(&self) -> Result<(), Error> {
        match &self.shared.backend {
            Backend::Memory(_) => Ok(()),
            Backend::Embedded(embedded) => embedded.healthy().await,
        }
    }

    /// The message is done, whoever holds it now.
    pub(crate) async fn settle(&self, sequence: u64) -> Result<(), Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => {
                memory.settle(sequence);
                Ok(())
            }
            Backend::Embedded(embedded) => embedded.settle(sequence).await,
        }
    }

    /// The message is due again after the delay: still leased to the worker, or free for anybody.
    pub(crate) async fn reschedule(&self, sequence: u64, delay: Duration, leased: bool) -> Result<(), Error> {
        let due_ms = self.shared.clock.now_ms().saturating_add(millis(delay));
        let due_ms = if delay.is_zero() { 0 } else { due_ms };
        match &self.shared.backend {
            Backend::Memory(memory) => {
                if let Some(consumer) = memory.reschedule(sequence, due_ms, leased) {
                    self.shared.wakeups.ring(consumer);
                }
                Ok(())
            }
            Backend::Embedded(embedded) => embedded.reschedule(sequence, due_ms, leased).await,
        }
    }

    async fn take(&self, consumer: Consumer, max: usize) -> Result<Taken, Error> {
        let now_ms = self.shared.clock.now_ms();
        let lease_until_ms = now_ms.saturating_add(millis(self.shared.settings.ack_wait));
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.take(consumer, max, now_ms, lease_until_ms)),
            Backend::Embedded(embedded) => embedded.take(consumer, max, now_ms, lease_until_ms).await,
        }
    }

    /// How long nothing can become ready unless the bell rings: a lease that another puller takes after our look runs
    /// out no sooner than `ack_wait` from now.
    fn until_due(&self, next_due_ms: Option<i64>) -> Duration {
        let due = next_due_ms.map_or(i64::MAX, |due_ms| due_ms.saturating_sub(self.shared.clock.now_ms()).max(0));
        Duration::from_millis(due.unsigned_abs()).min(self.shared.settings.ack_wait)
    }
}
