//! What a reading of all open tasks showed the last time, so that the next one tells only of what is different.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_store::{Expected, Store};

use crate::{Error, key};

/// Tasks of one connection are spread over so many entries, so that none grows too large.
const SHARDS: u8 = 64;

/// Fingerprints by id.
pub type Fingerprints = BTreeMap<String, String>;

/// Whose turn it is to read, and what was read; clones share it.
#[derive(Debug, Clone)]
pub struct Polls {
    store: Store,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct State {
    claimed_until: Timestamp,
    done_at: Option<Timestamp>,
    round: u64,
}

/// The turn is ours.
#[derive(Debug)]
pub struct Turn {
    /// Counts the readings that came to an end; part of the ids of what this one tells.
    pub round: u64,
    revision: u64,
}

impl Polls {
    /// In that store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Takes the turn for a while; none where somebody else has it, or had it less than `every` ago.
    pub async fn take(
        &self,
        connection: &ConnectionId,
        (now, hold, every): (Timestamp, Duration, Duration),
    ) -> Result<Option<Turn>, Error> {
        let key = key::poll(connection);
        let entry = self.store.get(&key).await?;
        let state: State =
            entry.as_ref().and_then(|entry| serde_json::from_slice(&entry.value).ok()).unwrap_or_default();
        // A time further away was written by a clock that goes wrong.
        let is_taken = now < state.claimed_until && state.claimed_until <= now + hold;
        let is_done = state.done_at.is_some_and(|at| at <= now && now < at + every);
        if is_taken || is_done {
            return Ok(None);
        }
        let claimed = State { claimed_until: now + hold, ..state };
        match self.store.put(&key, bytes(&claimed), Expected::after(entry.as_ref())).await {
            Ok(revision) => Ok(Some(Turn { round: state.round, revision })),
            Err(tandem_store::Error::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the turn back; a reading that came to an end counts.
    pub async fn release(
        &self,
        connection: &ConnectionId,
        turn: Turn,
        done_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        let round = if done_at.is_some() { turn.round + 1 } else { turn.round };
        let state = State { claimed_until: Timestamp::UNIX_EPOCH, done_at, round };
        match self.store.put(&key::poll(connection), bytes(&state), Expected::Revision(turn.revision)).await {
            // It had ended.
            Ok(_) | Err(tandem_store::Error::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What the last reading showed.
    pub async fn seen(&self, connection: &ConnectionId) -> Result<Fingerprints, Error> {
        let mut all = Fingerprints::new();
        for shard in 0..SHARDS {
            all.extend(self.shard(connection, shard).await?.1);
        }
        Ok(all)
    }

    /// Notes what this one showed. What was forgotten since `before` was read stays so: the next reading tells of it.
    pub async fn note(
        &self,
        connection: &ConnectionId,
        (before, now): (&Fingerprints, &Fingerprints),
    ) -> Result<(), Error> {
        for shard in 0..SHARDS {
            let (expected, held) = self.shard(connection, shard).await?;
            let is_forgotten = |id: &String| before.contains_key(id) && !held.contains_key(id);
            let ours = now.iter().filter(|(id, _)| shard_of(id) == shard && !is_forgotten(id));
            let wanted: Fingerprints = ours.map(|(id, print)| (id.clone(), print.clone())).collect();
            if held != wanted {
                self.put(connection, shard, (&wanted, expected)).await?;
            }
        }
        Ok(())
    }

    /// The task was found to be done: should it be open at the next reading, that is news.
    pub async fn forget(&self, connection: &ConnectionId, id: &str) -> Result<(), Error> {
        let shard = shard_of(id);
        loop {
            let (expected, mut held) = self.shard(connection, shard).await?;
            if held.remove(id).is_none() || self.put(connection, shard, (&held, expected)).await? {
                return Ok(());
            }
        }
    }

    /// False where somebody else was faster.
    async fn put(
        &self,
        connection: &ConnectionId,
        shard: u8,
        (wanted, expected): (&Fingerprints, Expected),
    ) -> Result<bool, Error> {
        match self.store.put(&key::polled(connection, shard), bytes(wanted), expected).await {
            Ok(_) => Ok(true),
            Err(tandem_store::Error::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn shard(&self, connection: &ConnectionId, shard: u8) -> Result<(Expected, Fingerprints), Error> {
        let entry = self.store.get(&key::polled(connection, shard)).await?;
        let held = entry.as_ref().and_then(|entry| serde_json::from_slice(&entry.value).ok()).unwrap_or_default();
        Ok((Expected::after(entry.as_ref()), held))
    }
}

/// The ids of what is new, different or no longer there.
pub fn changed(before: &Fingerprints, now: &Fingerprints) -> BTreeSet<String> {
    let differs = now.iter().filter(|(id, fingerprint)| before.get(*id) != Some(*fingerprint)).map(|(id, _)| id);
    let is_gone = before.keys().filter(|id| !now.contains_key(*id));
    differs.chain(is_gone).cloned().collect()
}

/// A short text that is another one when any of the parts is.
pub fn fingerprint(parts: &[&str]) -> String {
    let lengths: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    key::short_hash(&lengths.iter().map(String::as_str).collect::<Vec<_>>())
}

fn shard_of(id: &str) -> u8 {
    let sum = id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    sum % SHARDS
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::json!(value).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_mins(2);
    const EVERY: Duration = Duration::from_mins(5);

    fn at(minutes: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_mins(1_000_000 + minutes)
    }

    #[tokio::test]
    async fn one_reads_at_a_time_and_none_too_often() {
        let (polls, acme) = (Polls::new(Store::memory()), ConnectionId::new("acme").unwrap());
        let take = |minutes| polls.take(&acme, (at(minutes), HOLD, EVERY));
        let turn = take(0).await.unwrap().unwrap();
        assert!(take(1).await.unwrap().is_none(), "two at once");
        polls.release(&acme, turn, Some(at(1))).await.unwrap();
        assert!(take(5).await.unwrap().is_none(), "too soon");
        let left_behind = take(6).await.unwrap().unwrap();
        assert_eq!(left_behind.round, 1);
        let turn = take(8).await.unwrap().unwrap();
        assert_eq!(turn.round, 1, "what was not finished is told again under the same ids");
        polls.release(&acme, left_behind, Some(at(8))).await.unwrap();
        assert!(take(9).await.unwrap().is_none(), "a turn that had ended was given back");
    }

    #[tokio::test]
    async fn only_what_is_different_is_told() {
        let (polls, acme) = (Polls::new(Store::memory()), ConnectionId::new("acme").unwrap());
        let of = |pairs: &[(&str, &str)]| -> Fingerprints {
            pairs.iter().map(|(id, print)| ((*id).to_owned(), (*print).to_owned())).collect()
        };
        let first = of(&[("t1", "a"), ("t2", "b"), ("t3", "c")]);
        polls.note(&acme, (&Fingerprints::new(), &first)).await.unwrap();
        assert_eq!(polls.seen(&acme).await.unwrap(), first);
        let second = of(&[("t1", "a"), ("t2", "B"), ("t4", "d")]);
        let told: Vec<String> = changed(&first, &second).into_iter().collect();
        assert_eq!(told, ["t2", "t3", "t4"]);
        // While that was read, t1 was done.
        polls.forget(&acme, "t1").await.unwrap();
        polls.note(&acme, (&first, &second)).await.unwrap();
        let third = polls.seen(&acme).await.unwrap();
        assert_eq!(third, of(&[("t2", "B"), ("t4", "d")]));
        assert_eq!(changed(&third, &second).into_iter().collect::<Vec<_>>(), ["t1"], "opened again");
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
    }
}
