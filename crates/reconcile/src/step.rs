//! What to do next about a record.

use jiff::Timestamp;
use tandem_contact::{Field, PerSide, Side, Value};

use crate::diff::batch;
use crate::{Claims, DeletePolicy, Document, Intent, IntentKind, Kind, Rules, Write, Writes, claims, diff};

/// What [`Field::TaskStatus`] holds of a task that is done.
pub const COMPLETED: &str = "completed";
/// And of one that is not.
pub const OPEN: &str = "open";

/// What the worker's current run has done itself.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Names the run; every intent of it carries the name.
    pub owner: String,
    /// Sides this run has read in full and not written since.
    pub fresh: PerSide<bool>,
}

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing until then.
    Wait {
        /// When to look again.
        until: Timestamp,
        /// Bounded code.
        why: &'static str,
    },
    /// Take another worker's request for lost: `outcome::settle`.
    Settle(Side),
    /// Look for the contact under its external key, then by phone or email.
    Probe(Side),
    /// Get the contact.
    Read(Side),
    /// Take and give back identity keys.
    Claim(Claims),
    /// Make the contact.
    Create(Side, Writes),
    /// Write these fields.
    Update(Side, Writes),
    /// Remove the contact.
    Delete(Side),
    /// Tell the records that wait because of this one that it has ended.
    Wake,
    /// The record waits for a person.
    Park,
    /// Nothing to do.
    Done(&'static str),
}

/// Decides the next step. Pure: the same document, rules, run and time give the same step.
pub fn next_step(document: &Document, rules: &Rules, run: &Run, now: Timestamp) -> Step {
    merged(document)
        .or_else(|| backoff(document, now))
        .or_else(|| Side::BOTH.into_iter().find_map(|side| settle_intent(document, side, run, now)))
        .or_else(|| Side::BOTH.into_iter().find(|side| must_read(document, *side)).map(Step::Read))
        .or_else(|| after_delete(document, rules))
        .or_else(|| document.parked.is_some().then_some(Step::Park))
        .or_else(|| claim(document, rules))
        .or_else(|| Side::BOTH.into_iter().find_map(|side| create(document, rules, side, now)))
        .or_else(|| Side::BOTH.into_iter().find_map(|side| update(document, rules, side, run)))
        .unwrap_or(Step::Done(if rules.is_left_out { "left_out" } else { "in_step" }))
}

/// Another record goes on with its contacts.
fn merged(document: &Document) -> Option<Step> {
    document.merged_into.as_ref()?;
    Some(ended(document).unwrap_or(Step::Done("merged")))
}

/// What others may be waiting for is given back.
fn ended(document: &Document) -> Option<Step> {
    let release = claims(document);
    if !release.is_empty() {
        return Some(Step::Claim(release));
    }
    (!document.awaited_by.is_empty()).then_some(Step::Wake)
}

fn backoff(document: &Document, now: Timestamp) -> Option<Step> {
    let until = document.not_before.filter(|until| *until > now)?;
    Some(Step::Wait { until, why: "backoff" })
}

fn settle_intent(document: &Document, side: Side, run: &Run, now: Timestamp) -> Option<Step> {
    let intent = document.intent[side].as_ref()?;
    let is_lost = now >= intent.settle_at || intent.owner == run.owner;
    Some(match (intent.is_unknown, intent.kind) {
        (true, IntentKind::Create) => probe_when_due(intent, side, now),
        (true, IntentKind::Update | IntentKind::Delete) => Step::Settle(side),
        (false, _) if is_lost => Step::Settle(side),
        (false, _) => Step::Wait { until: intent.settle_at, why: "in_flight_elsewhere" },
    })
}

fn probe_when_due(intent: &Intent, side: Side, now: Timestamp) -> Step {
    if now < intent.next_probe {
        return Step::Wait { until: intent.next_probe, why: "create_outcome_unknown" };
    }
    Step::Probe(side)
}

fn must_read(document: &Document, side: Side) -> bool {
    document.hint[side] && document.link[side].is_some()
}

fn after_delete(document: &Document, rules: &Rules) -> Option<Step> {
    let side = Side::BOTH.into_iter().find(|side| document.gone[*side].is_some())?;
    let other = side.other();
    if let Some(step) = ended(document) {
        return Some(step);
    }
    let is_there = document.link[other].is_some() && document.gone[other].is_none() && !rules.is_left_out;
    Some(match rules.deletes[side] {
        DeletePolicy::Propagate if is_there => Step::Delete(other),
        DeletePolicy::Archive if is_there => archive(document, rules, other).unwrap_or(Step::Done("archived")),
        DeletePolicy::Propagate | DeletePolicy::Archive | DeletePolicy::Ignore => Step::Done("deleted"),
    })
}

/// The tag that says so is all that is still written.
fn archive(document: &Document, rules: &Rules, side: Side) -> Option<Step> {
    let mut writes = diff(document, rules, side);
    writes.retain(|field, _| *field == Field::Tags);
    (!writes.is_empty()).then(|| Step::Update(side, batch(document, rules, side, writes)))
}

fn claim(document: &Document, rules: &Rules) -> Option<Step> {
    let claims = claims(document);
    (rules.claim_identity && !claims.is_empty()).then_some(Step::Claim(claims))
}

fn create(document: &Document, rules: &Rules, side: Side, now: Timestamp) -> Option<Step> {
    let is_known_across = document.link[side.other()].is_some();
    if document.link[side].is_some() || !rules.creates[side] || !is_known_across || rules.is_left_out {
        return None;
    }
    let writes: Writes = diff(document, rules, side).into_iter().filter(|(_, write)| write.to.is_some()).collect();
    if !is_worth_making(document.kind, &writes) {
        return None;
    }
    let wait = rules.first_create_wait[side];
    if now < document.born + wait {
        return Some(Step::Wait { until: document.born + wait, why: "first_create" });
    }
    let looked_up = document.looked_up[side].is_some_and(|at| now <= at + rules.timing[side].send_window);
    if !wait.is_zero() && !looked_up {
        return Some(Step::Probe(side));
    }
    Some(Step::Create(side, writes))
}

fn update(document: &Document, rules: &Rules, side: Side, run: &Run) -> Option<Step> {
    document.link[side].as_ref()?;
    let writes = diff(document, rules, side);
    if writes.is_empty() {
        return None;
    }
    let reads_first = writes.keys().any(|field| rules.read_first[side].contains(field));
    if reads_first && !run.fresh[side] {
        return Some(Step::Read(side));
    }
    let writes = batch(document, rules, side, writes);
    Some(Step::Update(side, writes))
}

/// A contact that holds none of these would be an empty card; a task needs something to be done, and still to be done; a note says
/// something.
fn is_worth_making(kind: Kind, writes: &Writes) -> bool {
    const NAMING: [Field; 5] = [Field::FirstName, Field::LastName, Field::Company, Field::Phones, Field::Emails];
    let is_done = |write: &Write| write.to.as_ref().and_then(Value::as_text) == Some(COMPLETED);
    match kind {
        Kind::Contact => NAMING.iter().any(|field| writes.contains_key(field)),
        Kind::Task => writes.contains_key(&Field::TaskTitle) && !writes.get(&Field::TaskStatus).is_some_and(is_done),
        Kind::Note => writes.contains_key(&Field::NoteText),
    }
}
