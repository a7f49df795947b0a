//! The backend that ends with the process: for tests, the simulation and the demo. One mutex, never held across an await.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tandem_proto::{ConnectionId, Consumer, MessageId, Stream};

use crate::line::Line;
use crate::queue::Taken;
use crate::{Depth, NewMessage, Published, Stored};

#[derive(Debug, Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_sequence: u64,
    messages: BTreeMap<u64, Held>,
    lines: BTreeMap<Consumer, Line>,
    /// The one message per subject, where a stream keeps only the last.
    latest: HashMap<(Stream, String), u64>,
    seen: HashMap<(Stream, MessageId), i64>,
    seen_in_order: VecDeque<(Stream, MessageId)>,
}

#[derive(Debug)]
struct Held {
    stream: Stream,
    stored: Stored,
    /// Consumer and connection, where somebody pulls the stream.
    reader: Option<(Consumer, String)>,
    /// 0: ready. Else when it will be.
    due_ms: i64,
    leased: bool,
    deliveries: u32,
}

impl Memory {
    pub(crate) fn publish(&self, messages: Vec<NewMessage>, now_ms: i64, seen_since_ms: i64) -> Vec<Published> {
        let mut state = self.lock();
        state.forget_ids(seen_since_ms);
        messages.into_iter().map(|message| state.publish(message, now_ms)).collect()
    }

    pub(crate) fn take(
        &self,
        consumer: Consumer,
        (max, but): (usize, &BTreeSet<ConnectionId>),
        (now_ms, lease_until_ms): (i64, i64),
    ) -> Taken {
        let mut state = self.lock();
        let line = state.lines.entry(consumer).or_default();
        let due = line.promote(now_ms);
        let taken = line.pick(max, but);
        let next_due_ms = line.next_due_ms();
        for sequence in due {
            state.with(sequence, |held| (held.due_ms, held.leased) = (0, false));
        }
        let messages = taken.into_iter().filter_map(|sequence| state.lease(sequence, lease_until_ms)).collect();
        Taken { messages, next_due_ms }
    }

    pub(crate) fn settle(&self, sequence: u64) {
        self.lock().remove(sequence);
    }

    /// Returns whose line changed, if the message is still there.
    pub(crate) fn reschedule(&self, sequence: u64, due_ms: i64, leased: bool) -> Option<Consumer> {
        self.lock().reschedule(sequence, due_ms, leased)
    }

    pub(crate) fn browse(&self, stream: Stream, after: u64, limit: usize) -> Vec<Stored> {
        let state = self.lock();
        let behind = state.messages.range(after.saturating_add(1)..).map(|(_, held)| held);
        behind.filter(|held| held.stream == stream).take(limit).map(|held| held.stored.clone()).collect()
    }

    pub(crate) fn history(&self, subject: &str, most: usize) -> Vec<Stored> {
        let state = self.lock();
        let is_theirs = |held: &&Held| held.stream == Stream::Journal && held.stored.subject == subject;
        let newest = state.messages.values().rev().filter(is_theirs).take(most);
        let mut found: Vec<Stored> = newest.map(|held| held.stored.clone()).collect();
        found.reverse();
        found
    }

    pub(crate) fn find(&self, stream: Stream, sequence: u64) -> Option<Stored> {
        let state = self.lock();
        state.messages.get(&sequence).filter(|held| held.stream == stream).map(|held| held.stored.clone())
    }

    pub(crate) fn remove(&self, stream: Stream, sequence: u64) -> bool {
        let mut state = self.lock();
        let is_there = state.messages.get(&sequence).is_some_and(|held| held.stream == stream);
        if is_there {
            state.remove(sequence);
        }
        is_there
    }

    pub(crate) fn trim(&self, stream: Stream, keep_newer_than_ms: i64) -> u64 {
        let mut state = self.lock();
        let is_old = |held: &Held| held.stream == stream && held.stored.stored_at_ms < keep_newer_than_ms;
        let old = state.messages.iter().filter(|(_, held)| is_old(held)).map(|(sequence, _)| *sequence);
        let old: Vec<u64> = old.collect();
        for sequence in &old {
            state.remove(*sequence);
        }
        old.len() as u64
    }

    pub(crate) fn depth(&self, stream: Stream, now_ms: i64) -> Depth {
        let mut depth = Depth::default();
        for held in self.lock().messages.values().filter(|held| held.stream == stream) {
            match (held.due_ms > now_ms, held.leased) {
                (false, _) => depth.waiting += 1,
                (true, true) => depth.in_flight += 1,
                (true, false) => depth.delayed += 1,
            }
        }
        depth
    }

    pub(crate) fn backlog(&self, consumer: Consumer, connection: &ConnectionId) -> u64 {
        let is_its = |held: &&Held| {
            held.reader.as_ref().is_some_and(|(reader, of)| *reader == consumer && of == connection.as_str())
        };
        self.lock().messages.values().filter(is_its).count() as u64
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn publish(&mut self, message: NewMessage, now_ms: i64) -> Published {
        let id = (message.stream, message.id.clone());
        if self.seen.contains_key(&id) {
            return Published::Duplicate;
        }
        self.seen.insert(id.clone(), now_ms);
        self.seen_in_order.push_back(id);
        self.last_sequence += 1;
        let sequence = self.last_sequence;
        if message.stream.keeps_last_per_subject() {
            let replaced = self.latest.insert((message.stream, message.subject.clone()), sequence);
            if let Some(replaced) = replaced {
                self.remove(replaced);
            }
        }
        let reader = message.consumer().map(|consumer| (consumer, message.connection().to_owned()));
        if let Some((consumer, connection)) = &reader {
            self.lines.entry(*consumer).or_default().add(0, connection, sequence);
        }
        let held = Held {
            stream: message.stream,
            stored: Stored {
                sequence,
                subject: message.subject,
                lane: message.lane,
                id: message.id,
                body: message.body,
                stored_at_ms: now_ms,
            },
            reader,
            due_ms: 0,
            leased: false,
            deliveries: 0,
        };
        self.messages.insert(sequence, held);
        Published::Stored { sequence }
    }

    fn forget_ids(&mut self, seen_since_ms: i64) {
        while let Some(oldest) = self.seen_in_order.front() {
            if self.seen.get(oldest).is_some_and(|seen_ms| *seen_ms > seen_since_ms) {
                return;
            }
            self.seen.remove(oldest);
            self.seen_in_order.pop_front();
        }
    }

    fn lease(&mut self, sequence: u64, until_ms: i64) -> Option<(Stored, u32)> {
        self.reschedule(sequence, until_ms, true)?;
        let held = self.messages.get_mut(&sequence)?;
        held.deliveries = held.deliveries.saturating_add(1);
        Some((held.stored.clone(), held.deliveries))
    }

    fn reschedule(&mut self, sequence: u64, due_ms: i64, leased: bool) -> Option<Consumer> {
        let held = self.messages.get_mut(&sequence)?;
        let (consumer, connection) = held.reader.as_ref()?;
        let line = self.lines.entry(*consumer).or_default();
        line.drop_out(held.due_ms, connection, sequence);
        line.add(due_ms, connection, sequence);
        (held.due_ms, held.leased) = (due_ms, leased);
        Some(*consumer)
    }

    fn with(&mut self, sequence: u64, change: impl FnOnce(&mut Held)) {
        if let Some(held) = self.messages.get_mut(&sequence) {
            change(held);
        }
    }

    fn remove(&mut self, sequence: u64) {
        let Some(held) = self.messages.remove(&sequence) else {
            return;
        };
        if let Some((consumer, connection)) = &held.reader {
            self.lines.entry(*consumer).or_default().drop_out(held.due_ms, connection, sequence);
        }
        let subject = (held.stream, held.stored.subject);
        if self.latest.get(&subject) == Some(&sequence) {
            self.latest.remove(&subject);
        }
    }
}
