//! Tasks and notes. Neither has a place for a key of ours, so what mapper and writer do about them beside the rules is different:
//! whoever makes one takes a turn, whoever finds one that was just made leaves it to its maker, and what no webhook tells of is
//! read now and then.

use std::collections::BTreeMap;

use rand::RngExt;
use tandem_contact::{Field, Observed, Side, Value};
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{Document, Kind, OPEN, about_to_make, adopt, hint, is_making, merged_into};

use super::engine::{Hit, time};
use super::provider::Contact;
use super::world::{Event, World};

/// Clocks differ, as far as the writer allows for.
const SKEW_MS: i64 = 120_000;
const BETWEEN_READINGS_MS: i64 = 60_000;
/// The provider's own choice, where a task comes without a time.
pub(crate) const FILLED_IN: &str = "2031-01-02T00:00:00Z";

/// What tasks of this kind and notes are known by, and take turns by.
pub(crate) fn name(kind: Kind) -> Field {
    if kind == Kind::Note { Field::NoteText } else { Field::TaskTitle }
}

/// What the engine knows beside the documents.
#[derive(Default)]
pub(crate) struct Things {
    /// Records named after what they were met as.
    named: BTreeMap<(Side, String), usize>,
    /// Whose turn it is to make one of that name.
    turns: BTreeMap<String, usize>,
    /// What the last reading showed.
    seen: BTreeMap<(Side, String), String>,
    /// Nobody waits for a turn.
    pub(crate) have_no_turns: bool,
}

/// A create may go on, the run ends, or it looks again.
pub(crate) enum Way {
    Go,
    End,
    Again,
}

fn is_open(contact: &Contact) -> bool {
    let status = contact.fields.get(&Field::TaskStatus).and_then(Option::as_ref).and_then(Value::as_text);
    !contact.is_deleted && status.is_none_or(|status| status == OPEN)
}

fn print(contact: &Contact) -> String {
    format!("{:?}", contact.fields)
}

impl World {
    /// The record of a task or note; one that another goes on with leads there.
    pub(crate) fn thing(&self, side: Side, id: &str) -> Option<usize> {
        let key = (side, id.to_owned());
        let mut record = *self.engine.links.get(&key).or_else(|| self.engine.things.named.get(&key))?;
        while let Some(into) = &self.engine.documents[record].0.merged_into {
            record = self.engine.documents.iter().position(|(one, _)| one.id == *into)?;
        }
        Some(record)
    }

    /// Somebody meets it for the first time.
    pub(crate) fn meet_thing(&mut self, side: Side, id: &str) {
        let Some(contact) = self.provider[side].get(id).cloned() else { return };
        let record = self.engine.documents.len();
        let name = RecordId::new(format!("r{record}")).unwrap();
        let now = time(self.now_ms);
        let document = Document::new(ConnectionId::new("acme").unwrap(), name, now).of_kind(self.scenario.kind);
        self.engine.documents.push((document, 1));
        self.engine.phones.push(contact.phone);
        let (mut document, revision) = self.engine.load(record);
        adopt(&mut document, &self.engine.rules, side, id, now);
        hint(&mut document, side);
        self.engine.store(record, document, revision);
        let key = (side, id.to_owned());
        self.engine.things.named.insert(key.clone(), record);
        // Whoever is noted already may have made it, and stays.
        self.engine.links.entry(key).or_insert(record);
        self.publish(record, 0);
    }

    /// Before one is made.
    pub(crate) fn give_way(&mut self, record: usize, side: Side) -> Way {
        let (mut document, revision) = self.engine.load(record);
        let (now, there) = (time(self.now_ms), side.other());
        if about_to_make(&mut document, now) {
            self.engine.store(record, document.clone(), revision);
        }
        let known = document.provider_id(there).unwrap_or_default().to_owned();
        let text = document.canon_value(name(document.kind)).and_then(Value::as_text).unwrap_or_default();
        let turn = *self.engine.things.turns.entry(text.to_owned()).or_insert(record);
        if turn != record && !self.engine.things.have_no_turns {
            let (held, _) = self.engine.load(turn);
            let is_same = held.provider_id(there) == Some(known.as_str());
            if is_same && held.merged_into.is_none() {
                return self.leave_to_maker(record, turn);
            }
            if is_making(&held, now) {
                self.give_back(record, 500);
                *self.counts.entry("waited for a turn").or_default() += 1;
                return Way::End;
            }
            self.engine.things.turns.insert(text.to_owned(), record);
        }
        match self.engine.links.get(&(there, known)).copied() {
            Some(other) if other != record => self.leave_to_maker(record, other),
            _ => Way::Go,
        }
    }

    fn leave_to_maker(&mut self, record: usize, maker: usize) -> Way {
        let (mut document, revision) = self.engine.load(record);
        let (mut held, held_revision) = self.engine.load(maker);
        for side in Side::BOTH {
            let id = document.provider_id(side).map(str::to_owned);
            if let Some(id) = id.filter(|id| held.provider_id(side) == Some(id)) {
                self.engine.links.insert((side, id), maker);
                hint(&mut held, side);
            }
        }
        let name = held.id.clone();
        self.engine.store(maker, held, held_revision);
        self.publish(maker, 0);
        merged_into(&mut document, name);
        self.engine.store(record, document, revision);
        *self.counts.entry("left to its maker").or_default() += 1;
        Way::Again
    }

    /// What a create of unknown outcome may have made: it says the same, isn't older, and is no other record's.
    pub(crate) fn alike(&self, record: usize, side: Side) -> Vec<Hit> {
        let document = &self.engine.documents[record].0;
        let Some(intent) = &document.intent[side] else { return Vec::new() };
        let fields =
            if document.kind == Kind::Note { &[Field::NoteText][..] } else { &[Field::TaskTitle, Field::TaskBody] };
        let is_alike = |contact: &Contact| {
            is_open(contact)
                && contact.created_ms + SKEW_MS > intent.sent_at.as_millisecond()
                && fields.iter().all(|field| {
                    let there = contact.fields.get(field).and_then(Option::as_ref);
                    intent.sent.get(field).and_then(Option::as_ref) == there
                })
        };
        let mut found: Vec<_> = self.provider[side].contacts.iter().filter(|(_, contact)| is_alike(contact)).collect();
        found.sort_by_key(|(_, contact)| contact.created_ms);
        let is_free = |id: &str| match self.engine.links.get(&(side, id.to_owned())).filter(|holder| **holder != record)
        {
            None => true,
            Some(holder) => {
                let held = &self.engine.documents[*holder].0;
                let there = side.other();
                held.merged_into.as_ref() == Some(&document.id)
                    || (held.link[there].is_none() && held.intent[there].is_none())
            }
        };
        found.into_iter().filter(|(id, _)| is_free(id)).map(|(id, contact)| super::engine::found(id, contact)).collect()
    }

    /// What the writer learns of one that it has read or written.
    pub(crate) fn learn(&mut self, side: Side, (id, fields): (&str, &Observed)) {
        let key = (side, id.to_owned());
        let status = fields.get(&Field::TaskStatus).and_then(Option::as_ref).and_then(Value::as_text);
        match (self.scenario.kind, side) {
            // It is not among the open ones that are read; opened again it must be news there.
            (Kind::Task, Side::Ghl) if status.is_some_and(|status| status != OPEN) => {
                self.engine.things.seen.remove(&key);
            }
            (Kind::Task, _) | (Kind::Note, Side::OpenPhone) => {
                let fields: BTreeMap<Field, Option<Value>> = fields.clone().into_iter().collect();
                drop(self.engine.things.seen.insert(key, format!("{fields:?}")));
            }
            _ => {}
        }
    }

    /// Whether a person touches what its maker, who had no answer, doesn't know yet: then nothing about it says who made it.
    pub(crate) fn is_unknown_yet(&self, side: Side, id: &str, contact: &Contact) -> bool {
        let made = contact.key.is_some();
        let known = self.engine.links.get(&(side, id.to_owned())).is_some_and(|record| {
            let document = &self.engine.documents[*record].0;
            document.link[side.other()].is_some()
        });
        self.scenario.kind != Kind::Contact && made && !known
    }

    /// Reads what no webhook tells of, and what one may have got lost of.
    pub(crate) fn read_all(&mut self) {
        let sides: &[Side] = if self.scenario.kind == Kind::Note { &[Side::OpenPhone] } else { &Side::BOTH };
        for side in sides.iter().copied() {
            let is_listed = |contact: &Contact| !contact.is_deleted && (side == Side::OpenPhone || is_open(contact));
            let listed = self.provider[side].contacts.iter().filter(|(_, contact)| is_listed(contact));
            let now: BTreeMap<(Side, String), String> =
                listed.map(|(id, contact)| ((side, id.clone()), print(contact))).collect();
            let before: BTreeMap<_, _> = self.engine.things.seen.iter().filter(|((of, _), _)| *of == side).collect();
            let is_told = |id: &str, is_known: bool| is_known || self.provider[side].get(id).is_some_and(is_open);
            let mut changed: Vec<String> = now
                .iter()
                .filter(|(key, print)| before.get(key) != Some(print) && is_told(&key.1, before.contains_key(key)))
                .map(|(key, _)| key.1.clone())
                .collect();
            changed.extend(before.keys().filter(|key| !now.contains_key(*key)).map(|key| key.1.clone()));
            for id in changed {
                let delay = self.chance.random_range(0..2_000);
                self.after(delay, Event::Webhook(side, id, false));
            }
            self.engine.things.seen.retain(|(of, _), _| *of != side);
            self.engine.things.seen.extend(now);
        }
    }

    pub(crate) fn plan_readings(&mut self, end_ms: i64) {
        for reading in 1..=end_ms / BETWEEN_READINGS_MS {
            self.after(reading * BETWEEN_READINGS_MS, Event::ReadAll);
        }
    }
}
