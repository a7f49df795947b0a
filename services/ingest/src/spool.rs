//! Events on the local disk while the queue is away: bounded, and each kept until the queue has it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tandem_proto::{Consumer, Stream};
use tandem_queue::{Delivery, Error, NewMessage, Published, Queue};

/// Messages read at once when the spool is counted.
const PAGE: usize = 500;
/// A server takes messages of 1 MiB unless it is set up for more, and what it refused would never leave the spool.
const LARGEST: u64 = 1000 * 1024;
/// Messages handed over at once.
const BATCH: usize = 256;

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolLimits {
    /// So many events,
    pub messages: u64,
    /// and so many bytes of them.
    pub bytes: u64,
}

/// What is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Held {
    messages: u64,
    bytes: u64,
}

/// Why an event was not kept.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The limits are reached.
    Full,
    /// The disk doesn't take it.
    Storage(Error),
}

/// The spool: a queue of this process's own, in its own database.
#[derive(Debug)]
pub struct Spool {
    queue: Queue,
    limits: SpoolLimits,
    held: Mutex<Held>,
}

impl Spool {
    /// Goes on with what an earlier process left in `queue`.
    ///
    /// # Errors
    /// The queue can't be read.
    pub async fn open(queue: Queue, limits: SpoolLimits) -> Result<Self, Error> {
        let mut held = Held::default();
        let mut after = 0;
        loop {
            let page = queue.browse(Stream::Events, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            held.messages += u64::try_from(page.len()).unwrap_or(u64::MAX);
            held.bytes += page.iter().map(|message| size(&message.body)).sum::<u64>();
        }
        if held.messages > 0 {
            tracing::info!("{} events of before wait in the spool for the queue", held.messages);
        }
        Ok(Self { queue, limits, held: Mutex::new(held) })
    }

    /// Keeps an event; it is on disk when this returns.
    pub(crate) async fn keep(&self, message: NewMessage) -> Result<Published, Refused> {
        let bytes = size(&message.body);
        if bytes > LARGEST {
            return Err(Refused::Full);
        }
        // Taken before the write, so that many at once don't all find the last place free.
        if !self.take_room(bytes) {
            return Err(Refused::Full);
        }
        let kept = self.queue.publish(message).await;
        if !matches!(kept, Ok(Published::Stored { .. })) {
            self.give_room(bytes);
        }
        kept.map_err(Refused::Storage)
    }

    /// Waits for events and hands them to the queue; returns how many it has now.
    ///
    /// # Errors
    /// Of the queue; what it didn't take stays here.
    pub(crate) async fn hand_over(&self, queue: &Queue, wait: Duration) -> Result<usize, Error> {
        let deliveries = self.queue.pull(Consumer::MapperLive, BATCH, wait).await?;
        if deliveries.is_empty() {
            return Ok(0);
        }
        // The same ids as on the first try: what the queue has already is not stored twice.
        let published = queue.publish_all(deliveries.iter().map(message).collect()).await;
        if let Err(error) = published {
            join_all(deliveries.into_iter().map(|delivery| delivery.nak(Duration::ZERO))).await;
            return Err(error);
        }
        let count = deliveries.len();
        join_all(deliveries.into_iter().map(|delivery| self.release(delivery))).await;
        Ok(count)
    }

    /// How many events are kept.
    pub(crate) fn messages(&self) -> u64 {
        self.held().messages
    }

    /// Whether one more event would be kept.
    pub(crate) async fn healthy(&self) -> Result<(), String> {
        let held = *self.held();
        if held.messages >= self.limits.messages || held.bytes >= self.limits.bytes {
            return Err(format!("the spool is full with {} events", held.messages));
        }
        self.queue.healthy().await.map_err(|error| tandem_telemetry::chain(&error))
    }

    async fn release(&self, delivery: Delivery) {
        let bytes = size(&delivery.message.body);
        match delivery.ack().await {
            Ok(()) => self.give_room(bytes),
            Err(error) => {
                let error = tandem_telemetry::chain(&error);
                tracing::warn!(%error, "an event that the queue has stays in the spool; it is handed over again");
            }
        }
    }

    fn take_room(&self, bytes: u64) -> bool {
        let mut held = self.held();
        let next = Held { messages: held.messages + 1, bytes: held.bytes.saturating_add(bytes) };
        if next.messages > self.limits.messages || next.bytes > self.limits.bytes {
            return false;
        }
        *held = next;
        true
    }

    fn give_room(&self, bytes: u64) {
        let mut held = self.held();
        held.messages = held.messages.saturating_sub(1);
        held.bytes = held.bytes.saturating_sub(bytes);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message(delivery: &Delivery) -> NewMessage {
    let stored = &delivery.message;
    NewMessage {
        stream: Stream::Events,
        lane: stored.lane,
        subject: stored.subject.clone(),
        id: stored.id.clone(),
        body: stored.body.clone(),
    }
}

fn size(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}
