//! The handle that callers have, whatever the backend.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tandem_embedded::Database;
use tandem_jetstream::JetStream;
use tandem_proto::{ConnectionId, Consumer, Stream};
use tokio::time::Instant;

use crate::clock::{Clock, millis};
use crate::delivery::Receipt;
use crate::embedded::Embedded;
use crate::jetstream::{Broker, Fetched, Verdict};
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
    JetStream(Broker),
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

    /// The queue at JetStream. Streams, and a consumer for each of the connections, are made where they aren't there; a stream
    /// with other settings is an error. Messages of other connections wait until a process knows theirs.
    pub async fn jetstream(
        connection: &JetStream,
        settings: Settings,
        connections: &[ConnectionId],
    ) -> Result<Self, Error> {
        let wakeups = Arc::new(Wakeups::default());
        let broker = Broker::open(connection, settings, connections, Arc::clone(&wakeups)).await?;
        Ok(Self::new(settings, Backend::JetStream(broker), wakeups))
    }

    fn new(settings: Settings, backend: Backend, wakeups: Arc<Wakeups>) -> Self {
        let shared = Shared { settings, clock: Clock::new(), wakeups, backend };
        Self { shared: Arc::new(shared) }
    }

    /// Times the queue goes by.
    pub fn settings(&self) -> Settings {
        self.shared.settings
    }

    /// Stores a message; it is durable when this returns. After an error it may have been stored all the same: repeat it with
    /// the same id, which is harmless.
    pub async fn publish(&self, message: NewMessage) -> Result<Published, Error> {
        let published = self.publish_all(vec![message]).await?;
        Ok(published.first().copied().unwrap_or(Published::Duplicate))
    }

    /// Stores the messages, those of a stream in their order; the answers are in the order of the messages. After an error any
    /// of them may have been stored: repeat all with the same ids, which is harmless.
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
            Backend::JetStream(broker) => broker.publish(messages).await,
        }
    }

    /// Takes up to `max` ready messages. Returns as soon as there is one, and with nothing after `wait`.
    pub async fn pull(&self, consumer: Consumer, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
        self.pull_but(consumer, (max, wait), &BTreeSet::new()).await
    }

    /// The same, but messages of these connections stay where they are.
    pub async fn pull_but(
        &self,
        consumer: Consumer,
        (max, wait): (usize, Duration),
        but: &BTreeSet<ConnectionId>,
    ) -> Result<Vec<Delivery>, Error> {
        let deadline = Instant::now() + wait;
        let _interest = self.broker().and_then(|broker| broker.interest(consumer));
        loop {
            // Listening before looking: what becomes ready in between rings.
            let mut rung = pin!(self.shared.wakeups.next(consumer));
            rung.as_mut().enable();
            let (deliveries, next_due_ms) = self.take(consumer, max, but).await?;
            if !deliveries.is_empty() || Instant::now() >= deadline {
                return Ok(deliveries);
            }
            let look_again = deadline.min(Instant::now() + self.until_due(next_due_ms));
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
            Backend::JetStream(broker) => broker.browse(stream, after, limit).await,
        }
    }

    /// The messages of JOURNAL under this very subject, older first: the last so many. What happened to one record, however many
    /// others there are.
    pub async fn history(&self, subject: &str, most: usize) -> Result<Vec<Stored>, Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.history(subject, most)),
            Backend::Embedded(embedded) => embedded.history(subject, most).await,
            Backend::JetStream(broker) => broker.history(subject, most).await,
        }
    }

    /// One message of a stream.
    pub async fn find(&self, stream: Stream, sequence: u64) -> Result<Option<Stored>, Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.find(stream, sequence)),
            Backend::Embedded(embedded) => embedded.find(stream, sequence).await,
            Backend::JetStream(broker) => broker.find(stream, sequence).await,
        }
    }

    /// Removes one message of a stream for good; false when it wasn't there.
    pub async fn remove(&self, stream: Stream, sequence: u64) -> Result<bool, Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.remove(stream, sequence)),
            Backend::Embedded(embedded) => embedded.remove(stream, sequence).await,
            Backend::JetStream(broker) => broker.remove(stream, sequence).await,
        }
    }

    /// Removes the messages of a stream that were stored before this time (Unix milliseconds); returns how many.
    pub async fn trim(&self, stream: Stream, keep_newer_than_ms: i64) -> Result<u64, Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.trim(stream, keep_newer_than_ms)),
            Backend::Embedded(embedded) => embedded.trim(stream, keep_newer_than_ms).await,
            Backend::JetStream(broker) => broker.trim(stream, keep_newer_than_ms).await,
        }
    }

    /// How much is in a stream; settling that is under way may not show yet. At JetStream what is delayed counts as in flight,
    /// and so does what any process has fetched ahead.
    pub async fn depth(&self, stream: Stream) -> Result<Depth, Error> {
        let now_ms = self.shared.clock.now_ms();
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.depth(stream, now_ms)),
            Backend::Embedded(embedded) => embedded.depth(stream, now_ms).await,
            Backend::JetStream(broker) => broker.depth(stream).await,
        }
    }

    /// How many messages of a connection a consumer has not settled yet, whatever their state.
    pub async fn backlog(&self, consumer: Consumer, connection: &ConnectionId) -> Result<u64, Error> {
        match &self.shared.backend {
            Backend::Memory(memory) => Ok(memory.backlog(consumer, connection)),
            Backend::Embedded(embedded) => embedded.backlog(consumer, connection).await,
            Backend::JetStream(broker) => broker.backlog(consumer, connection).await,
        }
    }

    /// Whether a message could be stored now: makes a small durable write that needs new space.
    pub async fn healthy(&self) -> Result<(), Error> {
        match &self.shared.backend {
            Backend::Memory(_) => Ok(()),
            Backend::Embedded(embedded) => embedded.healthy().await,
            Backend::JetStream(broker) => broker.healthy().await,
        }
    }

    /// Hands out again what a broker that was killed has kept and would hand to nobody; returns how many. To be called now
    /// and then. Only JetStream leaves anything behind.
    pub async fn recover(&self) -> Result<u64, Error> {
        match self.broker() {
            Some(broker) => broker.recover().await,
            None => Ok(0),
        }
    }

    /// Fetches no more messages ahead, and hands what was fetched to other processes: the first step of a shutdown. Everything
    /// else goes on working; pulls find nothing any more. Only at JetStream is anything fetched ahead.
    pub async fn stop_pulling(&self) {
        if let Some(broker) = self.broker() {
            broker.stop_pulling().await;
        }
    }

    /// The message is done, whoever holds it now: well, or given up for a reason.
    pub(crate) async fn settle(&self, receipt: &Receipt, given_up: Option<&str>) -> Result<(), Error> {
        match (&self.shared.backend, receipt) {
            (Backend::Memory(memory), Receipt::Sequence(sequence)) => {
                memory.settle(*sequence);
                Ok(())
            }
            (Backend::Embedded(embedded), Receipt::Sequence(sequence)) => embedded.settle(*sequence).await,
            (Backend::JetStream(broker), Receipt::Reply(reply)) => {
                let verdict = given_up.map_or(Verdict::Ack, |reason| Verdict::Term(reason.to_owned()));
                broker.settle(reply, verdict).await
            }
            (Backend::Memory(_) | Backend::Embedded(_), Receipt::Reply(_))
            | (Backend::JetStream(_), Receipt::Sequence(_)) => Err(Error::Closed),
        }
    }

    /// The message is ready again for anybody after the delay.
    pub(crate) async fn give_back(&self, receipt: &Receipt, delay: Duration) -> Result<(), Error> {
        self.reschedule(receipt, delay, false).await
    }

    /// The message stays with its worker for another `ack_wait`.
    pub(crate) async fn prolong(&self, receipt: &Receipt) -> Result<(), Error> {
        self.reschedule(receipt, self.shared.settings.ack_wait, true).await
    }

    async fn reschedule(&self, receipt: &Receipt, delay: Duration, leased: bool) -> Result<(), Error> {
        let due_ms = self.shared.clock.now_ms().saturating_add(millis(delay));
        let due_ms = if delay.is_zero() { 0 } else { due_ms };
        match (&self.shared.backend, receipt) {
            (Backend::Memory(memory), Receipt::Sequence(sequence)) => {
                if let Some(consumer) = memory.reschedule(*sequence, due_ms, leased) {
                    self.shared.wakeups.ring(consumer);
                }
                Ok(())
            }
            (Backend::Embedded(embedded), Receipt::Sequence(sequence)) => {
                embedded.reschedule(*sequence, due_ms, leased).await
            }
            (Backend::JetStream(broker), Receipt::Reply(reply)) => {
                let verdict = if leased { Verdict::InProgress } else { Verdict::Nak(delay) };
                broker.settle(reply, verdict).await
            }
            (Backend::Memory(_) | Backend::Embedded(_), Receipt::Reply(_))
            | (Backend::JetStream(_), Receipt::Sequence(_)) => Err(Error::Closed),
        }
    }

    async fn take(
        &self,
        consumer: Consumer,
        max: usize,
        but: &BTreeSet<ConnectionId>,
    ) -> Result<(Vec<Delivery>, Option<i64>), Error> {
        let now_ms = self.shared.clock.now_ms();
        let lease_until_ms = now_ms.saturating_add(millis(self.shared.settings.ack_wait));
        let times = (now_ms, lease_until_ms);
        let taken = match &self.shared.backend {
            Backend::Memory(memory) => memory.take(consumer, (max, but), times),
            Backend::Embedded(embedded) => embedded.take(consumer, (max, but), times).await?,
            Backend::JetStream(broker) => {
                let hand_out = |fetched: Fetched| {
                    let receipt = Receipt::Reply(fetched.reply);
                    Delivery::new(self.clone(), fetched.stored, fetched.deliveries, receipt)
                };
                return Ok((broker.take(consumer, max, but).into_iter().map(hand_out).collect(), None));
            }
        };
        let hand_out = |(message, deliveries): (Stored, u32)| {
            let receipt = Receipt::Sequence(message.sequence);
            Delivery::new(self.clone(), message, deliveries, receipt)
        };
        Ok((taken.messages.into_iter().map(hand_out).collect(), taken.next_due_ms))
    }

    fn broker(&self) -> Option<&Broker> {
        match &self.shared.backend {
            Backend::Memory(_) | Backend::Embedded(_) => None,
            Backend::JetStream(broker) => Some(broker),
        }
    }

    /// How long nothing can become ready unless the bell rings: a lease that another puller takes after our look runs
    /// out no sooner than `ack_wait` from now.
    fn until_due(&self, next_due_ms: Option<i64>) -> Duration {
        let due = next_due_ms.map_or(i64::MAX, |due_ms| due_ms.saturating_sub(self.shared.clock.now_ms()).max(0));
        Duration::from_millis(due.unsigned_abs()).min(self.shared.settings.ack_wait)
    }
}
