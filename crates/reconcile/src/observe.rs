//! What a side was seen to hold, merged into the document.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tandem_contact::{Field, Observed, Side, Value};

use crate::diff::{is_pending, merged};
use crate::{Canon, ConflictPolicy, Document, Held, Rules, Seen, Unsettled};

/// The tag of a contact whose counterpart was deleted, where the mapping says `archive`.
pub const ARCHIVED: &str = "archived";

/// What an observation meant, for the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A person changed the field there and the agreed value follows.
    Edit(Field),
    /// A person changed a field that this side doesn't decide; their value stays until the other side changes it.
    KeptThere(Field),
    /// An own write of unknown outcome turned up.
    OwnWrite(Field),
    /// The side answered our write with another value than we sent, or without some of its items.
    NotTaken(Field),
    /// The field waits for a person from now on.
    Held(Field, Held),
    /// Two values met.
    Conflict {
        /// Where.
        field: Field,
        /// The side whose value is kept.
        winner: Side,
        /// The kept value.
        kept: Option<Value>,
        /// The lost one.
        lost: Option<Value>,
    },
}

/// Merges what `side` was seen to hold into the document, field by field.
///
/// A value equal to the shadow is nothing new, however late it arrives: that covers every echo of our own writes.
pub fn observe(
    document: &mut Document,
    rules: &Rules,
    side: Side,
    observed: &Observed,
    at: Option<Timestamp>,
) -> Vec<Note> {
    let mut notes = Vec::new();
    for (field, value) in observed {
        if !rules.fields.contains_key(field) {
            continue;
        }
        let before = document.shadow[side].get(field).cloned();
        if before.as_ref().map(|seen| &seen.value) != Some(value) {
            let seen = Seen { value: value.clone(), at };
            let note = merge(document, rules, side, *field, (before, seen));
            notes.extend(note);
        }
        align(document, rules, side, *field);
        release(document, *field);
    }
    turned_up(document, side, observed, &notes);
    notes
}

/// A request is applied once: what has been seen to have happened is a person's doing when it is seen to happen again.
fn turned_up(document: &mut Document, side: Side, observed: &Observed, notes: &[Note]) {
    for note in notes {
        let Note::OwnWrite(field) = note else { continue };
        let seen = observed.get(field);
        // What it carried beside must have been seen too, or the next observation would take that for a person's.
        let is_it = |write: &Unsettled| {
            write.sent.get(field) == seen && write.sent.keys().all(|field| observed.contains_key(field))
        };
        if let Some(at) = document.unsettled[side].iter().rposition(is_it) {
            document.unsettled[side].remove(at);
        }
    }
}

/// True when the snapshot tells nothing that the document doesn't know or expect of this side.
pub fn is_echo(document: &Document, rules: &Rules, side: Side, observed: &Observed) -> bool {
    observed.iter().filter(|(field, _)| rules.fields.contains_key(field)).all(|(field, value)| {
        let known = document.shadow_value(side, *field) == value.as_ref();
        let expected = document.intent[side].as_ref().is_some_and(|intent| intent.sent.get(field) == Some(value));
        known || expected
    })
}

fn merge(
    document: &mut Document,
    rules: &Rules,
    side: Side,
    field: Field,
    (before, seen): (Option<Seen>, Seen),
) -> Option<Note> {
    let own = own_write(document, side, field, &seen).cloned();
    document.shadow[side].insert(field, seen.clone());
    if let Some(write) = own {
        set_agreed(document, side, field, write.canon.get(&field).cloned().flatten());
        return Some(Note::OwnWrite(field));
    }
    match before.or_else(|| sent_there(document, rules, side, field)) {
        _ if document.held.contains_key(&field) => None,
        None => first_sight(document, rules, side, field, seen),
        Some(before) => edit(document, rules, side, field, (before.value, seen)),
    }
}

/// The unsettled own write that this is, if it is one.
fn own_write<'a>(document: &'a Document, side: Side, field: Field, seen: &Seen) -> Option<&'a Unsettled> {
    document.unsettled[side].iter().rev().find(|write| write.sent.get(&field) == Some(&seen.value))
}

/// What our own create put into a field that was not seen since: the base of a person's edit on a side that decides it.
fn sent_there(document: &mut Document, rules: &Rules, side: Side, field: Field) -> Option<Seen> {
    if !rules.feeds(field, side) {
        return None;
    }
    let write = document.unsettled[side].iter().rev().find(|write| write.sent.contains_key(&field))?;
    let (sent, canon) = (write.sent.get(&field).cloned().flatten(), write.canon.get(&field).cloned().flatten());
    set_agreed(document, side, field, canon);
    Some(Seen { value: sent, at: None })
}

/// A side's field seen for the first time: it has no base yet.
fn first_sight(document: &mut Document, rules: &Rules, side: Side, field: Field, seen: Seen) -> Option<Note> {
    let canon = document.canon_value(field).cloned();
    if !rules.feeds(field, side) {
        let (own, canon) = (own_items(document, side, field), items(canon.as_ref()));
        let known = items(seen.value.as_ref()).into_iter().filter(|item| own.contains(item) || canon.contains(item));
        set_agreed(document, side, field, Value::list(known));
        return None;
    }
    if field.is_list() {
        let union = canon.iter().chain(seen.value.iter()).flat_map(Value::items);
        let union = Value::list(union);
        set_agreed(document, side, field, seen.value.clone());
        return set_canon(document, side, field, union, seen.at);
    }
    let is_filled_in = rules.fills_in[side].contains(&field) && document.link[side.other()].is_some();
    match (canon, seen.value) {
        (None, Some(_)) if is_filled_in => None,
        (None, value) => {
            set_agreed(document, side, field, value.clone());
            set_canon(document, side, field, value, seen.at)
        }
        (Some(_), None) => None,
        (Some(kept), Some(found)) if kept == found => None,
        // Two contacts that differ are linked: what either holds has no base there, so all of it is new.
        (Some(_), Some(found)) => {
            let seen = Seen { value: Some(found), at: seen.at };
            Some(conflict(document, rules, side, field, seen))
        }
    }
}

/// A person's edit: the side holds something else than it did.
fn edit(
    document: &mut Document,
    rules: &Rules,
    side: Side,
    field: Field,
    (before, seen): (Option<Value>, Seen),
) -> Option<Note> {
    if field.is_list() {
        return edit_list(document, rules, side, field, (before, seen));
    }
    if !rules.feeds(field, side) {
        return Some(Note::KeptThere(field));
    }
    if is_pending(document, side, field) && document.canon_value(field) != seen.value.as_ref() {
        return Some(conflict(document, rules, side, field, seen));
    }
    set_agreed(document, side, field, seen.value.clone());
    set_canon(document, side, field, seen.value, seen.at)
}

/// Lists change item by item. An item that one of our own unsettled writes carried is ours and not a person's.
fn edit_list(
    document: &mut Document,
    rules: &Rules,
    side: Side,
    field: Field,
    (before, seen): (Option<Value>, Seen),
) -> Option<Note> {
    let (old, new) = (items(before.as_ref()), items(seen.value.as_ref()));
    let own = own_items(document, side, field);
    let (ours, theirs): (BTreeSet<String>, BTreeSet<String>) =
        new.difference(&old).cloned().partition(|item| own.contains(item));
    let base = items(document.agreed[side].get(&field));
    if !rules.feeds(field, side) {
        set_agreed(document, side, field, Value::list(base.into_iter().chain(ours)));
        return Some(Note::KeptThere(field));
    }
    let stays = |item: &String| new.contains(item) || !old.contains(item);
    let base = base.into_iter().filter(stays).chain(ours).chain(theirs.iter().cloned());
    set_agreed(document, side, field, Value::list(base));
    let canon = items(document.canon_value(field)).into_iter().filter(stays).chain(theirs);
    set_canon(document, side, field, Value::list(canon), seen.at)
}

/// A person's edit met a change that was on its way to the same field.
fn conflict(document: &mut Document, rules: &Rules, side: Side, field: Field, seen: Seen) -> Note {
    let ours = document.canon_value(field).cloned();
    let Some(winner) = winner(document, rules, side, field, seen.at) else {
        document.held.insert(field, Held::Conflict);
        return Note::Held(field, Held::Conflict);
    };
    if winner == side {
        set_agreed(document, side, field, seen.value.clone());
        let kept = seen.value.clone();
        let _edit = set_canon(document, side, field, seen.value, seen.at);
        return Note::Conflict { field, winner: side, kept, lost: ours };
    }
    Note::Conflict { field, winner: side.other(), kept: ours, lost: seen.value }
}

/// None where a person decides.
fn winner(document: &Document, rules: &Rules, side: Side, field: Field, at: Option<Timestamp>) -> Option<Side> {
    let policy = rules.fields.get(&field).map_or(ConflictPolicy::Newest, |rule| rule.conflict);
    let agreed_at = document.canon.get(&field).and_then(|canon| canon.at);
    match (policy, at, agreed_at) {
        (ConflictPolicy::Manual, _, _) => None,
        (ConflictPolicy::Side(side), _, _) => Some(side),
        (ConflictPolicy::Newest, Some(new), Some(old)) if new > old => Some(side),
        (ConflictPolicy::Newest, Some(new), Some(old)) if new < old => Some(side.other()),
        (ConflictPolicy::Newest, _, _) => Some(Side::Ghl),
    }
}

/// People who made both sides equal have decided.
fn release(document: &mut Document, field: Field) {
    if !document.held.contains_key(&field) {
        return;
    }
    let [ghl, openphone] = Side::BOTH.map(|side| document.shadow[side].get(&field).cloned());
    if let (Some(ghl), Some(openphone)) = (ghl, openphone)
        && ghl.value == openphone.value
    {
        decide(document, field, ghl.value, (Side::Ghl, ghl.at));
    }
}

/// A person decided what the field is to hold, on both sides.
pub fn decide(document: &mut Document, field: Field, value: Option<Value>, (side, at): (Side, Option<Timestamp>)) {
    document.held.remove(&field);
    document.flips.remove(&field);
    for each in Side::BOTH {
        document.refused[each].remove(&field);
        let there = document.shadow_value(each, field).cloned();
        set_agreed(document, each, field, there);
    }
    document.canon.insert(field, Canon { value, side, at });
}

/// Where the side already holds the agreed value, say so: nothing is pending there any more.
fn align(document: &mut Document, rules: &Rules, side: Side, field: Field) {
    let target = merged(document, rules, side, field);
    if is_pending(document, side, field) && target.as_ref() == document.shadow_value(side, field) {
        let canon = document.canon_value(field).cloned();
        set_agreed(document, side, field, canon);
    }
}

fn set_canon(
    document: &mut Document,
    side: Side,
    field: Field,
    value: Option<Value>,
    at: Option<Timestamp>,
) -> Option<Note> {
    if document.canon_value(field) == value.as_ref() {
        return None;
    }
    document.canon.insert(field, Canon { value, side, at });
    Some(Note::Edit(field))
}

pub(crate) fn set_agreed(document: &mut Document, side: Side, field: Field, value: Option<Value>) {
    match value {
        Some(value) => document.agreed[side].insert(field, value),
        None => document.agreed[side].remove(&field),
    };
}

/// The items that our own writes of unknown outcome carried.
fn own_items(document: &Document, side: Side, field: Field) -> BTreeSet<String> {
    document.unsettled[side]
        .iter()
        .filter_map(|write| write.sent.get(&field))
        .flat_map(|sent| items(sent.as_ref()))
        .collect()
}

fn items(value: Option<&Value>) -> BTreeSet<String> {
    value.map(Value::items).unwrap_or_default()
}
