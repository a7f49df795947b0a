//! What must be true at the end, read from the providers and not from the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use tandem_contact::{Field, PerSide, Side, Value};
use tandem_reconcile::{COMPLETED, ConflictPolicy, DeletePolicy, Direction, FieldRule, Kind, Rules};

use super::engine::timing;
use super::provider::Contact;
use super::things::FILLED_IN;
use super::world::{Edit, Faults, PEOPLE, World, phone};

/// Two edits of one field closer together than this are a race that either may win.
const CONFLICT_WINDOW_MS: i64 = 700_000;

/// A call may be applied this long after it was decided.
const BLIND_WINDOW_MS: i64 = 100_000;

#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct Scenario {
    pub(crate) both_ways: bool,
    pub(crate) deletes: bool,
    pub(crate) propagate: bool,
    /// Two people turn out to be one, and somebody merges them in GHL.
    pub(crate) merges: bool,
    pub(crate) unique_keys: bool,
    /// OpenPhone's writes carry the whole contact, as its v1 PATCH does.
    pub(crate) whole_contact: bool,
    pub(crate) first_create_wait_s: u64,
    /// People go on editing for so long, twelve times an hour; none: a dozen edits in less than an hour.
    pub(crate) hours: Option<i64>,
    pub(crate) faults: Faults,
    /// What is kept in step.
    pub(crate) kind: Kind,
}

impl Scenario {
    pub(crate) const BOTH_WAYS: Self = Self {
        both_ways: true,
        deletes: false,
        propagate: false,
        merges: false,
        unique_keys: false,
        whole_contact: false,
        first_create_wait_s: 30,
        hours: None,
        faults: Faults::MANY,
        kind: Kind::Contact,
    };
    pub(crate) const TASKS: Self = Self { kind: Kind::Task, ..Self::BOTH_WAYS };
    pub(crate) const NOTES: Self = Self { kind: Kind::Note, ..Self::BOTH_WAYS };
    pub(crate) const ONE_WAY: Self = Self { both_ways: false, ..Self::BOTH_WAYS };
}

const FIELDS: [Field; 5] = [Field::FirstName, Field::Company, Field::Emails, Field::Tags, Field::Phones];
const TASK: [Field; 4] = [Field::TaskTitle, Field::TaskBody, Field::TaskDue, Field::TaskStatus];

fn fields(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Contact => &FIELDS,
        Kind::Task => &TASK,
        Kind::Note => &[Field::NoteText],
    }
}

pub(crate) fn rules(scenario: Scenario) -> Rules {
    if scenario.kind == Kind::Contact { contact_rules(scenario) } else { thing_rules(scenario.kind) }
}

/// As the mapping makes them.
fn thing_rules(kind: Kind) -> Rules {
    let rule = FieldRule { direction: Direction::Both, conflict: ConflictPolicy::Newest };
    let one = |field| BTreeSet::from([field]);
    let together = BTreeSet::from([Field::TaskTitle, Field::TaskBody]);
    let read_first = if kind == Kind::Task { together.clone() } else { one(Field::NoteText) };
    let is_task = |fields: BTreeSet<Field>| if kind == Kind::Task { fields } else { BTreeSet::new() };
    let aspects = vec![together.clone(), one(Field::TaskDue), one(Field::TaskStatus)];
    Rules {
        fields: fields(kind).iter().map(|field| (*field, rule)).collect(),
        deletes: PerSide { ghl: DeletePolicy::Propagate, openphone: DeletePolicy::Propagate },
        creates: PerSide { ghl: true, openphone: true },
        read_first: PerSide { ghl: BTreeSet::new(), openphone: read_first },
        carries_all: PerSide { ghl: BTreeSet::new(), openphone: is_task(together) },
        alone: PerSide { ghl: Vec::new(), openphone: if kind == Kind::Task { aspects } else { Vec::new() } },
        fills_in: PerSide { ghl: is_task(one(Field::TaskDue)), openphone: BTreeSet::new() },
        timing: PerSide { ghl: timing(), openphone: timing() },
        ..Rules::default()
    }
}

fn contact_rules(scenario: Scenario) -> Rules {
    let direction = if scenario.both_ways { Direction::Both } else { Direction::ToOpenPhone };
    let rule = FieldRule { direction, conflict: ConflictPolicy::Newest };
    let wait = Duration::from_secs(scenario.first_create_wait_s);
    let deletes = if scenario.propagate { DeletePolicy::Propagate } else { DeletePolicy::Ignore };
    let both: BTreeSet<Field> = FIELDS.into();
    Rules {
        fields: FIELDS.iter().map(|field| (*field, rule)).collect(),
        deletes: PerSide { ghl: deletes, openphone: deletes },
        creates: PerSide { ghl: scenario.both_ways, openphone: true },
        made_again: PerSide { ghl: false, openphone: true },
        first_create_wait: PerSide { ghl: wait, openphone: Duration::ZERO },
        carries_all: PerSide {
            ghl: BTreeSet::new(),
            openphone: if scenario.whole_contact { both.clone() } else { BTreeSet::new() },
        },
        read_first: PerSide { ghl: both.clone(), openphone: both },
        single: PerSide {
            ghl: if scenario.both_ways { BTreeSet::from([Field::Emails]) } else { BTreeSet::new() },
            openphone: BTreeSet::new(),
        },
        item_wise: PerSide { ghl: BTreeSet::from([Field::Tags]), openphone: BTreeSet::new() },
        timing: PerSide { ghl: timing(), openphone: timing() },
        claim_identity: true,
        ..Rules::default()
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    pub(crate) duplicates: u64,
    pub(crate) missing: u64,
    pub(crate) diverged: u64,
    pub(crate) lost: u64,
    pub(crate) wiped: u64,
    pub(crate) resurrected: u64,
    pub(crate) unquiet: u64,
    pub(crate) writes: u64,
    pub(crate) edits: u64,
    pub(crate) ghl_edits: u64,
    pub(crate) people: u64,
    pub(crate) typed_twice: u64,
    /// Of which a person edited or deleted what was made before its maker, who had no answer, knew of it: nothing about it tells
    /// who made it then.
    pub(crate) touched_unknown: u64,
    /// That a person has to say whether they are the same.
    pub(crate) to_be_reviewed: u64,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    /// Edits by people and writes of ours until each sweep.
    pub(crate) course: Vec<(u64, u64)>,
    pub(crate) complaints: Vec<String>,
    pub(crate) first_bad: Option<String>,
}

impl Verdict {
    pub(crate) fn bad(&self) -> u64 {
        self.duplicates + self.missing + self.diverged + self.wiped + self.resurrected + self.unquiet
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.bad() == 0
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.duplicates += other.duplicates;
        self.missing += other.missing;
        self.diverged += other.diverged;
        self.lost += other.lost;
        self.wiped += other.wiped;
        self.resurrected += other.resurrected;
        self.unquiet += other.unquiet;
        self.writes += other.writes;
        self.edits += other.edits;
        self.ghl_edits += other.ghl_edits;
        self.people += other.people;
        self.typed_twice += other.typed_twice;
        self.touched_unknown += other.touched_unknown;
        self.to_be_reviewed += other.to_be_reviewed;
        self.course.resize(self.course.len().max(other.course.len()), (0, 0));
        for (sum, one) in self.course.iter_mut().zip(&other.course) {
            *sum = (sum.0 + one.0, sum.1 + one.1);
        }
        for (fault, times) in &other.counts {
            *self.counts.entry(fault).or_default() += times;
        }
    }

    /// The faults that must have happened, with their counts.
    pub(crate) fn faults(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let expected = [
            "webhook dropped",
            "webhook doubled",
            "call not applied",
            "answer lost",
            "applied late",
            "422 that creates",
            "crash",
            "pause",
            "deadline kept",
        ];
        let counts = self.counts.clone();
        expected.into_iter().map(move |fault| (fault, counts.get(fault).copied().unwrap_or(0)))
    }

    fn complain(&mut self, kind: fn(&mut Self) -> &mut u64, text: String) {
        *kind(self) += 1;
        self.complaints.push(text);
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "duplicates {}, missing {}, diverged {}, lost {}, wiped {}, resurrected {}, unquiet {}, typed twice {}, touched unknown {}, to be reviewed {}, writes {} for {} edits; {:?}; {}",
            self.duplicates,
            self.missing,
            self.diverged,
            self.lost,
            self.wiped,
            self.resurrected,
            self.unquiet,
            self.typed_twice,
            self.touched_unknown,
            self.to_be_reviewed,
            self.writes,
            self.edits,
            self.counts,
            self.first_bad.as_deref().unwrap_or("no complaint"),
        )
    }
}

pub(crate) fn verdict(world: &World) -> Verdict {
    let mut verdict = Verdict {
        writes: world.provider.ghl.writes + world.provider.openphone.writes,
        edits: world.edits.len() as u64,
        ghl_edits: world.edits.iter().filter(|edit| edit.side == Side::Ghl).count() as u64,
        people: PEOPLE as u64,
        counts: world.counts.clone(),
        course: world.course.clone(),
        ..Verdict::default()
    };
    if !world.is_quiet {
        verdict.complain(|v| &mut v.unquiet, "events without end".to_owned());
    }
    for person in 0..PEOPLE {
        judge_person(world, &phone(person), &mut verdict);
    }
    verdict
}

fn judge_person(world: &World, phone: &str, verdict: &mut Verdict) {
    let of = |side: Side| -> Vec<&Contact> {
        world.provider[side].contacts.values().filter(|c| c.phone == phone && !c.is_deleted).collect()
    };
    let (ghl, openphone) = (of(Side::Ghl), of(Side::OpenPhone));
    if world.touched_unknown.contains(phone) {
        verdict.touched_unknown += 1;
        return;
    }
    if world.scenario.kind == Kind::Contact && was_typed_twice(world, phone) {
        // A person typed the contact while ours was under way, and nobody could know: a person merges them.
        verdict.typed_twice += 1;
        return;
    }
    if world.engine.is_to_be_reviewed(phone) {
        verdict.to_be_reviewed += 1;
        return;
    }
    if let Some((_, side)) = world.deleted.iter().find(|(deleted, _)| deleted == phone) {
        let (there, across) =
            if *side == Side::Ghl { (ghl.len(), openphone.len()) } else { (openphone.len(), ghl.len()) };
        judge_deleted(world, (phone, *side), (there, across), verdict);
        return;
    }
    if ghl.len() > 1 || openphone.len() > 1 {
        verdict.complain(
            |v| &mut v.duplicates,
            format!("{phone}: {} in GHL, {} in OpenPhone", ghl.len(), openphone.len()),
        );
        return;
    }
    // What is done already when we see it first is not made on the other side.
    let is_done = |contact: &&&Contact| value(contact, Field::TaskStatus) == Value::text(COMPLETED).as_ref();
    if ghl.len() + openphone.len() == 1 && ghl.iter().chain(&openphone).any(|contact| is_done(&contact)) {
        return;
    }
    let (Some(ghl), Some(openphone)) = (ghl.first(), openphone.first()) else {
        verdict
            .complain(|v| &mut v.missing, format!("{phone}: {} in GHL, {} in OpenPhone", ghl.len(), openphone.len()));
        return;
    };
    let edits: Vec<&Edit> = world.edits.iter().filter(|edit| edit.phone == phone).collect();
    for field in fields(world.scenario.kind).iter().copied() {
        let pair = (value(ghl, field), value(openphone, field));
        if field == Field::TaskDue && pair == (Value::text(FILLED_IN).as_ref(), None) {
            continue;
        }
        let edits: Vec<&Edit> = edits.iter().copied().filter(|edit| edit.field == field).collect();
        if world.scenario.both_ways {
            judge_both(pair, &edits, field, verdict);
        } else {
            judge_one_way(world, pair, &edits, (phone, field), verdict);
        }
    }
}

/// `OpenPhone` has one contact that a person typed and one that we made: it can't be searched before that. Or people typed one on
/// either side and then deleted one of them: the other one is still theirs.
fn was_typed_twice(world: &World, phone: &str) -> bool {
    let is_typed = |side: Side| {
        let mut all = world.provider[side].contacts.values().filter(|contact| contact.phone == phone);
        all.any(|contact| contact.key.is_none())
    };
    if world.deleted.iter().any(|(deleted, _)| deleted == phone) && is_typed(Side::Ghl) && is_typed(Side::OpenPhone) {
        return true;
    }
    let all = || world.provider.openphone.contacts.values().filter(|contact| contact.phone == phone);
    all().any(|contact| contact.key.is_none()) && all().filter(|contact| contact.key.is_some()).count() == 1
}

fn judge_deleted(world: &World, (phone, side): (&str, Side), (there, across): (usize, usize), verdict: &mut Verdict) {
    if there > 0 {
        verdict.complain(|v| &mut v.resurrected, format!("{phone} came back in {side}"));
    }
    if across > 1 {
        verdict.complain(|v| &mut v.duplicates, format!("{phone}: {across} in {} after a delete", side.other()));
    }
    if world.scenario.propagate && across > 0 {
        verdict.complain(|v| &mut v.diverged, format!("{phone}: the delete didn't reach {}", side.other()));
    }
}

fn judge_both(
    (ghl, openphone): (Option<&Value>, Option<&Value>),
    edits: &[&Edit],
    field: Field,
    verdict: &mut Verdict,
) {
    let one_of_many = field == Field::Emails
        && ghl.is_some() == openphone.is_some()
        && items(ghl).len() <= 1
        && items(ghl).is_subset(&items(openphone));
    if ghl != openphone && !one_of_many {
        verdict.complain(|v| &mut v.diverged, format!("{field:?}: {ghl:?} in GHL, {openphone:?} in OpenPhone"));
        return;
    }
    let ghl = openphone;
    if field == Field::Tags {
        judge_items(ghl, edits, verdict);
        return;
    }
    // Edits made before the two contacts were linked may lose against the other contact's value.
    let Some(last) = edits.iter().map(|edit| edit.at_ms).max().filter(|at| *at > 2 * CONFLICT_WINDOW_MS) else {
        return;
    };
    let fair: Vec<Option<&Value>> =
        edits.iter().filter(|edit| edit.at_ms + CONFLICT_WINDOW_MS >= last).map(|edit| edit.value.as_ref()).collect();
    // Lists merge item by item: two addresses typed at once both stay.
    let is_fair = |held: &BTreeSet<String>| {
        let all: BTreeSet<String> = fair.iter().flat_map(|value| items(*value)).collect();
        // Where GHL holds one of several, an edit there replaces that one and says nothing about the others.
        (field == Field::Emails || held.is_subset(&all)) && fair.iter().any(|value| items(*value).is_subset(held))
    };
    if !(fair.contains(&ghl) || (field.is_list() && is_fair(&items(ghl)))) {
        verdict.complain(|v| &mut v.lost, format!("{field:?}: holds {ghl:?}, last edited to {fair:?}"));
    }
}

/// Each tag is added once and removed at most once by people.
fn judge_items(held: Option<&Value>, edits: &[&Edit], verdict: &mut Verdict) {
    let held = held.map(Value::items).unwrap_or_default();
    let mut last: BTreeMap<&str, (i64, bool)> = BTreeMap::new();
    let mut raced: BTreeSet<&str> = BTreeSet::new();
    for edit in edits {
        let Some((item, is_added)) = &edit.item else { continue };
        if last.get(item.as_str()).is_some_and(|(at, _)| edit.at_ms - at < CONFLICT_WINDOW_MS) {
            raced.insert(item);
        }
        last.insert(item, (edit.at_ms, *is_added));
    }
    for (item, (_, is_added)) in
        last.into_iter().filter(|(item, (at, _))| !raced.contains(item) && *at > 2 * CONFLICT_WINDOW_MS)
    {
        if held.contains(item) != is_added {
            verdict.complain(|v| &mut v.lost, format!("tag {item}: added {is_added}, held {held:?}"));
        }
    }
}

fn judge_one_way(
    world: &World,
    (ghl, openphone): (Option<&Value>, Option<&Value>),
    edits: &[&Edit],
    (phone, field): (&str, Field),
    verdict: &mut Verdict,
) {
    let there: Vec<&&Edit> = edits.iter().filter(|edit| edit.side == Side::OpenPhone).collect();
    // A person's own value in OpenPhone stands until GHL changes the field again.
    if there.is_empty() && ghl != openphone {
        verdict.complain(|v| &mut v.diverged, format!("{field:?}: {ghl:?} in GHL, {openphone:?} in OpenPhone"));
    }
    if field != Field::Tags {
        return;
    }
    let (ghl, openphone) = (items(ghl), items(openphone));
    let changed = || there.iter().filter_map(|edit| edit.item.as_ref());
    let removed: BTreeSet<&String> = changed().filter(|(_, is_added)| !is_added).map(|(item, _)| item).collect();
    if !ghl.iter().all(|item| openphone.contains(item) || removed.contains(item)) {
        verdict.complain(|v| &mut v.diverged, format!("tags {ghl:?} in GHL, {openphone:?} in OpenPhone"));
    }
    let added = changed().filter(|(item, is_added)| *is_added && !removed.contains(item)).map(|(item, _)| item);
    for item in added.filter(|item| !openphone.contains(*item)) {
        // No provider offers a precondition: an edit between our read and the moment our write is applied, at worst
        // late, can't be seen by anybody. Anything older was wiped by us.
        let removed_by_api = &world.provider.openphone.removed_by_api;
        let there_for = removed_by_api.get(&(phone.to_owned(), item.clone())).copied().unwrap_or(i64::MAX);
        let kind: fn(&mut Verdict) -> &mut u64 =
            if there_for < BLIND_WINDOW_MS { |v| &mut v.lost } else { |v| &mut v.wiped };
        verdict.complain(kind, format!("tag {item}, added by a person in OpenPhone, is gone: {openphone:?}"));
    }
}

fn value(contact: &Contact, field: Field) -> Option<&Value> {
    contact.fields.get(&field).and_then(Option::as_ref)
}

fn items(value: Option<&Value>) -> BTreeSet<String> {
    value.map(Value::items).unwrap_or_default()
}
