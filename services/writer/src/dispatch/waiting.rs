//! Deliveries in hand that nobody works on yet, and who is being worked on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use tandem_proto::{ConnectionId, Consumer, RecordId};
use tandem_queue::Delivery;

use super::Counts;

/// A command in hand.
pub(super) struct Task {
    pub(super) consumer: Consumer,
    pub(super) connection: ConnectionId,
    pub(super) record: RecordId,
    pub(super) traceparent: String,
    pub(super) delivery: Delivery,
    pub(super) since: Instant,
}

/// Commands by lane and connection, and the records that are taken.
#[derive(Default)]
pub(super) struct Waiting {
    live: Lane,
    bulk: Lane,
    busy: BTreeSet<(ConnectionId, RecordId)>,
    counts: Counts,
}

/// One lane: a queue per connection, and whose turn it is.
#[derive(Default)]
struct Lane {
    queues: BTreeMap<ConnectionId, VecDeque<Task>>,
    last: Option<ConnectionId>,
    held: usize,
}

impl Waiting {
    pub(super) fn held(&self, consumer: Consumer) -> usize {
        match consumer {
            Consumer::WriterBulk => self.bulk.held,
            Consumer::WriterLive | Consumer::Mapper => self.live.held,
        }
    }

    pub(super) fn push(&mut self, task: Task) {
        let lane = match task.consumer {
            Consumer::WriterBulk => &mut self.bulk,
            Consumer::WriterLive | Consumer::Mapper => &mut self.live,
        };
        lane.held += 1;
        lane.queues.entry(task.connection.clone()).or_default().push_back(task);
    }

    /// The next command that may start: of a connection below its limit, for a record that nobody works on.
    pub(super) fn next(&mut self, per_connection: usize) -> Option<Task> {
        let (busy, counts) = (&self.busy, &self.counts);
        let may_start = |task: &Task| {
            let key = (task.connection.clone(), task.record.clone());
            counts.get(&task.connection).copied().unwrap_or(0) < per_connection && !busy.contains(&key)
        };
        let task = self.live.next(may_start).or_else(|| self.bulk.next(may_start))?;
        self.busy.insert((task.connection.clone(), task.record.clone()));
        *self.counts.entry(task.connection.clone()).or_default() += 1;
        Some(task)
    }

    pub(super) fn release(&mut self, connection: &ConnectionId, record: &RecordId) {
        self.busy.remove(&(connection.clone(), record.clone()));
        if let Some(count) = self.counts.get_mut(connection) {
            *count = count.saturating_sub(1);
        }
        self.counts.retain(|_, count| *count > 0);
    }

    pub(super) fn drain(&mut self) -> Vec<Task> {
        let lanes = [std::mem::take(&mut self.live), std::mem::take(&mut self.bulk)];
        lanes.into_iter().flat_map(|lane| lane.queues.into_values().flatten()).collect()
    }
}

impl Lane {
    /// Goes round the connections, beginning behind the one that was served last.
    fn next(&mut self, may_start: impl Fn(&Task) -> bool) -> Option<Task> {
        let is_behind = |connection: &&ConnectionId| self.last.as_ref().is_none_or(|last| *connection > last);
        let (behind, before): (Vec<&ConnectionId>, Vec<&ConnectionId>) = self.queues.keys().partition(is_behind);
        let turn = behind.into_iter().chain(before);
        let (connection, place) = turn.into_iter().find_map(|connection| {
            let place = self.queues.get(connection)?.iter().position(&may_start)?;
            Some((connection.clone(), place))
        })?;
        let queue = self.queues.get_mut(&connection)?;
        let task = queue.remove(place)?;
        if queue.is_empty() {
            self.queues.remove(&connection);
        }
        self.held -= 1;
        self.last = Some(connection);
        Some(task)
    }
}
