//! One consumer's messages: which are ready, per connection, and which will be.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use tandem_proto::ConnectionId;

use crate::fair::shares;

/// The messages of one consumer by readiness.
#[derive(Debug, Default)]
pub(crate) struct Line {
    ready: BTreeMap<String, BTreeSet<u64>>,
    later: BTreeSet<(i64, u64, String)>,
    last_served: String,
}

impl Line {
    /// Adds a message: ready when `due_ms` is 0.
    pub(crate) fn add(&mut self, due_ms: i64, connection: &str, sequence: u64) {
        if due_ms == 0 {
            self.ready.entry(connection.to_owned()).or_default().insert(sequence);
        } else {
            self.later.insert((due_ms, sequence, connection.to_owned()));
        }
    }

    /// Takes a message out from where `add` put it.
    pub(crate) fn drop_out(&mut self, due_ms: i64, connection: &str, sequence: u64) {
        if due_ms != 0 {
            self.later.remove(&(due_ms, sequence, connection.to_owned()));
        } else if let Some(sequences) = self.ready.get_mut(connection) {
            sequences.remove(&sequence);
            if sequences.is_empty() {
                self.ready.remove(connection);
            }
        }
    }

    /// How many messages of a connection are ready.
    pub(crate) fn ready_of(&self, connection: &str) -> usize {
        self.ready.get(connection).map_or(0, BTreeSet::len)
    }

    /// Makes ready what has become due; returns it.
    pub(crate) fn promote(&mut self, now_ms: i64) -> Vec<u64> {
        let later = self.later.split_off(&(now_ms.saturating_add(1), 0, String::new()));
        let due = std::mem::replace(&mut self.later, later);
        due.into_iter()
            .map(|(_, sequence, connection)| {
                self.add(0, &connection, sequence);
                sequence
            })
            .collect()
    }

    /// When the next message becomes ready by itself.
    pub(crate) fn next_due_ms(&self) -> Option<i64> {
        self.later.first().map(|(due_ms, _, _)| *due_ms)
    }

    /// The messages of one pull, older first, of other connections than those named; they stay in the line.
    pub(crate) fn pick(&mut self, max: usize, but: &BTreeSet<ConnectionId>) -> Vec<u64> {
        let allowed = self.ready.iter().filter(|(connection, _)| !but.contains(connection.as_str()));
        let mut picked: Vec<u64> = allowed.flat_map(|(_, ready)| ready).copied().take(max.saturating_add(1)).collect();
        if picked.len() > max {
            picked = self.pick_in_turn(max, but);
        }
        picked.sort_unstable();
        picked
    }

    fn pick_in_turn(&mut self, max: usize, but: &BTreeSet<ConnectionId>) -> Vec<u64> {
        let behind = (Bound::Excluded(self.last_served.as_str()), Bound::Unbounded);
        let wrapped = (Bound::Unbounded, Bound::Included(self.last_served.as_str()));
        let in_turn = self.ready.range::<str, _>(behind).chain(self.ready.range::<str, _>(wrapped));
        let in_turn: Vec<_> = in_turn.filter(|(connection, _)| !but.contains(connection.as_str())).take(max).collect();
        let last_served = in_turn.last().map(|(connection, _)| (*connection).clone());
        let shares = shares(max, in_turn.len());
        let picked = in_turn.into_iter().zip(shares).flat_map(|((_, ready), share)| ready.iter().copied().take(share));
        let picked = picked.collect();
        self.last_served = last_served.unwrap_or_default();
        picked
    }
}
