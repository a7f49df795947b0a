//! Keeps the buffer filled: one task for all connections of a consumer, with one pull under way for each.
//!
//! The library's own streams of messages end or stall on heartbeats and say little about why a pull ended; a pull is one
//! request, and every way it ends is told apart here. A watchdog ends those that the server forgot.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tandem_jetstream::Error as BrokerError;
use tandem_jetstream::async_nats::{Message, StatusCode, Subscriber};
use tandem_proto::{Stream, topology};
use tokio::time::{Instant, MissedTickBehavior};

use super::buffer::Fetched;
use super::reader::{Shared, tell};
use super::settle::Verdict;
use super::{wire, wiring};

/// Messages fetched ahead for one connection, and for all.
const AHEAD: usize = 16;
const AHEAD_OF_ALL: usize = 4_096;
/// How long a pull waits at the server.
const EXPIRES: Duration = Duration::from_secs(20);
/// How much later we stop believing in it.
const GRACE: Duration = Duration::from_secs(3);
const TICK: Duration = Duration::from_millis(200);
/// After a pull or a repair that failed.
const REST: Duration = Duration::from_secs(1);
/// Consumers made anew at the same time.
const MENDING_AT_ONCE: usize = 16;
/// Between two lines about the same trouble.
const REMIND: Duration = Duration::from_secs(10);

/// One connection's consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Idle,
    Pulling {
        number: u64,
        remaining: usize,
        until: Instant,
    },
    Resting {
        until: Instant,
    },
    /// The consumer is not there: it is being made anew.
    Mending,
}

type Mended = (usize, Result<(), BrokerError>);

pub(super) struct Feeder {
    shared: Arc<Shared>,
    slots: Vec<Slot>,
    by_name: HashMap<String, usize>,
    /// Idle slots that may have room.
    wanting: BTreeSet<usize>,
    to_mend: VecDeque<usize>,
    mending: FuturesUnordered<BoxFuture<'static, Mended>>,
    inbox: String,
    pulls: u64,
    connects: u64,
    complained: Option<Instant>,
}

impl Feeder {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let names = shared.connections.iter().enumerate();
        let by_name = names.map(|(index, connection)| (connection.as_str().to_owned(), index)).collect();
        Self {
            slots: vec![Slot::Idle; shared.connections.len()],
            by_name,
            wanting: BTreeSet::new(),
            to_mend: VecDeque::new(),
            mending: FuturesUnordered::new(),
            inbox: String::new(),
            pulls: 0,
            connects: 0,
            complained: None,
            shared,
        }
    }

    /// Fetches while somebody pulls; gives everything back when nobody does.
    pub(super) async fn run(mut self) {
        while !self.shared.is_stopping() {
            if !self.shared.is_wanted(Instant::now()) {
                self.shared.call.notified().await;
                continue;
            }
            self.inbox = self.shared.connection.client().new_inbox();
            match self.shared.connection.client().subscribe(format!("{}.*", self.inbox)).await {
                Ok(mut subscriber) => {
                    self.feed(&mut subscriber).await;
                    give_back(&self.shared, subscriber).await;
                }
                Err(error) => {
                    self.complain(&format!("no messages can be received: {error}"));
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    async fn feed(&mut self, subscriber: &mut Subscriber) {
        self.connects = self.count_connects();
        self.slots.fill(Slot::Idle);
        self.wanting = (0..self.slots.len()).collect();
        self.to_mend.clear();
        self.mending.clear();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.shared.is_stopping() && self.shared.is_wanted(Instant::now()) {
            self.ask().await;
            self.mend();
            tokio::select! {
                message = subscriber.next() => match message {
                    Some(message) => self.hear(message),
                    None => return,
                },
                Some((index, outcome)) = self.mending.next(), if !self.mending.is_empty() => self.mended(index, outcome),
                () = self.shared.call.notified() => self.look_for_room(),
                _ = ticks.tick() => self.tick(),
            }
        }
    }

    /// Pulls for every idle slot with room.
    async fn ask(&mut self) {
        for index in std::mem::take(&mut self.wanting) {
            if self.slots[index] != Slot::Idle {
                continue;
            }
            let connection = &self.shared.connections[index];
            let (ahead, ahead_of_all) = {
                let buffer = self.shared.buffer();
                (buffer.len_of(connection.as_str()), buffer.len())
            };
            if ahead_of_all >= AHEAD_OF_ALL {
                self.wanting.insert(index);
            } else if ahead <= AHEAD / 2 {
                self.pull(index, AHEAD - ahead).await;
            }
        }
    }

    async fn pull(&mut self, index: usize, count: usize) {
        self.pulls += 1;
        let number = self.pulls;
        let consumer = wiring::consumer_name(self.shared.consumer, &self.shared.connections[index]);
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{consumer}", self.stream().name());
        let body = format!("{{\"batch\":{count},\"expires\":{}}}", EXPIRES.as_nanos());
        let reply = format!("{}.{index}-{number}", self.inbox);
        let sent = self.shared.connection.client().publish_with_reply(subject, reply, body.into()).await;
        self.slots[index] = match sent {
            Ok(()) => Slot::Pulling { number, remaining: count, until: Instant::now() + EXPIRES + GRACE },
            Err(_) => Slot::Resting { until: Instant::now() + REST },
        };
    }

    fn hear(&mut self, message: Message) {
        if let Some(status) = message.status {
            self.hear_status(&message, status);
            return;
        }
        let Some(reply) = message.reply.clone() else { return };
        let Some(index) = self.by_name.get(topology::connection_in(&message.subject)).copied() else {
            return;
        };
        let Some((stored, deliveries)) = wire::delivered(self.stream(), message, self.shared.connection.context())
        else {
            return;
        };
        self.shared.buffer().add(Fetched { stored, deliveries, reply, at: Instant::now() });
        self.shared.wakeups.ring(self.shared.consumer);
        if let Slot::Pulling { number, remaining, until } = self.slots[index] {
            match remaining {
                0 | 1 => self.pull_again(index),
                _ => self.slots[index] = Slot::Pulling { number, remaining: remaining - 1, until },
            }
        }
    }

    /// A pull has ended, for one of many reasons.
    fn hear_status(&mut self, message: &Message, status: StatusCode) {
        let last = message.subject.rsplit('.').next().and_then(|token| token.split_once('-'));
        let Some((Ok(index), Ok(ended))) = last.map(|(index, number)| (index.parse::<usize>(), number.parse::<u64>()))
        else {
            return;
        };
        let is_current =
            self.slots.get(index).is_some_and(|slot| matches!(slot, Slot::Pulling { number, .. } if *number == ended));
        if !is_current || status == StatusCode::IDLE_HEARTBEAT {
            return;
        }
        let description = message.description.as_deref().unwrap_or_default();
        match status {
            // Its time is over, or there was nothing.
            StatusCode::TIMEOUT | StatusCode::NOT_FOUND => self.pull_again(index),
            // Nobody listens on the consumer's subject.
            StatusCode::NO_RESPONDERS => self.needs_mending(index),
            _ if description.contains("Consumer Deleted") => self.needs_mending(index),
            _ => {
                tracing::debug!(%status, description, consumer = self.shared.consumer.name(), "a pull ended");
                self.rest(index);
            }
        }
    }

    fn pull_again(&mut self, index: usize) {
        self.slots[index] = Slot::Idle;
        self.wanting.insert(index);
    }

    fn rest(&mut self, index: usize) {
        self.slots[index] = Slot::Resting { until: Instant::now() + REST };
    }

    fn needs_mending(&mut self, index: usize) {
        self.slots[index] = Slot::Mending;
        self.to_mend.push_back(index);
    }

    fn mend(&mut self) {
        while self.mending.len() < MENDING_AT_ONCE {
            let Some(index) = self.to_mend.pop_front() else { return };
            let shared = Arc::clone(&self.shared);
            let mend = async move {
                let config = wiring::consumer_config(shared.consumer, &shared.connections[index], shared.settings);
                (index, shared.connection.ensure_consumer(shared.consumer.stream().name(), &config).await)
            };
            self.mending.push(mend.boxed());
        }
    }

    fn mended(&mut self, index: usize, outcome: Result<(), BrokerError>) {
        match outcome {
            Ok(()) => {
                tracing::debug!(consumer = self.shared.consumer.name(), "a consumer was not there and was made anew");
                self.pull_again(index);
            }
            Err(error) => {
                self.complain(&format!("a consumer is not there and can't be made: {error}"));
                self.rest(index);
            }
        }
    }

    fn look_for_room(&mut self) {
        let drained = self.shared.buffer().drained();
        self.wanting.extend(drained.iter().filter_map(|connection| self.by_name.get(connection)));
    }

    fn tick(&mut self) {
        let now = Instant::now();
        let connects = self.count_connects();
        let is_reconnected = std::mem::replace(&mut self.connects, connects) != connects;
        self.shared.buffer().drop_expired(now);
        self.look_for_room();
        for index in 0..self.slots.len() {
            match self.slots[index] {
                // A server forgets the pulls of a connection that is gone.
                Slot::Pulling { .. } if is_reconnected => self.pull_again(index),
                Slot::Pulling { until, .. } if now >= until => {
                    self.complain("a pull had no end: pulling again");
                    self.pull_again(index);
                }
                Slot::Resting { until } if now >= until || is_reconnected => self.pull_again(index),
                Slot::Idle | Slot::Pulling { .. } | Slot::Resting { .. } | Slot::Mending => {}
            }
        }
    }

    fn stream(&self) -> Stream {
        self.shared.consumer.stream()
    }

    fn count_connects(&self) -> u64 {
        self.shared.connection.client().statistics().connects.load(Ordering::Relaxed)
    }

    fn complain(&mut self, what: &str) {
        if self.complained.is_none_or(|last| last.elapsed() >= REMIND) {
            self.complained = Some(Instant::now());
            tracing::warn!(consumer = self.shared.consumer.name(), "{what}");
        }
    }
}

/// Ends all pulls, takes what is still on its way, and hands everything that nobody took to others.
async fn give_back(shared: &Shared, mut subscriber: Subscriber) {
    if let Err(error) = subscriber.drain().await {
        tracing::debug!(%error, "a subscription was not ended in order");
    }
    let on_its_way = async {
        let mut replies = Vec::new();
        while let Some(message) = subscriber.next().await {
            replies.extend(message.reply.filter(|_| message.status.is_none()));
        }
        replies
    };
    let late = tokio::time::timeout(REST, on_its_way).await.unwrap_or_default();
    let held = shared.buffer().take_all();
    let replies: Vec<_> = held.into_iter().map(|fetched| fetched.reply).chain(late).collect();
    tell(shared.connection.clone(), replies, Verdict::Nak(Duration::ZERO)).await;
    if shared.connection.is_connected() {
        let flushed = tokio::time::timeout(REST, shared.connection.client().flush()).await;
        tracing::trace!(?flushed, "messages fetched ahead were given back");
    }
}
