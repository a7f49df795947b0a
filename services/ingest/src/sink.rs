//! Where accepted events go: the queue, or the spool while a queue elsewhere is away.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tandem_queue::{Error, NewMessage, Published, Queue};
use tandem_telemetry::chain;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::Rejection;
use crate::spool::{Refused, Spool};

/// How long a queue on this machine's disk may take; senders have time-outs of their own.
const DIRECT_LIMIT: Duration = Duration::from_secs(5);
/// How long a queue elsewhere may take before the spool is used.
const REMOTE_LIMIT: Duration = Duration::from_secs(2);
/// While the queue is away, one event in this time tries it; the others go to the spool at once.
const PROBE_PAUSE: Duration = Duration::from_secs(1);
/// How long the drain waits for something to hand over.
const DRAIN_WAIT: Duration = Duration::from_secs(30);

/// Where accepted events go; clones share it.
#[derive(Debug, Clone)]
pub struct Sink {
    way: Arc<Way>,
}

#[derive(Debug)]
enum Way {
    /// A queue that is here for as long as the process.
    Direct(Queue),
    /// A queue elsewhere.
    Spooled(Spooled),
}

#[derive(Debug)]
struct Spooled {
    /// Empty until it was reached for the first time.
    queue: OnceLock<Queue>,
    spool: Spool,
    /// Set while the queue is away: when to try it next.
    away: Mutex<Option<Instant>>,
}

impl Sink {
    /// Straight to a queue.
    pub fn direct(queue: Queue) -> Self {
        Self { way: Arc::new(Way::Direct(queue)) }
    }

    /// To a queue that may be away, now too: see [`Self::reached`].
    pub fn spooled(spool: Spool) -> Self {
        let spooled = Spooled { queue: OnceLock::new(), spool, away: Mutex::new(None) };
        Self { way: Arc::new(Way::Spooled(spooled)) }
    }

    /// The queue was reached for the first time. Only what [`Self::spooled`] made waits for it.
    pub fn reached(&self, queue: Queue) {
        if let Way::Spooled(spooled) = &*self.way {
            // Reached twice is reached once.
            spooled.queue.get_or_init(|| queue);
        }
    }

    /// How many events wait in the spool.
    pub fn spooled_messages(&self) -> u64 {
        match &*self.way {
            Way::Direct(_) => 0,
            Way::Spooled(spooled) => spooled.spool.messages(),
        }
    }

    /// Whether an event could be stored now, here or there.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub async fn healthy(&self) -> Result<(), String> {
        match &*self.way {
            Way::Direct(queue) => queue.healthy().await.map_err(|error| chain(&error)),
            Way::Spooled(spooled) => match spooled.queue.get().filter(|_| spooled.away().is_none()) {
                Some(queue) if queue.healthy().await.is_ok() => Ok(()),
                Some(_) | None => spooled.spool.healthy().await,
            },
        }
    }

    /// Hands what the spool holds to the queue, until the shutdown.
    pub async fn drain(self, shutdown: CancellationToken) {
        let Way::Spooled(spooled) = &*self.way else {
            shutdown.cancelled().await;
            return;
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = spooled.drain() => {}
        }
    }

    /// Returns once the event is durable, here or there.
    pub(crate) async fn publish(&self, message: NewMessage) -> Result<Published, Rejection> {
        match &*self.way {
            // Should it be stored after all, the provider's next try is a duplicate.
            Way::Direct(queue) => within(DIRECT_LIMIT, queue, message).await,
            Way::Spooled(spooled) => spooled.publish(message).await,
        }
    }
}

impl Spooled {
    async fn publish(&self, message: NewMessage) -> Result<Published, Rejection> {
        if let Some(queue) = self.to_try() {
            match within(REMOTE_LIMIT, queue, message.clone()).await {
                Ok(published) => {
                    self.is_back();
                    return Ok(published);
                }
                // Refused for good: it would be refused again when it comes from the spool.
                Err(Rejection::NotStored(error @ Error::Broker(_))) => return Err(Rejection::NotStored(error)),
                Err(rejection) => self.is_away(&rejection),
            }
        }
        // It may be in the queue all the same; the id it has there and here is one.
        self.spool.keep(message).await.map_err(|refused| match refused {
            Refused::Full => Rejection::SpoolFull,
            Refused::Storage(error) => Rejection::NotStored(error),
        })
    }

    /// The queue, unless it is known to be away and this is not the event that looks again.
    fn to_try(&self) -> Option<&Queue> {
        let queue = self.queue.get()?;
        let mut away = self.away();
        match *away {
            None => Some(queue),
            Some(probe_at) if Instant::now() >= probe_at => {
                *away = Some(Instant::now() + PROBE_PAUSE);
                Some(queue)
            }
            Some(_) => None,
        }
    }

    fn is_away(&self, error: &dyn std::error::Error) {
        let mut away = self.away();
        if away.is_none() {
            tracing::error!(error = %chain(error), "the queue can't be reached: events go to the spool");
        }
        *away = Some(Instant::now() + PROBE_PAUSE);
    }

    fn is_back(&self) {
        if self.away().take().is_some() {
            tracing::info!("the queue is back: events go there again");
        }
    }

    async fn drain(&self) {
        loop {
            let Some(queue) = self.queue.get() else {
                tokio::time::sleep(PROBE_PAUSE).await;
                continue;
            };
            match self.spool.hand_over(queue, DRAIN_WAIT).await {
                Ok(0) => {}
                Ok(count) => {
                    self.is_back();
                    tracing::info!(count, "{count} events went from the spool to the queue");
                }
                Err(error) => {
                    self.is_away(&error);
                    tokio::time::sleep(PROBE_PAUSE).await;
                }
            }
        }
    }

    fn away(&self) -> MutexGuard<'_, Option<Instant>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn within(limit: Duration, queue: &Queue, message: NewMessage) -> Result<Published, Rejection> {
    let published = tokio::time::timeout(limit, queue.publish(message)).await;
    published.map_err(|_| Rejection::NotStoredInTime)?.map_err(Rejection::NotStored)
}
