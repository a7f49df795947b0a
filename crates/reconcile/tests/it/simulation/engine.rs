//! The stand-in for mapper and writer: everything they decide comes from the crate under test.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rand::RngExt;
use tandem_contact::{Field, Observed, PerSide, Side, Value};
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{
    Claims, Document, Found, IntentKind, Kind, Meeting, Rules, Run, Step, Timing, Writes, adopt, at_rest, awaited,
    begin, claimed, created, deleted, hint, join, meet, merged_into, next_step, not_applied, not_found, parked_with,
    probed, read, refused, settle, taken, unknown, updated, woken,
};

use super::judge::{self, Scenario};
use super::provider::{Contact, Who};
use super::things::{FILLED_IN, Things, Way};
use super::world::{Event, News, World};

pub(crate) type Body = Vec<(Field, Option<Value>)>;
/// Id, fields, time.
pub(crate) type Hit = (String, Body, i64);

/// A request on its way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    Get(Side, String),
    Search(Side, String, String),
    /// What looks as if this record had made it.
    Alike(Side, usize),
    Create(Side, Body, String, String),
    Put(Side, String, Body),
    /// Items added, or items removed.
    Items(Side, String, Field, BTreeSet<String>, BTreeSet<String>),
    Delete(Side, String),
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    Contacts(Vec<Hit>),
    NotFound,
    Taken,
    Done,
    TimedOut,
    Unprocessable,
    NotSent,
}

struct Task {
    record: usize,
    run: Run,
    revision: u64,
    step: Step,
    call: Option<Call>,
    /// The document with the intent in it, on its way to the store.
    intended: Option<Document>,
}

pub(crate) struct Engine {
    pub(crate) rules: Rules,
    pub(crate) ignores_deadline: bool,
    pub(crate) ignores_revision: bool,
    pub(crate) documents: Vec<(Document, u64)>,
    pub(crate) phones: Vec<String>,
    pub(crate) links: BTreeMap<(Side, String), usize>,
    pub(crate) things: Things,
    claims: BTreeMap<String, usize>,
    by_key: BTreeMap<String, usize>,
    waiting: BTreeMap<usize, u64>,
    tickets: u64,
    tasks: BTreeMap<usize, Task>,
    next_task: usize,
}

impl Engine {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            rules: judge::rules(scenario),
            ignores_deadline: false,
            ignores_revision: false,
            documents: Vec::new(),
            phones: Vec::new(),
            links: BTreeMap::new(),
            things: Things::default(),
            claims: BTreeMap::new(),
            by_key: BTreeMap::new(),
            waiting: BTreeMap::new(),
            tickets: 0,
            tasks: BTreeMap::new(),
            next_task: 0,
        }
    }

    /// Whether a record of this person waits for somebody to say whether two are one.
    pub(crate) fn is_to_be_reviewed(&self, phone: &str) -> bool {
        let mut of_person = self.documents.iter().zip(&self.phones).filter(|(_, of)| *of == phone);
        of_person.any(|((document, _), _)| document.parked.as_ref().is_some_and(|parked| parked.code == "duplicate"))
    }

    pub(crate) fn load(&self, record: usize) -> (Document, u64) {
        self.documents[record].clone()
    }

    /// Compare-and-set.
    pub(crate) fn store(&mut self, record: usize, document: Document, revision: u64) -> Option<u64> {
        let held = &mut self.documents[record];
        if held.1 != revision && !self.ignores_revision {
            return None;
        }
        let is_indexed = document.kind == Kind::Contact && document.merged_into.is_none();
        for side in Side::BOTH.into_iter().filter(|_| is_indexed) {
            if let Some(id) = document.provider_id(side) {
                self.links.insert((side, id.to_owned()), record);
            }
        }
        *held = (document, held.1 + 1);
        Some(held.1)
    }
}

pub(crate) fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

pub(crate) fn found(id: &str, contact: &Contact) -> Hit {
    (id.to_owned(), contact.fields.clone().into_iter().collect(), contact.updated_ms)
}

fn as_found(answer: Hit) -> Found {
    Found { id: answer.0, observed: answer.1.into_iter().collect::<Observed>(), at: Some(time(answer.2)) }
}

impl World {
    /// Mapper: a known contact becomes a hint and a command, an unknown one is discovered.
    pub(crate) fn webhook(&mut self, side: Side, id: &str, is_delete: bool) {
        let known = match self.scenario.kind {
            Kind::Contact => self.engine.links.get(&(side, id.to_owned())).copied(),
            Kind::Task | Kind::Note => self.thing(side, id),
        };
        let Some(record) = known else {
            self.after(300, Event::Discover(side, id.to_owned()));
            return;
        };
        let (mut document, revision) = self.engine.load(record);
        hint(&mut document, side);
        document.delete_seen[side] |= is_delete;
        document.dirty_since.get_or_insert(time(self.now_ms));
        if self.engine.store(record, document, revision).is_some() {
            self.publish(record, 0);
        }
    }

    pub(crate) fn discover(&mut self, side: Side, id: &str) {
        if self.scenario.kind != Kind::Contact {
            match self.thing(side, id) {
                Some(_) => self.webhook(side, id, false),
                None => self.meet_thing(side, id),
            }
            return;
        }
        if self.engine.links.contains_key(&(side, id.to_owned())) {
            return self.webhook(side, id, false);
        }
        let Some(contact) = self.provider[side].get(id).cloned() else {
            return;
        };
        if let Some(record) = contact.key.as_ref().and_then(|key| self.engine.by_key.get(key)).copied() {
            return self.own_create(side, id, record, &contact);
        }
        if !self.scenario.both_ways && side == Side::OpenPhone {
            return;
        }
        let record = self.new_record(&contact);
        let (mut document, revision) = self.engine.load(record);
        let now = time(self.now_ms);
        adopt(&mut document, &self.engine.rules, side, id, now);
        hint(&mut document, side);
        self.engine.store(record, document, revision);
        self.publish(record, 0);
    }

    /// A webhook about what we made ourselves, before we know it. OpenPhone's names our key; GHL's names only us, so it is
    /// looked at again later.
    fn own_create(&mut self, side: Side, id: &str, record: usize, contact: &Contact) {
        if side == Side::Ghl {
            if self.now_ms < contact.created_ms + 900_000 {
                self.after(5_000, Event::Discover(side, id.to_owned()));
            }
            return;
        }
        let (mut document, revision) = self.engine.load(record);
        hint(&mut document, side);
        if self.engine.store(record, document, revision).is_some() {
            self.publish(record, 0);
        }
    }

    fn new_record(&mut self, contact: &Contact) -> usize {
        let record = self.engine.documents.len();
        let id = RecordId::new(format!("r{record}")).unwrap();
        let document = Document::new(ConnectionId::new("acme").unwrap(), id, time(self.now_ms));
        let key = tandem_reconcile::external_key(&document, Side::OpenPhone);
        self.engine.documents.push((document, 1));
        self.engine.phones.push(contact.phone.clone());
        self.engine.by_key.insert(key, record);
        record
    }

    /// One waiting command per record: a newer one replaces it.
    pub(crate) fn publish(&mut self, record: usize, delay_ms: i64) {
        self.engine.tickets += 1;
        let ticket = self.engine.tickets;
        self.engine.waiting.insert(record, ticket);
        self.after(delay_ms, Event::Deliver(record, ticket));
    }

    /// Gives a delivery back; a newer command that waits already makes that needless.
    pub(crate) fn give_back(&mut self, record: usize, delay_ms: i64) {
        if !self.engine.waiting.contains_key(&record) {
            self.publish(record, delay_ms);
        }
    }

    pub(crate) fn deliver(&mut self, record: usize, ticket: u64) {
        if self.engine.waiting.get(&record) != Some(&ticket) {
            return;
        }
        self.engine.waiting.remove(&record);
        let task = self.engine.next_task;
        self.engine.next_task += 1;
        let run = Run { owner: format!("run{task}"), fresh: PerSide::default() };
        self.engine.tasks.insert(task, Task { record, run, revision: 0, step: Step::Park, call: None, intended: None });
        self.advance(task);
    }

    /// The writer's loop up to the next request.
    fn advance(&mut self, id: usize) {
        for _ in 0..100 {
            let Some(task) = self.engine.tasks.get(&id) else { return };
            let record = task.record;
            if self.strikes("crash", self.scenario.faults.crash) {
                self.engine.tasks.remove(&id);
                return self.give_back(record, 60_000);
            }
            let now = time(self.now_ms);
            let (document, revision) = self.engine.load(record);
            let task = self.engine.tasks.get_mut(&id).unwrap();
            let step = next_step(&document, &self.engine.rules, &task.run, now);
            match step {
                Step::Done(_) | Step::Park => {
                    self.engine.tasks.remove(&id);
                    return self.rest(record);
                }
                Step::Wait { until, .. } => {
                    self.engine.tasks.remove(&id);
                    let delay = until.as_millisecond() - self.now_ms + 10;
                    return self.give_back(record, delay);
                }
                step if self.take_step(id, step.clone(), document, revision) => return,
                _ => {}
            }
        }
        panic!("a run of record {id} never ends");
    }

    /// Nothing is left to do.
    fn rest(&mut self, record: usize) {
        let (mut document, revision) = self.engine.load(record);
        if document.dirty_since.is_some() {
            at_rest(&mut document);
            self.engine.store(record, document, revision);
        }
    }

    /// True when a request is under way.
    fn take_step(&mut self, id: usize, step: Step, mut document: Document, mut revision: u64) -> bool {
        let now = time(self.now_ms);
        let record = self.engine.tasks[&id].record;
        let owner = self.engine.tasks[&id].run.owner.clone();
        if let (Step::Create(side, _), true) = (&step, document.kind != Kind::Contact) {
            match self.give_way(record, *side) {
                Way::Go => (document, revision) = self.engine.load(record),
                Way::Again => return false,
                Way::End => {
                    self.engine.tasks.remove(&id);
                    return true;
                }
            }
        }
        let phone = self.engine.phones[record].clone();
        let rules = self.engine.rules.clone();
        let mut intent =
            |side, kind, writes: &Writes| begin(&mut document, &rules, side, (kind, writes), (&owner, now));
        let call = match &step {
            Step::Create(side, writes) => {
                intent(*side, IntentKind::Create, writes);
                let key = document.intent[*side].as_ref().unwrap().key.clone();
                Call::Create(*side, body(writes), key, phone)
            }
            Step::Update(side, writes) => {
                intent(*side, IntentKind::Update, writes);
                let provider_id = document.provider_id(*side).unwrap().to_owned();
                if let Some(items) = items(&document, &rules, *side, writes) {
                    return self.take_off(
                        id,
                        (step.clone(), document, revision),
                        Call::Items(*side, provider_id, items.0, items.1, items.2),
                    );
                }
                Call::Put(*side, provider_id, carried(&document, &rules, *side, writes))
            }
            Step::Delete(side) => {
                intent(*side, IntentKind::Delete, &Writes::new());
                Call::Delete(*side, document.provider_id(*side).unwrap().to_owned())
            }
            Step::Read(side) => Call::Get(*side, document.provider_id(*side).unwrap().to_owned()),
            Step::Probe(side) if document.kind != Kind::Contact => Call::Alike(*side, record),
            Step::Probe(side) => Call::Search(*side, tandem_reconcile::external_key(&document, *side), phone),
            Step::Settle(side) => {
                settle(&mut document, &rules, *side, now);
                self.engine.store(record, document, revision);
                return false;
            }
            Step::Claim(claims) => return self.claim(id, claims, document, revision),
            Step::Wake => return self.wake(document, revision, record),
            Step::Wait { .. } | Step::Park | Step::Done(_) => return false,
        };
        self.take_off(id, (step, document, revision), call)
    }

    fn take_off(&mut self, id: usize, (step, document, revision): (Step, Document, u64), call: Call) -> bool {
        let is_write = matches!(step, Step::Create(..) | Step::Update(..) | Step::Delete(_));
        let task = self.engine.tasks.get_mut(&id).unwrap();
        (task.revision, task.step, task.call) = (revision, step, Some(call));
        task.intended = is_write.then_some(document);
        // Time passes between reading the document and storing the intent: others may come between.
        let delay = self.chance.random_range(0..300);
        self.after(delay, Event::Commit(id));
        true
    }

    /// True when the run has to wait.
    fn claim(&mut self, id: usize, claims: &Claims, mut document: Document, revision: u64) -> bool {
        let record = self.engine.tasks[&id].record;
        for key in &claims.release {
            if self.engine.claims.get(key) == Some(&record) {
                self.engine.claims.remove(key);
            }
        }
        let mut taken = BTreeSet::new();
        for key in &claims.add {
            let holder = *self.engine.claims.entry(key.clone()).or_insert(record);
            if holder == record {
                taken.insert(key.clone());
                continue;
            }
            let (held, held_revision) = self.engine.load(holder);
            match meet(&document, &held, key) {
                Meeting::Free => {
                    self.engine.claims.insert(key.clone(), record);
                    taken.insert(key.clone());
                }
                Meeting::Separate => drop(taken.insert(key.clone())),
                Meeting::Later => {
                    self.engine.tasks.remove(&id);
                    self.give_back(record, 1_000);
                    return true;
                }
                Meeting::Join => return self.join(id, (document, revision), (held, held_revision), holder),
                Meeting::Duplicate | Meeting::Ambiguous => {
                    return self.park(record, (document, revision), (held, held_revision), holder);
                }
            }
        }
        claimed(&mut document, taken, &claims.release);
        self.engine.store(record, document, revision);
        false
    }

    /// The holder knows first that somebody waits because of it.
    fn park(
        &mut self,
        record: usize,
        (mut document, revision): (Document, u64),
        (mut held, held_revision): (Document, u64),
        holder: usize,
    ) -> bool {
        let other = held.id.clone();
        if awaited(&mut held, &document.id) && self.engine.store(holder, held, held_revision).is_none() {
            return false;
        }
        parked_with(&mut document, "duplicate", "the same person".to_owned(), &other);
        self.engine.store(record, document, revision);
        false
    }

    /// Those that wait because of this one decide anew.
    fn wake(&mut self, mut document: Document, revision: u64, record: usize) -> bool {
        for waiting in std::mem::take(&mut document.awaited_by) {
            let place = self.engine.documents.iter().position(|(one, _)| one.id == waiting);
            let Some(place) = place else { continue };
            let (mut one, held) = self.engine.load(place);
            let is_woken = woken(&mut one, &document.id, time(self.now_ms));
            if self.engine.store(place, one, held).is_some() && is_woken {
                *self.counts.entry("woken").or_default() += 1;
                self.publish(place, 0);
            }
        }
        self.engine.store(record, document, revision);
        false
    }

    /// The holder goes on with both contacts; a crash may come between the two saves. True when the run is over.
    fn join(
        &mut self,
        id: usize,
        (mut document, revision): (Document, u64),
        (mut held, held_revision): (Document, u64),
        holder: usize,
    ) -> bool {
        let record = self.engine.tasks[&id].record;
        join(&mut held, &self.engine.rules, &document, time(self.now_ms));
        self.engine.store(holder, held, held_revision);
        self.publish(holder, 0);
        *self.counts.entry("joined").or_default() += 1;
        if self.strikes("crash", self.scenario.faults.crash) {
            self.engine.tasks.remove(&id);
            self.give_back(record, 60_000);
            return true;
        }
        let into = self.engine.documents[holder].0.id.clone();
        merged_into(&mut document, into);
        self.engine.store(record, document, revision);
        false
    }

    pub(crate) fn commit(&mut self, id: usize) {
        let Some(task) = self.engine.tasks.get_mut(&id) else {
            return;
        };
        let (record, revision) = (task.record, task.revision);
        if let Some(document) = task.intended.take() {
            let Some(revision) = self.engine.store(record, document, revision) else {
                return self.advance(id);
            };
            self.engine.tasks.get_mut(&id).unwrap().revision = revision;
        }
        self.leave(id);
    }

    /// The request is about to be sent; the worker may crash or be paused right here.
    fn leave(&mut self, id: usize) {
        let faults = self.scenario.faults;
        if self.strikes("crash", faults.crash) {
            let record = self.engine.tasks.remove(&id).unwrap().record;
            return self.give_back(record, 60_000);
        }
        let is_paused = self.strikes("pause", faults.pause);
        let delay = if is_paused { self.chance.random_range(0..400_000) } else { 0 };
        self.after(delay, Event::Send(id));
    }

    pub(crate) fn send(&mut self, id: usize) {
        let Some(task) = self.engine.tasks.get(&id) else { return };
        let (record, call) = (task.record, task.call.clone().unwrap());
        let side = side_of(&call);
        let is_write = matches!(call, Call::Create(..) | Call::Put(..) | Call::Items(..) | Call::Delete(..));
        // The deadline travels with the task: a paused worker knows nothing of the document as it is now.
        let send_by = match &task.step {
            Step::Create(..) | Step::Update(..) | Step::Delete(..) => self.send_by(id, record, side),
            _ => i64::MAX,
        };
        if is_write && self.now_ms > send_by && !self.engine.ignores_deadline {
            *self.counts.entry("deadline kept").or_default() += 1;
            return self.resume(id, Answer::NotSent);
        }
        self.transmit(id, &call, is_write);
    }

    fn send_by(&self, id: usize, record: usize, side: Side) -> i64 {
        let owner = &self.engine.tasks[&id].run.owner;
        let intent = self.engine.documents[record].0.intent[side].as_ref();
        // Without its intent in the document the deadline has passed for sure.
        intent.filter(|intent| &intent.owner == owner).map_or(i64::MIN, |intent| intent.send_by.as_millisecond())
    }

    fn transmit(&mut self, id: usize, call: &Call, is_write: bool) {
        let faults = self.scenario.faults;
        let there = self.chance.random_range(50..2_000);
        let back = self.chance.random_range(50..3_000);
        if self.strikes("call not applied", faults.not_applied) {
            return self.after(30_000, Event::Resume(id, Answer::TimedOut));
        }
        if is_write && self.strikes("answer lost", faults.answer_lost) {
            self.after(there, Event::Apply(call.clone()));
            return self.after(30_000, Event::Resume(id, Answer::TimedOut));
        }
        if is_write && self.strikes("applied late", faults.applied_late) {
            let late = 30_000 + self.chance.random_range(0..60_000);
            self.after(late, Event::Apply(call.clone()));
            return self.after(30_000, Event::Resume(id, Answer::TimedOut));
        }
        let is_create = matches!(call, Call::Create(..));
        if is_create && self.strikes("422 that creates", faults.refused_but_created) {
            let _created = self.apply(call);
            return self.after(back, Event::Resume(id, Answer::Unprocessable));
        }
        let answer = self.apply(call);
        self.after(back, Event::Resume(id, answer));
    }

    /// The provider carries the request out.
    pub(crate) fn apply(&mut self, call: &Call) -> Answer {
        let now = self.now_ms;
        match call {
            Call::Get(side, id) => match self.provider[*side].get(id) {
                Some(contact) => Answer::Contacts(vec![found(id, contact)]),
                None => Answer::NotFound,
            },
            Call::Alike(side, record) => Answer::Contacts(self.alike(*record, *side)),
            Call::Search(side, key, phone) => {
                // OpenPhone can't be searched by number.
                let phone = if *side == Side::Ghl { phone.as_str() } else { "" };
                let hits = self.provider[*side].search(key, phone, now);
                Answer::Contacts(hits.iter().map(|(id, contact)| found(id, contact)).collect())
            }
            Call::Create(side, fields, key, phone) => {
                let mut sent: Observed = fields.iter().cloned().collect();
                for field in &self.engine.rules.fills_in[*side] {
                    sent.entry(*field).or_insert_with(|| Value::text(FILLED_IN));
                }
                let Ok(id) = self.provider[*side].create(&sent, (Some(key.clone()), phone), now, Who::Api) else {
                    *self.counts.entry("key taken").or_default() += 1;
                    return Answer::Taken;
                };
                self.emit_news(*side, &id, News::Made);
                self.apply(&Call::Get(*side, id))
            }
            Call::Put(side, id, fields) => {
                let sent: Observed = fields.iter().cloned().collect();
                if !self.provider[*side].put(id, &sent, now, Who::Api) {
                    return Answer::NotFound;
                }
                self.emit(*side, id);
                self.apply(&Call::Get(*side, id.clone()))
            }
            Call::Items(side, id, field, added, removed) => {
                let Some(contact) = self.provider[*side].get(id).cloned() else { return Answer::NotFound };
                let held = contact.fields.get(field).and_then(Option::as_ref).map(Value::items).unwrap_or_default();
                let new = held.difference(removed).chain(added).cloned();
                let sent = Observed::from([(*field, Value::list(new))]);
                self.provider[*side].put(id, &sent, now, Who::Api);
                self.emit(*side, id);
                Answer::Done
            }
            Call::Delete(side, id) => {
                self.provider[*side].delete(id, Who::Api);
                Answer::Done
            }
        }
    }

    pub(crate) fn resume(&mut self, id: usize, answer: Answer) {
        let Some(task) = self.engine.tasks.get(&id) else { return };
        let record = task.record;
        let (mut document, revision) = self.engine.load(record);
        let is_write = matches!(task.step, Step::Create(..) | Step::Update(..) | Step::Delete(..));
        let side = side_of(task.call.as_ref().unwrap());
        let is_ours = document.intent[side].as_ref().is_some_and(|intent| intent.owner == task.run.owner);
        // A read that raced with another change tells nothing certain; a write that lost its intent isn't ours to report.
        if (!is_write && revision != task.revision && !self.engine.ignores_revision) || (is_write && !is_ours) {
            return self.advance(id);
        }
        let seen = match &answer {
            Answer::Contacts(hits) if !matches!(task.step, Step::Probe(_)) => hits.clone(),
            _ => Vec::new(),
        };
        self.note(id, &mut document, side, answer);
        let met = Side::BOTH.map(|side| document.provider_id(side).map(|id| (side, id.to_owned())));
        let is_new = |(side, id): &(Side, String)| self.engine.documents[record].0.provider_id(*side) != Some(id);
        let made: Vec<_> = met.into_iter().flatten().filter(is_new).collect();
        if self.engine.store(record, document, revision).is_some() {
            // The last word counts: who made it, not who met it.
            self.engine.links.extend(made.into_iter().map(|key| (key, record)));
            // And not before: what an observation that was given up has shown would be told of by nobody.
            for (id, fields, _) in seen {
                self.learn(side, (&id, &fields.into_iter().collect()));
            }
        }
        self.advance(id);
    }

    fn note(&mut self, id: usize, document: &mut Document, side: Side, answer: Answer) {
        let rules = self.engine.rules.clone();
        let now = time(self.now_ms);
        let task = self.engine.tasks.get_mut(&id).unwrap();
        task.run.fresh[side] = false;
        match (&task.step, answer) {
            (Step::Read(_), Answer::Contacts(mut hits)) => {
                read(document, &rules, side, &as_found(hits.remove(0)), now);
                task.run.fresh[side] = true;
            }
            (Step::Read(_) | Step::Update(..), Answer::NotFound) => not_found(document, &rules, side, now),
            (Step::Probe(_), Answer::Contacts(hits)) => {
                let hits: Vec<Found> = hits.into_iter().map(as_found).collect();
                probed(document, &rules, side, &hits, now);
            }
            (Step::Create(..), Answer::Contacts(mut hits)) => {
                created(document, &rules, side, &as_found(hits.remove(0)), now);
            }
            (Step::Update(..), Answer::Contacts(mut hits)) => {
                updated(document, &rules, side, &as_found(hits.remove(0)), now);
            }
            (Step::Update(side, _), Answer::Done) => {
                // The answer to a change of items shows no contact.
                let id = document.provider_id(*side).unwrap().to_owned();
                updated(document, &rules, *side, &Found { id, observed: Observed::new(), at: None }, now);
            }
            (Step::Delete(_), Answer::Done | Answer::NotFound) => deleted(document, side, now),
            (Step::Create(..), Answer::Taken) => taken(document, side, now),
            (Step::Create(..) | Step::Update(..) | Step::Delete(_), Answer::NotSent) => not_applied(document, side),
            (Step::Create(..) | Step::Update(..) | Step::Delete(_), _) => unknown(document, &rules, side, now),
            (Step::Read(_) | Step::Probe(_), _) => {
                let soon = now + std::time::Duration::from_secs(5);
                tandem_reconcile::failed(document, soon);
            }
            (Step::Wait { .. } | Step::Settle(_) | Step::Claim(_) | Step::Wake | Step::Park | Step::Done(_), _) => {
                refused(document, side, &std::collections::BTreeSet::new());
            }
        }
    }
}

fn body(writes: &Writes) -> Body {
    writes.iter().map(|(field, write)| (*field, write.to.clone())).collect()
}

/// The change of a list whose items have requests of their own.
fn items(
    document: &Document,
    rules: &Rules,
    side: Side,
    writes: &Writes,
) -> Option<(Field, BTreeSet<String>, BTreeSet<String>)> {
    let (field, write) = writes.iter().find(|(field, _)| rules.item_wise[side].contains(field))?;
    assert_eq!(writes.len(), 1, "items travel alone");
    let there = document.shadow_value(side, *field).map(Value::items).unwrap_or_default();
    let wanted = write.to.as_ref().map(Value::items).unwrap_or_default();
    let (added, removed): (BTreeSet<String>, BTreeSet<String>) =
        (wanted.difference(&there).cloned().collect(), there.difference(&wanted).cloned().collect());
    assert!(added.is_empty() || removed.is_empty(), "one request adds, another removes");
    Some((*field, added, removed))
}

/// The changes, with what has to travel with them as the side was last seen to hold it.
fn carried(document: &Document, rules: &Rules, side: Side, writes: &Writes) -> Body {
    let together = &rules.carries_all[side];
    if !writes.keys().any(|field| together.contains(field)) {
        return body(writes);
    }
    let held = document.shadow[side].iter().filter(|(field, _)| together.contains(*field));
    let mut whole: Observed = held.map(|(field, seen)| (*field, seen.value.clone())).collect();
    whole.extend(body(writes));
    whole.into_iter().collect()
}

fn side_of(call: &Call) -> Side {
    match call {
        Call::Get(side, _)
        | Call::Alike(side, _)
        | Call::Search(side, _, _)
        | Call::Create(side, ..)
        | Call::Put(side, ..)
        | Call::Items(side, ..)
        | Call::Delete(side, _) => *side,
    }
}

/// The bounds of the simulated providers.
pub(crate) fn timing() -> Timing {
    Timing::default()
}
