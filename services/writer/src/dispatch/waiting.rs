//! Deliveries in hand that nobody works on yet, and who is being worked on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::time::Instant;

use tandem_proto::{self as proto, ConnectionId, Consumer, RecordId};
use tandem_queue::Delivery;

/// Commands of one connection and lane in hand beyond those being worked on.
const ENOUGH: usize = 16;

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
    busy: BTreeMap<ConnectionId, BTreeSet<RecordId>>,
}

/// One lane: a queue per connection, and whose turn it is.
#[derive(Default)]
struct Lane {
    queues: BTreeMap<ConnectionId, VecDeque<Task>>,
    last: Option<ConnectionId>,
    held: usize,
    full: BTreeSet<ConnectionId>,
    /// Whether a connection was full and isn't any more.
    has_more_room: bool,
}

impl Waiting {
    pub(super) fn held(&self, consumer: Consumer) -> usize {
        match consumer.lane() {
            proto::Lane::Bulk => self.bulk.held,
            proto::Lane::Live => self.live.held,
        }
    }

    /// Connections that have enough here. Whatever else they have stays in the queue, so that it takes nobody's room.
    pub(super) fn full(&self, consumer: Consumer) -> &BTreeSet<ConnectionId> {
        match consumer.lane() {
            proto::Lane::Bulk => &self.bulk.full,
            proto::Lane::Live => &self.live.full,
        }
    }

    /// Whether a connection has room again since the last call.
    pub(super) fn has_more_room(&mut self, consumer: Consumer) -> bool {
        std::mem::take(&mut self.lane(consumer).has_more_room)
    }

    pub(super) fn push(&mut self, task: Task) {
        let lane = self.lane(task.consumer);
        lane.held += 1;
        let queue = lane.queues.entry(task.connection.clone()).or_default();
        if queue.len() + 1 >= ENOUGH {
            lane.full.insert(task.connection.clone());
        }
        queue.push_back(task);
    }

    fn lane(&mut self, consumer: Consumer) -> &mut Lane {
        match consumer.lane() {
            proto::Lane::Bulk => &mut self.bulk,
            proto::Lane::Live => &mut self.live,
        }
    }

    /// The next command that may start: of a connection below its limit, for a record that nobody works on. Bulk work takes half of
    /// the places at most, so that a person's edit finds one, and others' edits find the store less busy.
    pub(super) fn next(&mut self, per_connection: usize) -> Option<Task> {
        let busy = &self.busy;
        let startable = |limit: usize, connection: &ConnectionId, queue: &VecDeque<Task>| {
            let Some(records) = busy.get(connection) else { return Some(0) };
            let has_room = records.len() < limit;
            has_room.then(|| queue.iter().position(|task| !records.contains(&task.record)))?
        };
        let live = |connection: &ConnectionId, queue: &_| startable(per_connection, connection, queue);
        let bulk = |connection: &ConnectionId, queue: &_| startable(per_connection.div_ceil(2), connection, queue);
        let task = self.live.next(live).or_else(|| self.bulk.next(bulk))?;
        self.busy.entry(task.connection.clone()).or_default().insert(task.record.clone());
        Some(task)
    }

    pub(super) fn release(&mut self, connection: &ConnectionId, record: &RecordId) {
        let Some(records) = self.busy.get_mut(connection) else { return };
        records.remove(record);
        if records.is_empty() {
            self.busy.remove(connection);
        }
    }

    pub(super) fn drain(&mut self) -> Vec<Task> {
        let lanes = [std::mem::take(&mut self.live), std::mem::take(&mut self.bulk)];
        lanes.into_iter().flat_map(|lane| lane.queues.into_values().flatten()).collect()
    }
}

impl Lane {
    /// Goes round the connections, beginning behind the one that was served last.
    /// `place` finds what may start in a connection's queue.
    fn next(&mut self, place: impl Fn(&ConnectionId, &VecDeque<Task>) -> Option<usize>) -> Option<Task> {
        let behind = self.last.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let turn = self.queues.range((behind, Bound::Unbounded)).chain(&self.queues);
        let (connection, place) =
            turn.into_iter().find_map(|(connection, queue)| Some((connection.clone(), place(connection, queue)?)))?;
        let queue = self.queues.get_mut(&connection)?;
        let task = queue.remove(place)?;
        if queue.len() <= ENOUGH / 2 && self.full.remove(&connection) {
            self.has_more_room = true;
        }
        if queue.is_empty() {
            self.queues.remove(&connection);
        }
        self.held -= 1;
        self.last = Some(connection);
        Some(task)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tandem_proto::{Lane as Urgency, MessageId, Stream};
    use tandem_queue::{NewMessage, Queue, Settings};

    use super::*;

    /// One delivery per `connection/record`, in that order.
    async fn waiting(live: &[&str], bulk: &[&str]) -> Waiting {
        let queue = Queue::memory(Settings::default());
        let mut waiting = Waiting::default();
        for (consumer, lane, names) in
            [(Consumer::WriterLive, Urgency::Live, live), (Consumer::WriterBulk, Urgency::Bulk, bulk)]
        {
            for (number, name) in names.iter().enumerate() {
                let (connection, record) = name.split_once('/').unwrap();
                let message = NewMessage {
                    stream: Stream::Commands,
                    lane,
                    subject: format!("command.{}.{connection}.{record}.{number}", lane.name()),
                    id: MessageId(format!("{lane:?}{number}")),
                    body: "x".into(),
                };
                queue.publish(message).await.unwrap();
                let delivery = queue.pull(consumer, 1, Duration::from_secs(1)).await.unwrap().pop().unwrap();
                waiting.push(Task {
                    consumer,
                    connection: ConnectionId::new(connection).unwrap(),
                    record: RecordId::new(record).unwrap(),
                    traceparent: String::new(),
                    delivery,
                    since: Instant::now(),
                });
            }
        }
        waiting
    }

    fn start(waiting: &mut Waiting, per_connection: usize) -> Option<String> {
        waiting.next(per_connection).map(|task| format!("{}/{}", task.connection, task.record))
    }

    #[tokio::test]
    async fn connections_take_turns_however_much_one_of_them_has() {
        let mut waiting = waiting(&["a/1", "a/2", "a/3", "b/1", "c/1"], &[]).await;
        let order: Vec<String> = std::iter::from_fn(|| start(&mut waiting, 10)).collect();
        assert_eq!(order, ["a/1", "b/1", "c/1", "a/2", "a/3"]);
    }

    #[tokio::test]
    async fn live_goes_before_bulk() {
        let mut waiting = waiting(&["b/1"], &["a/1"]).await;
        assert_eq!(start(&mut waiting, 10).unwrap(), "b/1");
        assert_eq!(start(&mut waiting, 10).unwrap(), "a/1");
    }

    #[tokio::test]
    async fn bulk_leaves_half_of_the_places_to_live() {
        let mut waiting = waiting(&["a/4", "a/5"], &["a/1", "a/2", "a/3"]).await;
        let order: Vec<String> = std::iter::from_fn(|| start(&mut waiting, 4)).collect();
        assert_eq!(order, ["a/4", "a/5"], "the live ones take what bulk may have");
        waiting.release(&ConnectionId::new("a").unwrap(), &RecordId::new("4").unwrap());
        assert_eq!(start(&mut waiting, 4).unwrap(), "a/1");
        assert_eq!(start(&mut waiting, 4), None);
        assert_eq!(start(&mut waiting, 5).unwrap(), "a/2");
    }

    #[tokio::test]
    async fn a_connection_keeps_to_its_share_and_a_record_to_one_run() {
        let mut waiting = waiting(&["a/1", "a/1", "a/2"], &[]).await;
        assert_eq!(start(&mut waiting, 2).unwrap(), "a/1");
        assert_eq!(start(&mut waiting, 2).unwrap(), "a/2", "the record that is worked on is passed over");
        assert_eq!(start(&mut waiting, 2), None, "the connection's share is used up");
        waiting.release(&ConnectionId::new("a").unwrap(), &RecordId::new("1").unwrap());
        assert_eq!(start(&mut waiting, 2).unwrap(), "a/1");
        assert_eq!(waiting.held(Consumer::WriterLive), 0);
    }
}
