//! Whose turn it is to look after a connection's webhooks: one process at a time, and not each of them every hour.
//!
//! A claim ends by itself, and its holder sends nothing after that.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_store::{Error, Expected, Store};

/// What the store knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Record {
    /// Somebody is at it until then.
    claimed_until: Timestamp,
    /// Everything was in place then.
    fine_at: Option<Timestamp>,
}

/// The turn is ours.
#[derive(Debug)]
pub(super) struct Claim {
    key: String,
    revision: u64,
    record: Record,
}

/// Whose turn it is.
#[derive(Debug)]
pub(super) enum Turn {
    /// Ours.
    Ours(Claim),
    /// Somebody else's, who will be done then.
    Theirs {
        /// When to ask again at the latest.
        until: Timestamp,
    },
    /// Nobody's: it was done a short time ago.
    Done {
        /// When that was.
        at: Timestamp,
    },
}

/// Takes the turn for a while, unless everything was found in place less than `fresh` ago.
pub(super) async fn take(
    store: &Store,
    connection: &ConnectionId,
    (now, ttl, fresh): (Timestamp, Duration, Duration),
) -> Result<Turn, Error> {
    let key = format!("openphone-webhooks/{connection}");
    let entry = store.get(&key).await?;
    let record = entry.as_ref().and_then(|entry| serde_json::from_slice(&entry.value).ok()).unwrap_or_default();
    if let Some(turn) = whose(record, (now, ttl, fresh)) {
        return Ok(turn);
    }
    let record = Record { claimed_until: now + ttl, ..record };
    match store.put(&key, bytes(&record), Expected::after(entry.as_ref())).await {
        Ok(revision) => Ok(Turn::Ours(Claim { key, revision, record })),
        Err(Error::Conflict { .. }) => Ok(Turn::Theirs { until: now + ttl }),
        Err(error) => Err(error),
    }
}

/// None where it can be ours.
fn whose(record: Record, (now, ttl, fresh): (Timestamp, Duration, Duration)) -> Option<Turn> {
    // A time further away was written by a clock that goes wrong.
    if now < record.claimed_until && record.claimed_until <= now + ttl {
        return Some(Turn::Theirs { until: record.claimed_until });
    }
    let is_fresh = |at: &Timestamp| *at <= now && now < *at + fresh;
    record.fine_at.filter(is_fresh).map(|at| Turn::Done { at })
}

impl Claim {
    /// Lets others have it; `fine_at` says that everything is in place.
    pub(super) async fn release(self, store: &Store, fine_at: Option<Timestamp>) -> Result<(), Error> {
        let record = Record { claimed_until: Timestamp::UNIX_EPOCH, fine_at: fine_at.or(self.record.fine_at) };
        match store.put(&self.key, bytes(&record), Expected::Revision(self.revision)).await {
            // It had ended.
            Err(Error::Conflict { .. }) => Ok(()),
            result => result.map(drop),
        }
    }
}

fn bytes(record: &Record) -> Vec<u8> {
    serde_json::json!(record).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_mins(2);
    const FRESH: Duration = Duration::from_mins(30);

    fn at(minutes: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_mins(1_000_000 + minutes)
    }

    async fn ask(store: &Store, now: Timestamp) -> Turn {
        take(store, &ConnectionId::new("acme").unwrap(), (now, TTL, FRESH)).await.unwrap()
    }

    async fn ours(store: &Store, now: Timestamp) -> Claim {
        match ask(store, now).await {
            Turn::Ours(claim) => claim,
            turn @ (Turn::Theirs { .. } | Turn::Done { .. }) => panic!("{turn:?}"),
        }
    }

    #[tokio::test]
    async fn one_at_a_time_and_whoever_dies_is_not_waited_for_long() {
        let store = Store::memory();
        let claim = ours(&store, at(0)).await;
        assert!(matches!(ask(&store, at(1)).await, Turn::Theirs { until } if until == at(2)));
        let successor = ours(&store, at(2)).await;
        claim.release(&store, Some(at(2))).await.unwrap();
        assert!(matches!(ask(&store, at(3)).await, Turn::Theirs { .. }), "a claim that had ended was given back");
        successor.release(&store, None).await.unwrap();
        ours(&store, at(3)).await.release(&store, Some(at(3))).await.unwrap();
        assert!(matches!(ask(&store, at(32)).await, Turn::Done { at: done } if done == at(3)));
        drop(ours(&store, at(33)).await);
        // Left behind by a clock that went ahead.
        drop(ours(&store, at(9_000)).await);
        drop(ours(&store, at(36)).await);
    }

    #[tokio::test]
    async fn of_two_at_once_one_gets_it() {
        let store = Store::memory();
        let turns = futures_util::future::join_all((0..8).map(|_| ask(&store, at(0)))).await;
        assert_eq!(turns.iter().filter(|turn| matches!(turn, Turn::Ours(_))).count(), 1);
    }
}
