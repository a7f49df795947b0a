//! How many processes of a group there are: each beats once a second on a subject of its own group, and counts the others.
//!
//! Nothing is stored, so nothing has to be cleaned up. A process that is cut off from NATS hears nobody, itself included,
//! and keeps the number it knew: it must not think that it is alone.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::{Message, Subscriber};
use futures_util::StreamExt as _;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior};

use crate::{Error, JetStream};

const BEAT: Duration = Duration::from_secs(1);
/// Not heard for this long: gone.
const GONE: Duration = Duration::from_secs(5);
/// Longer between two of our own beats: we were cut off, and so may the others have been.
const CUT_OFF: Duration = Duration::from_secs(3);

/// Membership in a group; ends when the last clone is dropped.
#[derive(Clone)]
pub struct Members {
    inner: Arc<Inner>,
}

struct Inner {
    heard: Arc<Mutex<Heard>>,
    task: AbortHandle,
}

impl Members {
    /// Joins the group: one name per shared budget. The name is one token of a subject.
    pub async fn join(connection: &JetStream, group: &str) -> Result<Self, Error> {
        let subject = format!("tandem.members.{group}");
        let own = format!("{:032x}", rand::random::<u128>());
        let subscribed = connection.client().subscribe(subject.clone()).await;
        let subscriber = subscribed.map_err(|error| Error::Options(format!("the group {group}: {error}")))?;
        let heard = Arc::new(Mutex::new(Heard::new(own.clone(), Instant::now())));
        let beating = Beating { connection: connection.clone(), subject, own, heard: Arc::clone(&heard) };
        let task = tokio::spawn(beating.run(subscriber)).abort_handle();
        Ok(Self { inner: Arc::new(Inner { heard, task }) })
    }

    /// How many there are, this one included.
    pub fn count(&self) -> usize {
        lock(&self.inner.heard).alive().count()
    }

    /// This one's place among them, from 0. Two members never have the same one for longer than news takes to travel.
    pub fn rank(&self) -> usize {
        let heard = lock(&self.inner.heard);
        heard.alive().filter(|id| **id < heard.own).count()
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members").field("count", &self.count()).field("rank", &self.rank()).finish()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Beating {
    connection: JetStream,
    subject: String,
    own: String,
    heard: Arc<Mutex<Heard>>,
}

impl Beating {
    async fn run(self, mut subscriber: Subscriber) {
        let mut ticks = tokio::time::interval(BEAT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.beat().await,
                message = subscriber.next() => match message {
                    Some(message) => self.hear(&message).await,
                    // Only at the end of the connection, which is the end of the process.
                    None => return,
                },
            }
        }
    }

    async fn beat(&self) {
        // What is sent while cut off would pile up and come late.
        if self.connection.is_connected() {
            let sent = self.connection.client().publish(self.subject.clone(), self.own.clone().into()).await;
            if let Err(error) = sent {
                tracing::debug!(%error, "a sign of life was not sent");
            }
        }
    }

    async fn hear(&self, message: &Message) {
        let Ok(id) = std::str::from_utf8(&message.payload) else { return };
        let is_new = lock(&self.heard).hear(id, Instant::now());
        // So that one who has just come needn't wait for the next tick to know everybody.
        if is_new {
            self.beat().await;
        }
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who was heard when.
#[derive(Debug)]
struct Heard {
    own: String,
    own_at: Instant,
    others: BTreeMap<String, Instant>,
}

impl Heard {
    fn new(own: String, now: Instant) -> Self {
        Self { own, own_at: now, others: BTreeMap::new() }
    }

    /// True for somebody new.
    fn hear(&mut self, id: &str, now: Instant) -> bool {
        if id != self.own {
            return self.others.insert(id.to_owned(), now).is_none();
        }
        if now.duration_since(self.own_at) > CUT_OFF {
            self.others.values_mut().for_each(|at| *at = now);
        }
        self.own_at = now;
        self.others.retain(|_, at| now.duration_since(*at) < GONE);
        false
    }

    fn alive(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.own).chain(self.others.keys())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_for_five_seconds_is_gone() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut heard = Heard::new("m".to_owned(), start);
        assert!(heard.hear("a", at(0)) && heard.hear("z", at(0)));
        assert!(!heard.hear("a", at(1)));
        for second in 1..=5 {
            heard.hear("m", at(second));
        }
        assert_eq!(heard.alive().collect::<Vec<_>>(), ["m", "a"]);
        heard.hear("m", at(6));
        assert_eq!(heard.alive().count(), 1);
    }

    #[test]
    fn one_who_is_cut_off_does_not_think_that_it_is_alone() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut heard = Heard::new("m".to_owned(), start);
        heard.hear("a", at(0));
        // Connected again after a minute: the other one is given time to be heard.
        heard.hear("m", at(60));
        assert_eq!(heard.alive().count(), 2);
        for second in 61..66 {
            heard.hear("m", at(second));
        }
        assert_eq!(heard.alive().count(), 1);
    }
}
