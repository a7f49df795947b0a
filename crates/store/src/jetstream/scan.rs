//! Going through the keys under a prefix, with or without their values.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasher as _;
use std::time::Duration;

use futures_util::StreamExt as _;
use tandem_jetstream::Error as NatsError;
use tandem_jetstream::async_nats::jetstream::Message;
use tandem_jetstream::async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use tandem_jetstream::async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};

use super::message::is_deletion;
use super::{BOUND, Bucket, STREAM, subject};
use crate::{Entry, Error};

/// Messages asked for at once.
const BATCH: usize = 5_000;
/// The same where they come with their values, which are documents of some kilobytes.
const BATCH_OF_VALUES: usize = 500;
/// After which the server drops a consumer that nobody came back to.
const LEFT_ALONE: Duration = Duration::from_secs(30);

/// A key on the way. One that is written meanwhile may come twice, the later state later.
pub(super) struct Seen {
    pub(super) key: String,
    pub(super) is_deleted: bool,
    /// Where values were asked for, and it is there.
    pub(super) entry: Option<Entry>,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Keys,
    Values,
}

impl Wanted {
    fn batch(self) -> usize {
        match self {
            Self::Keys => BATCH,
            Self::Values => BATCH_OF_VALUES,
        }
    }
}

impl Bucket {
    /// Shows every key with that prefix that is there all the time, and any that is written meanwhile.
    pub(super) async fn scan(&self, prefix: &str, visit: impl FnMut(Seen)) -> Result<(), Error> {
        self.scan_all(prefix, Wanted::Keys, visit).await
    }

    /// The same, with values if they are wanted.
    pub(super) async fn scan_all(
        &self,
        prefix: &str,
        wanted: Wanted,
        mut visit: impl FnMut(Seen),
    ) -> Result<(), Error> {
        let Some(filter) = subject::filter(prefix) else { return Ok(()) };
        let config = pull::Config {
            filter_subject: filter,
            // Of each subject there is only the last message.
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::None,
            headers_only: wanted == Wanted::Keys,
            inactive_threshold: LEFT_ALONE,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let context = self.jetstream.context();
        let consumer = context.create_consumer_on_stream(config, STREAM).await.map_err(|error| refused(&error))?;
        let mut place = Place { delivered: 0, is_end: consumer.cached_info().num_pending == 0 };
        while !place.is_end {
            place = batch(&consumer, place, (prefix, wanted), &mut visit).await?;
        }
        // It would go by itself, a little later.
        drop(context.delete_consumer_from_stream(&consumer.cached_info().name, STREAM).await);
        Ok(())
    }
}

/// How far the consumer got.
struct Place {
    delivered: u64,
    is_end: bool,
}

async fn batch(
    consumer: &PullConsumer,
    mut place: Place,
    (prefix, wanted): (&str, Wanted),
    visit: &mut impl FnMut(Seen),
) -> Result<Place, Error> {
    let started = place.delivered;
    let messages = consumer.fetch().max_messages(wanted.batch()).messages().await;
    let mut messages = messages.map_err(|error| broken(&error))?;
    loop {
        let next = tokio::time::timeout(BOUND, messages.next()).await.map_err(|error| broken(&error))?;
        let Some(message) = next else { break };
        let message = message.map_err(|error| broken(&*error))?;
        let info = message.info().map_err(|error| NatsError::Answer(error.to_string()))?;
        // The server doesn't repeat what got lost with a connection.
        if info.consumer_sequence != place.delivered + 1 {
            return Err(NatsError::Unavailable("the connection was lost while reading".to_owned()).into());
        }
        place = Place { delivered: info.consumer_sequence, is_end: info.pending == 0 };
        let revision = info.stream_sequence;
        if let Some(mut seen) = seen(&message).filter(|seen| seen.key.starts_with(prefix)) {
            if wanted == Wanted::Values && !seen.is_deleted {
                seen.entry = Some(Entry { value: message.message.payload.clone(), revision });
            }
            visit(seen);
        }
    }
    // What was still to come may have been replaced or removed.
    place.is_end |= place.delivered == started;
    Ok(place)
}

/// None for what others put into the bucket.
fn seen(message: &Message) -> Option<Seen> {
    let key = subject::decode(&message.subject)?;
    Some(Seen { key, is_deleted: message.headers.as_ref().is_some_and(is_deletion), entry: None })
}

/// The first keys in byte order. The server hands keys out in the order of their revisions, so all are looked at, and
/// only as many are held as are wanted.
pub(super) struct Page {
    pub(super) keys: BTreeSet<String>,
    /// Whether there are none behind them.
    pub(super) is_last: bool,
    after: Option<String>,
    limit: usize,
}

impl Page {
    pub(super) fn new(after: Option<String>, limit: usize) -> Self {
        Self { keys: BTreeSet::new(), is_last: true, after, limit }
    }

    pub(super) fn note(&mut self, seen: Seen) {
        if seen.is_deleted {
            self.keys.remove(&seen.key);
            return;
        }
        if self.after.as_ref().is_some_and(|after| seen.key <= *after) {
            return;
        }
        self.keys.insert(seen.key);
        if self.keys.len() > self.limit {
            self.keys.pop_last();
            self.is_last = false;
        }
    }
}

/// The keys that are there, by a hash each: a million takes some 16 MB.
#[derive(Default)]
pub(super) struct Present {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl Present {
    pub(super) fn note(&mut self, seen: &Seen) {
        let hash = self.hasher.hash_one(&seen.key);
        if seen.is_deleted {
            self.hashes.remove(&hash);
        } else {
            self.hashes.insert(hash);
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.hashes.len() as u64
    }
}

fn broken(error: &(impl ToString + ?Sized)) -> Error {
    NatsError::Unavailable(error.to_string()).into()
}

fn refused(error: &ConsumerError) -> Error {
    match error.kind() {
        ConsumerErrorKind::JetStream(error) => NatsError::from(error).into(),
        ConsumerErrorKind::TimedOut
        | ConsumerErrorKind::Request
        | ConsumerErrorKind::InvalidConsumerType
        | ConsumerErrorKind::InvalidName
        | ConsumerErrorKind::Other => broken(error),
    }
}
