//! Time, chance, people and the two providers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tandem_contact::{Field, Observed, PerSide, Side, Value};
use tandem_reconcile::{COMPLETED, Kind, OPEN};

use super::engine::{Answer, Call, Engine};
use super::judge::Scenario;
use super::provider::{Contact, Provider, Who};

/// How likely each fault is, per call, webhook or step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) webhook_dropped: f64,
    pub(crate) webhook_doubled: f64,
    pub(crate) not_applied: f64,
    pub(crate) answer_lost: f64,
    pub(crate) applied_late: f64,
    pub(crate) refused_but_created: f64,
    pub(crate) crash: f64,
    pub(crate) pause: f64,
}

impl Faults {
    pub(crate) const MANY: Self = Self {
        webhook_dropped: 0.10,
        webhook_doubled: 0.15,
        not_applied: 0.06,
        answer_lost: 0.06,
        applied_late: 0.03,
        refused_but_created: 0.05,
        crash: 0.04,
        pause: 0.03,
    };
    pub(crate) const NONE: Self = Self {
        webhook_dropped: 0.0,
        webhook_doubled: 0.0,
        not_applied: 0.0,
        answer_lost: 0.0,
        applied_late: 0.0,
        refused_but_created: 0.0,
        crash: 0.0,
        pause: 0.0,
    };
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// The flag: the contact was deleted.
    Webhook(Side, String, bool),
    Discover(Side, String),
    Deliver(usize, u64),
    Commit(usize),
    Send(usize),
    Apply(Call),
    Resume(usize, Answer),
    PersonCreates(Side, usize),
    PersonEdits(usize),
    PersonDeletes(usize),
    /// In GHL, the second into the first.
    PersonMerges(usize, usize),
    Sweep,
    ReadAll,
    Heal,
}

/// What there is to tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    Made,
    Edited(Option<Field>),
    Deleted,
}

/// One edit by a person: when, where, whose, what.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) at_ms: i64,
    pub(crate) side: Side,
    pub(crate) phone: String,
    pub(crate) field: Field,
    pub(crate) value: Option<Value>,
    /// For lists: the item, and whether it was added.
    pub(crate) item: Option<(String, bool)>,
}

pub(crate) struct World {
    pub(crate) now_ms: i64,
    pub(crate) chance: SmallRng,
    pub(crate) scenario: Scenario,
    pub(crate) is_healed: bool,
    pub(crate) provider: PerSide<Provider>,
    pub(crate) engine: Engine,
    pub(crate) edits: Vec<Edit>,
    pub(crate) deleted: Vec<(String, Side)>,
    /// Edited or deleted before whoever made it knew it.
    pub(crate) touched_unknown: std::collections::BTreeSet<String>,
    pub(crate) counts: std::collections::BTreeMap<&'static str, u64>,
    pub(crate) is_quiet: bool,
    pub(crate) course: Vec<(u64, u64)>,
    events: BinaryHeap<Reverse<(i64, u64, Event)>>,
    sequence: u64,
}

pub(crate) const PEOPLE: usize = 3;
const EDITS: usize = 12;
const LAST_EDIT_MS: i64 = 3_000_000;
const HOUR_MS: i64 = 3_600_000;

impl World {
    pub(crate) fn new(seed: u64, scenario: Scenario) -> Self {
        let provider =
            |name, lag_ms| Provider { name, lag_ms, has_unique_keys: scenario.unique_keys, ..Provider::default() };
        let mut world = Self {
            now_ms: 0,
            chance: SmallRng::seed_from_u64(seed),
            scenario,
            is_healed: false,
            provider: PerSide { ghl: provider('G', 20_000), openphone: provider('Q', 0) },
            engine: Engine::new(scenario),
            edits: Vec::new(),
            deleted: Vec::new(),
            touched_unknown: std::collections::BTreeSet::new(),
            counts: std::collections::BTreeMap::new(),
            is_quiet: false,
            course: Vec::new(),
            events: BinaryHeap::new(),
            sequence: 0,
        };
        world.plan_people();
        world.plan_time();
        world
    }

    fn plan_people(&mut self) {
        for person in 0..PEOPLE {
            let first =
                if !self.scenario.both_ways || self.chance.random_bool(0.5) { Side::Ghl } else { Side::OpenPhone };
            let on_both =
                self.scenario.both_ways && self.scenario.kind == Kind::Contact && self.chance.random_bool(0.2);
            let start = self.chance.random_range(0..30_000);
            self.after(start, Event::PersonCreates(first, person));
            if on_both {
                let shortly = start + self.chance.random_range(0..3_000);
                self.after(shortly, Event::PersonCreates(first.other(), person));
            }
        }
        let (edits, last) = match self.scenario.hours {
            Some(hours) => (usize::try_from(12 * hours).unwrap(), hours * HOUR_MS),
            None => (EDITS, LAST_EDIT_MS),
        };
        for edit in 0..edits {
            let at = self.chance.random_range(40_000..last);
            self.after(at, Event::PersonEdits(edit));
        }
        if self.scenario.deletes {
            let at = self.chance.random_range(200_000..last);
            self.after(at, Event::PersonDeletes(0));
        }
        if self.scenario.merges {
            let at = self.chance.random_range(200_000..last);
            self.after(at, Event::PersonMerges(1, 2));
        }
    }

    fn plan_time(&mut self) {
        let (end, pause) = match self.scenario.hours {
            Some(hours) => (hours * HOUR_MS, HOUR_MS),
            None => (3_600_000, 600_000),
        };
        if self.scenario.kind != Kind::Contact {
            self.plan_readings(end + 3_400_000);
            self.after(end + 600_000, Event::Heal);
            return;
        }
        for sweep in 1..=end / pause {
            self.after(sweep * pause, Event::Sweep);
        }
        self.after(end + 600_000, Event::Heal);
        for after in [1_400_000, 2_400_000, 3_400_000] {
            self.after(end + after, Event::Sweep);
        }
    }

    pub(crate) fn run(&mut self) {
        const MOST_EVENTS: usize = 100_000;
        for _ in 0..MOST_EVENTS {
            let Some(Reverse((at, _, event))) = self.events.pop() else {
                self.is_quiet = true;
                return;
            };
            self.now_ms = at;
            self.happen(event);
        }
    }

    pub(crate) fn after(&mut self, delay_ms: i64, event: Event) {
        self.sequence += 1;
        self.events.push(Reverse((self.now_ms + delay_ms, self.sequence, event)));
    }

    /// True with that probability, until the world heals; counted under `fault`.
    pub(crate) fn strikes(&mut self, fault: &'static str, probability: f64) -> bool {
        let strikes = !self.is_healed && probability > 0.0 && self.chance.random_bool(probability);
        *self.counts.entry(fault).or_default() += u64::from(strikes);
        strikes
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Webhook(side, id, is_delete) => self.webhook(side, &id, is_delete),
            Event::Discover(side, id) => self.discover(side, &id),
            Event::Deliver(record, ticket) => self.deliver(record, ticket),
            Event::Commit(task) => self.commit(task),
            Event::Send(task) => self.send(task),
            Event::Apply(call) => {
                let _late = self.apply(&call);
            }
            Event::Resume(task, answer) => self.resume(task, answer),
            Event::PersonCreates(side, person) => self.person_creates(side, person),
            Event::PersonEdits(number) => self.person_edits(number),
            Event::PersonDeletes(person) => self.person_deletes(person),
            Event::PersonMerges(kept, ended) => self.person_merges(kept, ended),
            Event::Sweep => self.sweep(),
            Event::ReadAll => self.read_all(),
            Event::Heal => self.is_healed = true,
        }
    }

    /// A webhook, where the provider has one.
    pub(crate) fn emit_news(&mut self, side: Side, id: &str, news: News) {
        let is_told = match (self.scenario.kind, side, news) {
            (Kind::Contact, ..)
            | (Kind::Task, Side::OpenPhone, _)
            | (Kind::Task, Side::Ghl, News::Made | News::Deleted)
            | (Kind::Note, Side::Ghl, _) => true,
            // Of edits GHL tells nobody but where a task was completed.
            (Kind::Task, Side::Ghl, News::Edited(field)) => field == Some(Field::TaskStatus),
            (Kind::Note, Side::OpenPhone, _) => false,
        };
        if is_told {
            self.emit(side, id);
        }
    }

    pub(crate) fn emit(&mut self, side: Side, id: &str) {
        let mut faults = self.scenario.faults;
        if (self.scenario.kind, side) == (Kind::Note, Side::Ghl) {
            // Nobody reads GHL's notes but when told.
            faults.webhook_dropped = 0.0;
        }
        let copies = if self.strikes("webhook dropped", faults.webhook_dropped) {
            0
        } else {
            1 + usize::from(self.strikes("webhook doubled", faults.webhook_doubled))
        };
        for _ in 0..copies {
            let scale = [200.0, 1_000.0, 5_000.0, 40_000.0, 90_000.0][self.chance.random_range(0..5)];
            let delay = (scale * self.chance.random::<f64>()) as i64;
            self.after(delay, Event::Webhook(side, id.to_owned(), false));
        }
    }

    fn person_creates(&mut self, side: Side, person: usize) {
        let fields = match self.scenario.kind {
            Kind::Contact => contact(side, person),
            Kind::Task => Observed::from([
                (Field::TaskTitle, Value::text("Call back")),
                (Field::TaskBody, Value::text(&format!("about {person}"))),
                (Field::TaskDue, Value::text("2031-03-01T09:00:00Z").filter(|_| side == Side::Ghl || person == 0)),
                (Field::TaskStatus, Value::text(OPEN)),
            ]),
            Kind::Note => Observed::from([(Field::NoteText, Value::text(&format!("note {person}")))]),
        };
        let phone = phone(person);
        let now = self.now_ms;
        if let Ok(id) = self.provider[side].create(&fields, (None, &phone), now, Who::Person) {
            self.emit_news(side, &id, News::Made);
        }
    }

    fn person_edits(&mut self, number: usize) {
        let side = if self.chance.random_bool(0.5) { Side::Ghl } else { Side::OpenPhone };
        let ids: Vec<String> = self.provider[side].contacts.keys().cloned().collect();
        if ids.is_empty() {
            return;
        }
        let id = ids[self.chance.random_range(0..ids.len())].clone();
        let Some(contact) = self.provider[side].get(&id).cloned() else {
            return;
        };
        let mut fields = match self.scenario.kind {
            Kind::Contact => vec![Field::FirstName, Field::Company, Field::Emails, Field::Tags],
            Kind::Task => vec![Field::TaskTitle, Field::TaskBody, Field::TaskDue, Field::TaskStatus],
            Kind::Note => vec![Field::NoteText],
        };
        let is_done = contact.fields.get(&Field::TaskStatus) == Some(&Value::text(COMPLETED));
        if is_done && side == Side::Ghl {
            // Nobody is told of other edits to a task that is done, and it is in no list of open ones.
            fields = vec![Field::TaskStatus];
        }
        let field = fields[self.chance.random_range(0..fields.len())];
        let held = contact.fields.get(&field).cloned().flatten();
        let (value, item) = match field {
            Field::Tags => {
                let mut items = held.map(|value| value.items()).unwrap_or_default();
                let removed = if self.chance.random_bool(0.3) { items.iter().next().cloned() } else { None };
                let change = match removed {
                    Some(item) => (item, false),
                    None => (format!("tag-{number}"), true),
                };
                if change.1 {
                    items.insert(change.0.clone())
                } else {
                    items.remove(&change.0)
                };
                (Value::list(items), Some(change))
            }
            Field::TaskStatus => (Value::text(if is_done { OPEN } else { COMPLETED }), None),
            Field::TaskDue => (Value::text(&format!("2031-04-01T09:00:{number:02}Z")), None),
            Field::Emails => (Value::list([format!("Edit{number}@Example.com")]), None),
            _ => (Value::text(&format!("edit{number}")), None),
        };
        let now = self.now_ms;
        if self.is_unknown_yet(side, &id, &contact) {
            self.touched_unknown.insert(contact.phone.clone());
        }
        self.provider[side].put(&id, &Observed::from([(field, value.clone())]), now, Who::Person);
        let value = super::provider::normal(field, value);
        self.edits.push(Edit { at_ms: now, side, phone: contact.phone, field, value, item });
        self.emit_news(side, &id, News::Edited(Some(field)));
    }

    fn person_deletes(&mut self, person: usize) {
        let phone = phone(person);
        let side = if self.scenario.both_ways && self.chance.random_bool(0.5) { Side::OpenPhone } else { Side::Ghl };
        let contacts = self.provider[side].contacts.iter();
        // A task that is done is in no list of open ones: where the webhook gets lost nobody sees that it is gone.
        let is_done = |c: &Contact| c.fields.get(&Field::TaskStatus) == Some(&Value::text(COMPLETED));
        let is_it = |c: &Contact| c.phone == phone && !c.is_deleted && !is_done(c);
        // One that nobody has told us of before it went is as if it had never been.
        let is_known = |id: &String| self.engine.links.contains_key(&(side, id.clone()));
        let found = contacts.into_iter().find(|(id, c)| is_it(c) && is_known(id)).map(|(id, _)| id.clone());
        if let Some(id) = found {
            if self.provider[side].get(&id).is_some_and(|contact| self.is_unknown_yet(side, &id, contact)) {
                self.touched_unknown.insert(phone.clone());
            }
            self.provider[side].delete(&id, Who::Person);
            self.deleted.push((phone, side));
            match side {
                _ if self.scenario.kind != Kind::Contact => self.emit_news(side, &id, News::Deleted),
                Side::Ghl => self.emit(side, &id),
                // Where nobody is told, a contact that is gone from OpenPhone is made again: that is another story.
                Side::OpenPhone => self.after(500, Event::Webhook(side, id, true)),
            }
        }
    }

    /// What GHL does then: the one takes the other's address and tags, and the other is gone. Nobody is told more than that.
    fn person_merges(&mut self, kept: usize, ended: usize) {
        let (kept, ended) = (phone(kept), phone(ended));
        let known = |phone: &str| {
            let contacts = self.provider.ghl.contacts.iter();
            let is_known = |id: &String| self.engine.links.contains_key(&(Side::Ghl, id.clone()));
            let found = contacts.into_iter().find(|(id, c)| c.phone == phone && !c.is_deleted && is_known(id));
            found.map(|(id, contact)| (id.clone(), contact.clone()))
        };
        let (Some((into, before)), Some((id, taken))) = (known(&kept), known(&ended)) else { return };
        *self.counts.entry("merge in GHL").or_default() += 1;
        let held = |contact: &Contact, field| contact.fields.get(&field).cloned().flatten();
        let tags = |contact: &Contact| held(contact, Field::Tags).map(|value| value.items()).unwrap_or_default();
        let new: Vec<String> = tags(&taken).difference(&tags(&before)).cloned().collect();
        let all = Value::list(tags(&before).union(&tags(&taken)).cloned());
        let (email, now) = (held(&taken, Field::Emails), self.now_ms);
        let sent = Observed::from([(Field::Tags, all.clone()), (Field::Emails, email.clone())]);
        self.provider.ghl.put(&into, &sent, now, Who::Person);
        let edit = |field, value, item| Edit { at_ms: now, side: Side::Ghl, phone: kept.clone(), field, value, item };
        let mut edits = vec![edit(Field::Emails, super::provider::normal(Field::Emails, email), None)];
        edits.extend(new.into_iter().map(|tag| edit(Field::Tags, all.clone(), Some((tag, true)))));
        self.edits.extend(edits);
        self.provider.ghl.delete(&id, Who::Person);
        self.deleted.push((ended, Side::Ghl));
        self.emit(Side::Ghl, &into);
        self.emit(Side::Ghl, &id);
    }

    /// A scan of both sides: repairs what dropped webhooks left behind.
    fn sweep(&mut self) {
        let writes = self.provider.ghl.writes + self.provider.openphone.writes;
        self.course.push((self.edits.len() as u64, writes));
        for side in Side::BOTH {
            let ids: Vec<String> = self.provider[side].contacts.keys().cloned().collect();
            for id in ids {
                self.webhook(side, &id, false);
            }
        }
    }
}

fn contact(side: Side, person: usize) -> Observed {
    Observed::from([
        (Field::FirstName, Value::text(&format!("name{person}"))),
        (Field::Company, Value::text(&format!("company{person}-{side}"))),
        (Field::Phones, Value::list([phone(person)])),
        (Field::Emails, Value::list([format!("Person{person}-{side}@Example.com")])),
        (Field::Tags, Value::list([format!("tag{person}")])),
    ])
}

pub(crate) fn phone(person: usize) -> String {
    format!("+1415555010{person}")
}
