//! What a step's result does to the document. Every response is an observation, never a blind overwrite.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tandem_contact::{Field, Observed, PerSide, Side, Value};
use tandem_proto::RecordId;

use crate::observe::{ARCHIVED, set_agreed};
use crate::{
    Canon, DeletePolicy, Document, Intent, IntentKind, Link, Note, Parked, Rules, Seen, Unsettled, flips, observe,
    taken_as,
};

/// A contact that a look-up or a read found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The provider's id.
    pub id: String,
    /// What it holds.
    pub observed: Observed,
    /// The provider's time of it.
    pub at: Option<Timestamp>,
}

/// How often a contact may vanish from a side before a person has to look.
const MOST_VANISHED: u32 = 3;

/// The side must be read again.
pub fn hint(document: &mut Document, side: Side) {
    document.hint[side] = true;
}

/// Links the record to a contact of the side. If a create of ours is under way, this is what it made.
pub fn adopt(document: &mut Document, rules: &Rules, side: Side, provider_id: &str, now: Timestamp) {
    document.link[side] = Some(Link { id: provider_id.to_owned(), since: now });
    document.gone[side] = None;
    // What was refused because the key exists never got there.
    if let Some(intent) = document.intent[side].take().filter(|intent| !intent.is_taken) {
        keep_unsettled(document, rules, side, intent);
    }
}

/// The side was read in full.
pub fn read(document: &mut Document, rules: &Rules, side: Side, found: &Found, now: Timestamp) -> Vec<Note> {
    document.hint[side] = false;
    document.delete_seen[side] = false;
    document.gone[side] = None;
    let mut notes = observe(document, rules, side, &found.observed, found.at);
    notes.extend(flips::watch(document, side, &notes, now));
    forget_expired(document, side, now);
    if notes.iter().any(|note| matches!(note, Note::Edit(_) | Note::Conflict { .. })) {
        document.parked = None;
    }
    notes
}

/// The side has no contact under the linked id any more.
pub fn not_found(document: &mut Document, rules: &Rules, side: Side, now: Timestamp) {
    document.hint[side] = false;
    document.intent[side] = None;
    if document.delete_seen[side] || !rules.made_again[side] {
        document.delete_seen[side] = false;
        gone(document, rules, side, now);
        return;
    }
    // Nobody told us of a delete: the listed-but-gone trap. A new contact takes its place, a few times.
    document.link[side] = None;
    forget_side(document, side);
    document.vanished[side] += 1;
    if document.vanished[side] >= MOST_VANISHED {
        parked(document, "vanished", format!("the contact made on {side} keeps disappearing there"));
    }
}

/// The side has again what was gone from both, as a text has another part once it has grown again: what the other side had of it
/// is forgotten, so that it is made there anew.
pub fn returned(document: &mut Document, side: Side) {
    let other = side.other();
    if document.gone[side].is_some() && document.gone[other].is_some() {
        document.gone[other] = None;
        document.link[other] = None;
        document.looked_up[other] = None;
        forget_side(document, other);
    }
}

/// A look-up's answer, oldest contact first.
pub fn probed(document: &mut Document, rules: &Rules, side: Side, found: &[Found], now: Timestamp) -> Vec<Note> {
    document.looked_up[side] = Some(now);
    if let Some(first) = found.first() {
        // A contact that we made holds nothing newer than what we know, however late it was made.
        let is_ours = document.intent[side].is_some() && side == Side::OpenPhone;
        let at = first.at.filter(|_| !is_ours);
        adopt(document, rules, side, &first.id, now);
        return read(document, rules, side, &Found { at, ..first.clone() }, now);
    }
    let timing = rules.timing[side];
    let Some(intent) = document.intent[side].as_mut() else {
        return Vec::new();
    };
    intent.probes += 1;
    intent.next_probe = now + timing.probe_pause;
    let is_settled = now > intent.sent_at + timing.create_settled() || rules.weakened.blind_retry;
    let (is_taken, refusal) = (intent.is_taken, intent.refusal.clone());
    if is_settled {
        document.intent[side] = None;
        if let Some(reason) = refusal {
            parked(document, "refused", reason);
        } else if is_taken {
            let reason =
                format!("{side} says the contact exists already, but doesn't list it: deleted or hidden there");
            parked(document, "key_taken", reason);
        }
    }
    Vec::new()
}

/// The contact was made.
pub fn created(document: &mut Document, rules: &Rules, side: Side, found: &Found, now: Timestamp) -> Vec<Note> {
    let intent = document.intent[side].take();
    adopt(document, rules, side, &found.id, now);
    document.vanished[side] = 0;
    settled(document, rules, side, (intent, found), now)
}

/// The fields were written.
pub fn updated(document: &mut Document, rules: &Rules, side: Side, found: &Found, now: Timestamp) -> Vec<Note> {
    let intent = document.intent[side].take();
    settled(document, rules, side, (intent, found), now)
}

/// The contact was removed by us.
pub fn deleted(document: &mut Document, side: Side, now: Timestamp) {
    document.intent[side] = None;
    document.hint[side] = false;
    document.gone[side] = Some(now);
    succeeded(document);
}

/// The provider refused the create because the key exists.
pub fn taken(document: &mut Document, side: Side, now: Timestamp) {
    if let Some(intent) = document.intent[side].as_mut() {
        intent.is_unknown = true;
        intent.is_taken = true;
        intent.next_probe = now;
    }
}

/// The provider refused the create in a way that is known to have made a contact all the same: it is looked for, and if there
/// is none the record waits for a person.
pub fn refused_create(document: &mut Document, side: Side, reason: String, now: Timestamp) {
    if let Some(intent) = document.intent[side].as_mut() {
        intent.is_unknown = true;
        intent.refusal = Some(reason);
        intent.next_probe = now;
    }
}

/// The request may or may not have been applied.
pub fn unknown(document: &mut Document, rules: &Rules, side: Side, now: Timestamp) {
    let Some(intent) = document.intent[side].as_mut() else {
        return;
    };
    match intent.kind {
        IntentKind::Create => {
            intent.is_unknown = true;
            intent.next_probe = now;
        }
        IntentKind::Update => {
            if let Some(intent) = document.intent[side].take() {
                keep_unsettled(document, rules, side, intent);
            }
            document.hint[side] = true;
        }
        IntentKind::Delete => {
            document.intent[side] = None;
            document.hint[side] = true;
        }
    }
}

/// Nobody will report the outcome of this request any more.
pub fn settle(document: &mut Document, rules: &Rules, side: Side, now: Timestamp) {
    unknown(document, rules, side, now);
}

/// The request was certainly not applied.
pub fn not_applied(document: &mut Document, side: Side) {
    document.intent[side] = None;
}

/// An attempt failed; the next one comes at `not_before`.
pub fn failed(document: &mut Document, not_before: Timestamp) {
    document.attempts += 1;
    document.not_before = Some(not_before);
}

/// The record came to rest.
pub fn at_rest(document: &mut Document) {
    succeeded(document);
    document.dirty_since = None;
    document.making_since = None;
}

/// The side refuses these fields' values for good; the others go on without them.
pub fn refused(document: &mut Document, side: Side, fields: &BTreeSet<Field>) {
    let values: BTreeMap<Field, Option<Value>> =
        fields.iter().map(|field| (*field, document.canon_value(*field).cloned())).collect();
    document.refused[side].extend(values);
    document.intent[side] = None;
}

/// The record's claims were stored. Keys that another record of the same person holds are not among the taken ones:
/// they are asked for again when this record changes.
pub fn claimed(document: &mut Document, taken: BTreeSet<String>, released: &BTreeSet<String>) {
    document.claims.extend(taken);
    document.claims.retain(|key| !released.contains(key));
}

/// Takes over the contacts of another record of the same person, which have to be read.
pub fn join(holder: &mut Document, rules: &Rules, document: &Document, now: Timestamp) {
    for side in Side::BOTH {
        if let Some(link) = document.link[side].as_ref().filter(|_| holder.link[side].is_none()) {
            adopt(holder, rules, side, &link.id, now);
            hint(holder, side);
        }
    }
    holder.parked = None;
    if holder.dirty_since.is_none() {
        holder.causes.clear();
    }
    holder.dirty_since = [holder.dirty_since, document.dirty_since].into_iter().flatten().min();
    holder.causes.extend(document.causes.iter().cloned());
}

/// The record's contacts belong to another record of the same person from now on.
pub fn merged_into(document: &mut Document, record: RecordId) {
    document.merged_into = Some(record);
    document.parked = None;
    document.hint = PerSide::default();
}

/// The record waits for a person.
pub fn parked(document: &mut Document, code: &str, reason: String) {
    document.parked = Some(Parked { code: code.to_owned(), reason, with: None });
}

/// The record waits until a person says whether it is one with the other, or the other one ends.
pub fn parked_with(document: &mut Document, code: &str, reason: String, other: &RecordId) {
    document.parked = Some(Parked { code: code.to_owned(), reason, with: Some(other.clone()) });
}

/// Another record waits because of this one; true where that is news.
pub fn awaited(document: &mut Document, by: &RecordId) -> bool {
    // More are not woken by it, and don't make it larger.
    const MOST: usize = 100;
    document.awaited_by.len() < MOST && document.awaited_by.insert(by.clone())
}

/// The record that this one waits because of has ended; true where it did.
pub fn woken(document: &mut Document, ended: &RecordId, now: Timestamp) -> bool {
    let waits = document.parked.as_ref().is_some_and(|parked| parked.with.as_ref() == Some(ended));
    if waits {
        document.parked = None;
        document.dirty_since.get_or_insert(now);
    }
    waits
}

/// The side's contact is another record's.
pub(crate) fn let_go(document: &mut Document, side: Side) {
    document.link[side] = None;
    forget_side(document, side);
}

/// The side's contact is no more.
fn gone(document: &mut Document, rules: &Rules, side: Side, now: Timestamp) {
    document.gone[side] = Some(now);
    if rules.deletes[side] == DeletePolicy::Archive {
        let tags = document.canon_value(Field::Tags).map(Value::items).unwrap_or_default();
        let value = Value::list(tags.into_iter().chain([ARCHIVED.to_owned()]));
        document.canon.insert(Field::Tags, Canon { value, side, at: Some(now) });
    }
}

/// Our write is confirmed: the side took what was sent, and then held what it answered.
fn settled(
    document: &mut Document,
    rules: &Rules,
    side: Side,
    (intent, found): (Option<Intent>, &Found),
    now: Timestamp,
) -> Vec<Note> {
    succeeded(document);
    let mut notes = Vec::new();
    if let Some(intent) = intent {
        for (field, sent) in intent.sent {
            let canon = intent.canon.get(&field).cloned().flatten();
            let before = document.shadow_value(side, field).cloned();
            let value = match found.observed.get(&field) {
                Some(answered) if !rules.weakened.swallow_response => taken_as(before.as_ref(), &sent, answered),
                Some(_) | None => sent.clone(),
            };
            if value != sent {
                notes.push(Note::NotTaken(field));
            }
            document.shadow[side].insert(field, Seen { value, at: found.at });
            if document.refused[side].get(&field) == Some(&canon) {
                document.refused[side].remove(&field);
            }
            set_agreed(document, side, field, canon);
        }
    }
    if rules.weakened.swallow_response {
        for (field, value) in &found.observed {
            document.shadow[side].insert(*field, Seen { value: value.clone(), at: found.at });
        }
        return notes;
    }
    notes.extend(observe(document, rules, side, &found.observed, found.at));
    notes.extend(flips::watch(document, side, &notes, now));
    notes
}

/// A write went through. A read alone doesn't end a run of failures: reads may work while every write fails.
fn succeeded(document: &mut Document) {
    document.attempts = 0;
    document.not_before = None;
}

fn keep_unsettled(document: &mut Document, rules: &Rules, side: Side, intent: Intent) {
    const MOST: usize = 8;
    if rules.weakened.no_unsettled {
        return;
    }
    let ring = &mut document.unsettled[side];
    if ring.len() == MOST {
        ring.remove(0);
    }
    let expires = intent.sent_at + rules.timing[side].late_write();
    ring.push(Unsettled { sent: intent.sent, canon: intent.canon, expires });
}

/// Only a full read may forget: it has seen whatever turned up until the entry expired.
fn forget_expired(document: &mut Document, side: Side, now: Timestamp) {
    document.unsettled[side].retain(|write| write.expires > now);
}

fn forget_side(document: &mut Document, side: Side) {
    document.shadow[side].clear();
    document.agreed[side].clear();
    document.unsettled[side].clear();
    document.refused[side].clear();
}
