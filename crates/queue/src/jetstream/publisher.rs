//! Publishing with group commit: what has piled up while the batch before was on its way goes as one batch.
//!
//! With `sync_interval: always` the server writes to the disk once per message, but only once per atomic batch.

use std::collections::HashMap;
use std::time::Duration;

use tandem_jetstream::{Error as BrokerError, JetStream};
use tandem_policy::backoff;
use tandem_proto::MessageId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::recent::Recent;
use super::send;
use crate::{Error, NewMessage, Published, Settings};

/// The server takes 1,000 at most.
const MOST_MESSAGES: usize = 256;
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// From the call to its error, whatever is tried in between.
const PATIENCE: Duration = Duration::from_secs(6);
/// For one attempt: an election takes less.
const ATTEMPT: Duration = Duration::from_secs(2);
/// While the connection is down nothing is sent: it would only pile up.
const RECONNECT: Duration = Duration::from_secs(2);
const PAUSE_BASE: Duration = Duration::from_millis(50);
const PAUSE_CAP: Duration = Duration::from_millis(500);
/// Turns given to others before a batch goes.
const TURNS: usize = 8;
const POLL: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Publisher {
    orders: UnboundedSender<Order>,
}

/// What one caller wants stored.
#[derive(Debug)]
struct Order {
    messages: Vec<NewMessage>,
    deadline: Instant,
    answer: oneshot::Sender<Result<Vec<Published>, Error>>,
}

impl Publisher {
    /// Ends when the queue does.
    pub(super) fn start(connection: JetStream, settings: Settings) -> Self {
        let (orders, inbox) = unbounded_channel();
        tokio::spawn(Committer { connection, recent: Recent::new(settings.dedup_window) }.run(inbox));
        Self { orders }
    }

    /// The messages are on their way when this returns, whether or not the future is awaited.
    pub(super) fn publish(
        &self,
        messages: Vec<NewMessage>,
    ) -> impl Future<Output = Result<Vec<Published>, Error>> + use<> {
        let (answer, answered) = oneshot::channel();
        let order = Order { messages, deadline: Instant::now() + PATIENCE, answer };
        let sent = self.orders.send(order);
        async move {
            sent.map_err(|_| Error::Closed)?;
            answered.await.map_err(|_| Error::Closed)?
        }
    }
}

type Outcome = Result<Published, BrokerError>;

struct Committer {
    connection: JetStream,
    recent: Recent,
}

impl Committer {
    async fn run(mut self, mut inbox: UnboundedReceiver<Order>) {
        let mut together = 1;
        while let Some(first) = inbox.recv().await {
            let_others_come(&inbox, together).await;
            let orders = gather(first, &mut inbox);
            together = orders.len();
            self.commit(orders).await;
        }
    }

    async fn commit(&mut self, orders: Vec<Order>) {
        let Some(deadline) = orders.iter().map(|order| order.deadline).min() else { return };
        let messages: Vec<&NewMessage> = orders.iter().flat_map(|order| &order.messages).collect();
        let mut outcomes = self.store(&messages, deadline).await.into_iter();
        for order in orders {
            let own: Vec<Outcome> = outcomes.by_ref().take(order.messages.len()).collect();
            let answer = own.into_iter().collect::<Result<Vec<_>, _>>().map_err(Error::from);
            // A caller that stopped waiting doesn't need the answer; the messages are stored all the same.
            drop(order.answer.send(answer));
        }
    }

    /// One outcome for each message.
    async fn store(&mut self, messages: &[&NewMessage], deadline: Instant) -> Vec<Outcome> {
        let (unique, place) = unique(messages);
        let (known, new): (Vec<usize>, Vec<usize>) =
            (0..unique.len()).partition(|one| self.recent.knows(&unique[*one].id));
        let mut outcomes: Vec<Option<Outcome>> = vec![None; unique.len()];
        for (chunk, is_known) in chunks(&unique, &known, true).chain(chunks(&unique, &new, false)) {
            let those: Vec<&NewMessage> = chunk.iter().map(|one| unique[*one]).collect();
            let stored = Attempts { connection: &self.connection, deadline }.store(&those, is_known).await;
            for (one, outcome) in chunk.into_iter().zip(stored) {
                outcomes[one] = Some(outcome);
            }
        }
        let now = Instant::now();
        for (message, outcome) in unique.iter().zip(&outcomes) {
            if matches!(outcome, Some(Ok(Published::Stored { .. }))) {
                self.recent.add(&message.id, now);
            }
        }
        answers(&place, &outcomes)
    }
}

/// Those who were answered a moment ago may be about to publish again: they get their turn, but no time.
async fn let_others_come(inbox: &UnboundedReceiver<Order>, together: usize) {
    let mut turns = 0;
    while inbox.len() + 1 < together && turns < TURNS {
        tokio::task::yield_now().await;
        turns += 1;
    }
}

/// What has piled up behind the first, as far as it fits in a batch.
fn gather(first: Order, inbox: &mut UnboundedReceiver<Order>) -> Vec<Order> {
    let (mut count, mut orders) = (first.messages.len(), vec![first]);
    while count < MOST_MESSAGES
        && let Ok(next) = inbox.try_recv()
    {
        count += next.messages.len();
        orders.push(next);
    }
    orders
}

/// The first message of each id, and for every message which of those it is and whether it is the first.
fn unique<'a>(messages: &[&'a NewMessage]) -> (Vec<&'a NewMessage>, Vec<(usize, bool)>) {
    let mut unique: Vec<&NewMessage> = Vec::with_capacity(messages.len());
    let mut seen: HashMap<&MessageId, usize> = HashMap::with_capacity(messages.len());
    let mut place = Vec::with_capacity(messages.len());
    for message in messages {
        let known = seen.get(&message.id).copied();
        place.push((known.unwrap_or(unique.len()), known.is_none()));
        if known.is_none() {
            seen.insert(&message.id, unique.len());
            unique.push(message);
        }
    }
    (unique, place)
}

fn answers(place: &[(usize, bool)], outcomes: &[Option<Outcome>]) -> Vec<Outcome> {
    let answer = |&(one, is_first): &(usize, bool)| match outcomes.get(one).and_then(Option::as_ref) {
        Some(Ok(_)) if !is_first => Ok(Published::Duplicate),
        Some(outcome) => outcome.clone(),
        None => Err(BrokerError::Unavailable("it was not sent".to_owned())),
    };
    place.iter().map(answer).collect()
}

/// Cuts into what fits in one batch.
fn chunks<'a>(
    messages: &'a [&NewMessage],
    those: &'a [usize],
    is_known: bool,
) -> impl Iterator<Item = (Vec<usize>, bool)> + 'a {
    let mut rest = those;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |one: &&usize| {
            bytes += messages[**one].body.len();
            bytes <= MOST_BYTES
        };
        let count = rest.iter().take(MOST_MESSAGES).take_while(fits).count().max(1);
        let (chunk, behind) = rest.split_at_checked(count)?;
        rest = behind;
        Some((chunk.to_vec(), is_known))
    })
}

/// Tries until the deadline, always with the same ids.
struct Attempts<'a> {
    connection: &'a JetStream,
    deadline: Instant,
}

impl Attempts<'_> {
    /// Known ids are sent one by one: the server would refuse a batch with them.
    async fn store(&self, messages: &[&NewMessage], mut one_by_one: bool) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> =
            vec![Err(BrokerError::Unavailable("no attempt was made in time".to_owned())); messages.len()];
        let mut open: Vec<usize> = (0..messages.len()).collect();
        for attempt in 0_u32.. {
            let those: Vec<&NewMessage> = open.iter().map(|one| messages[*one]).collect();
            let stored = self.attempt(&those, &mut one_by_one).await;
            for (one, outcome) in open.iter().zip(stored) {
                outcomes[*one] = outcome;
            }
            open.retain(|one| matches!(&outcomes[*one], Err(error) if error.class().is_retryable()));
            let pause = backoff::delay(attempt, PAUSE_BASE, PAUSE_CAP, rand::random());
            if open.is_empty() || Instant::now() + pause >= self.deadline {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        outcomes
    }

    async fn attempt(&self, messages: &[&NewMessage], one_by_one: &mut bool) -> Vec<Outcome> {
        if let Err(error) = self.connected().await {
            return vec![Err(error); messages.len()];
        }
        let client = self.connection.client();
        let timeout = ATTEMPT.min(self.deadline.saturating_duration_since(Instant::now()));
        if messages.len() > 1 && !*one_by_one {
            match send::batch(client, messages, timeout).await {
                Ok(published) => return published.into_iter().map(Ok).collect(),
                Err(error) if error.class().is_retryable() => return vec![Err(error); messages.len()],
                // A known id or a bad message among them: each gets an answer of its own.
                Err(error) => {
                    tracing::debug!(%error, count = messages.len(), "a batch was refused; sending one by one");
                }
            }
            *one_by_one = true;
        }
        let timeout = ATTEMPT.min(self.deadline.saturating_duration_since(Instant::now()));
        send::each(client, messages, timeout).await
    }

    async fn connected(&self) -> Result<(), BrokerError> {
        let until = self.deadline.min(Instant::now() + RECONNECT);
        while !self.connection.is_connected() {
            if Instant::now() >= until {
                return Err(BrokerError::Unavailable("not connected".to_owned()));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}
