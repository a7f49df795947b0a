//! Messages that were fetched ahead, until a puller takes them.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tandem_jetstream::async_nats::Subject;
use tandem_proto::{ConnectionId, topology};
use tokio::time::Instant;

use crate::Stored;
use crate::line::Line;

/// A delivered message and where its verdict goes.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    pub(crate) stored: Stored,
    pub(crate) deliveries: u32,
    pub(crate) reply: Subject,
    pub(super) at: Instant,
}

impl Fetched {
    fn connection(&self) -> &str {
        topology::connection_in(&self.stored.subject)
    }
}

/// One consumer's messages of all connections, by place in the stream.
#[derive(Debug)]
pub(super) struct Buffer {
    ack_wait: Duration,
    line: Line,
    held: HashMap<u64, Fetched>,
    /// The newest of each subject, where a stream keeps only that one.
    newest: Option<HashMap<String, u64>>,
    /// Connections that have more room than before.
    drained: BTreeSet<String>,
}

impl Buffer {
    pub(super) fn new(ack_wait: Duration, keeps_last_per_subject: bool) -> Self {
        let newest = keeps_last_per_subject.then(HashMap::new);
        Self { ack_wait, line: Line::default(), held: HashMap::new(), newest, drained: BTreeSet::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn len_of(&self, connection: &str) -> usize {
        self.line.ready_of(connection)
    }

    /// A later delivery of the same message replaces the former, whose time was up.
    pub(super) fn add(&mut self, fetched: Fetched) {
        let sequence = fetched.stored.sequence;
        let subject = &fetched.stored.subject;
        match self.newest.as_ref().and_then(|newest| newest.get(subject)).copied() {
            Some(newer) if newer > sequence => return,
            // Replaced in the stream as well: it would be work for nothing.
            Some(replaced) if replaced < sequence => drop(self.remove(replaced)),
            Some(_) | None => {}
        }
        if let Some(newest) = &mut self.newest {
            newest.insert(subject.clone(), sequence);
        }
        self.line.add(0, fetched.connection(), sequence);
        self.held.insert(sequence, fetched);
    }

    /// Up to `max` of other connections than those named, older first, and where there is more than that, connection by
    /// connection.
    pub(super) fn take(&mut self, (max, but): (usize, &BTreeSet<ConnectionId>), now: Instant) -> Vec<Fetched> {
        self.drop_expired(now);
        let picked = self.line.pick(max, but);
        picked.into_iter().filter_map(|sequence| self.take_out(sequence)).collect()
    }

    /// Lets go of what the server has handed to somebody else by now, or is about to.
    pub(super) fn drop_expired(&mut self, now: Instant) {
        let limit = self.ack_wait.mul_f64(0.9);
        let is_over = |fetched: &Fetched| now.duration_since(fetched.at) >= limit;
        let expired: Vec<u64> =
            self.held.iter().filter(|(_, fetched)| is_over(fetched)).map(|(sequence, _)| *sequence).collect();
        for sequence in expired {
            drop(self.take_out(sequence));
        }
    }

    pub(super) fn take_all(&mut self) -> Vec<Fetched> {
        let sequences: Vec<u64> = self.held.keys().copied().collect();
        sequences.into_iter().filter_map(|sequence| self.take_out(sequence)).collect()
    }

    /// Connections that have more room since the last call.
    pub(super) fn drained(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.drained)
    }

    fn take_out(&mut self, sequence: u64) -> Option<Fetched> {
        let fetched = self.remove(sequence)?;
        if let Some(newest) = &mut self.newest {
            newest.remove(&fetched.stored.subject);
        }
        Some(fetched)
    }

    fn remove(&mut self, sequence: u64) -> Option<Fetched> {
        let fetched = self.held.remove(&sequence)?;
        self.line.drop_out(0, fetched.connection(), sequence);
        self.drained.insert(fetched.connection().to_owned());
        Some(fetched)
    }
}

#[cfg(test)]
mod tests {
    use tandem_proto::{Lane, MessageId};

    use super::*;

    const ACK_WAIT: Duration = Duration::from_mins(1);

    fn fetched(subject: &str, sequence: u64, at: Instant) -> Fetched {
        let stored = Stored {
            sequence,
            subject: subject.to_owned(),
            lane: Lane::Live,
            id: MessageId(sequence.to_string()),
            body: "body".into(),
            stored_at_ms: 0,
        };
        Fetched { stored, deliveries: 1, reply: format!("reply.{sequence}").into(), at }
    }

    fn sequences(taken: &[Fetched]) -> Vec<u64> {
        taken.iter().map(|fetched| fetched.stored.sequence).collect()
    }

    #[test]
    fn a_message_given_back_by_another_worker_has_its_old_place() {
        let now = Instant::now();
        let mut buffer = Buffer::new(ACK_WAIT, false);
        for sequence in [2, 3, 1] {
            buffer.add(fetched("event.live.acme.ghl", sequence, now));
        }
        assert_eq!(sequences(&buffer.take((2, &BTreeSet::new()), now)), [1, 2]);
        assert_eq!((buffer.len(), buffer.len_of("acme")), (1, 1));
        assert!(buffer.drained().contains("acme") && buffer.drained().is_empty());
    }

    #[test]
    fn a_delivery_whose_time_is_nearly_up_is_not_handed_out() {
        let now = Instant::now();
        let mut buffer = Buffer::new(ACK_WAIT, false);
        buffer.add(fetched("event.live.acme.ghl", 1, now));
        buffer.add(fetched("event.live.acme.ghl", 2, now + ACK_WAIT / 2));
        assert_eq!(sequences(&buffer.take((9, &BTreeSet::new()), now + ACK_WAIT)), [2]);
        assert_eq!(buffer.len(), 0);
    }

    #[test]
    fn of_two_commands_for_a_record_only_the_newer_is_handed_out() {
        let now = Instant::now();
        let mut buffer = Buffer::new(ACK_WAIT, true);
        for (subject, sequence) in
            [("command.live.acme.r1", 1), ("command.live.acme.r2", 2), ("command.live.acme.r1", 3)]
        {
            buffer.add(fetched(subject, sequence, now));
        }
        assert_eq!(sequences(&buffer.take((9, &BTreeSet::new()), now)), [2, 3]);
        // Also when they come in the wrong order, and again after the newer one was taken.
        buffer.add(fetched("command.live.acme.r1", 5, now));
        buffer.add(fetched("command.live.acme.r1", 4, now));
        assert_eq!(sequences(&buffer.take((9, &BTreeSet::new()), now)), [5]);
        buffer.add(fetched("command.live.acme.r1", 6, now));
        assert_eq!(sequences(&buffer.take_all()), [6]);
        assert_eq!(buffer.len_of("acme"), 0);
    }
}
