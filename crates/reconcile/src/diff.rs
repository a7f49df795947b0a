//! What has to be written to a side: a three-way merge of the agreed value, its last known base and the shadow.

use std::collections::{BTreeMap, BTreeSet};

use tandem_contact::{Field, Side, Value};

use crate::{Document, Rules};

/// Fields to write, by field.
pub type Writes = BTreeMap<Field, Write>;

/// One field to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The value the side is to hold; none clears the field.
    pub to: Option<Value>,
    /// The agreed value it stands for. Differs from `to` where the side holds items of its own.
    pub canon: Option<Value>,
}

/// The mapped fields of `side` that are behind the agreed values, with what a single request would bring them to.
pub fn diff(document: &Document, rules: &Rules, side: Side) -> Writes {
    let is_held_back = |field: &Field| rules.is_left_out || rules.held_back.contains(field);
    let mapped = || rules.fields.keys().copied().filter(|field| rules.writes_to(*field, side) && !is_held_back(field));
    let writes: Writes = mapped()
        .filter(|field| is_behind(document, rules, side, *field))
        .map(|field| (field, write(document, rules, side, field)))
        .collect();
    if rules.weakened.whole_record && !writes.is_empty() {
        return mapped().map(|field| (field, write(document, rules, side, field))).collect();
    }
    writes
}

/// The side's value with the change from its base to the agreed value applied to it.
///
/// Items of a list that only the side knows are left alone: they were never part of the agreed value.
pub(crate) fn merged(document: &Document, rules: &Rules, side: Side, field: Field) -> Option<Value> {
    let canon = document.canon_value(field);
    if !field.is_list() {
        return canon.cloned();
    }
    let items = |value: Option<&Value>| value.map(Value::items).unwrap_or_default();
    let (canon, base) = (items(canon), items(document.agreed[side].get(&field)));
    let shadow = items(document.shadow_value(side, field));
    let removed: BTreeSet<String> = base.difference(&canon).cloned().collect();
    let added = canon.difference(&base).cloned();
    let merged: BTreeSet<String> = shadow.difference(&removed).cloned().chain(added).collect();
    if rules.single[side].contains(&field) {
        return Value::list(one_of(&merged, &shadow, &canon));
    }
    Value::list(merged)
}

/// What a side that takes one item holds of those that it should: what is there stays, else the first moves in.
fn one_of(merged: &BTreeSet<String>, shadow: &BTreeSet<String>, canon: &BTreeSet<String>) -> BTreeSet<String> {
    let stays: BTreeSet<String> = merged.intersection(shadow).cloned().collect();
    if !stays.is_empty() {
        return stays;
    }
    merged.first().or_else(|| canon.first()).cloned().into_iter().collect()
}

/// What the next request to a linked contact carries: items that are added, items that are removed and everything else
/// go by requests of their own where the side wants it so.
pub(crate) fn batch(document: &Document, rules: &Rules, side: Side, writes: Writes) -> Writes {
    let item_wise = &rules.item_wise[side];
    let (by_item, mut together): (Writes, Writes) =
        writes.into_iter().partition(|(field, _)| item_wise.contains(field));
    let is_alone = |field: &Field| rules.group(*field, side).is_some();
    if together.keys().all(is_alone) {
        if let Some(group) = together.keys().next().and_then(|field| rules.group(*field, side)) {
            together.retain(|field, _| group.contains(field));
        }
    } else {
        together.retain(|field, _| !is_alone(field));
    }
    if !together.is_empty() {
        return together;
    }
    by_item.into_iter().take(1).map(|(field, write)| (field, additions_first(document, side, field, write))).collect()
}

/// The part of a list's change that only adds, while there is one.
fn additions_first(document: &Document, side: Side, field: Field, write: Write) -> Write {
    let items = |value: Option<&Value>| value.map(Value::items).unwrap_or_default();
    let shadow = items(document.shadow_value(side, field));
    let added: BTreeSet<String> = items(write.to.as_ref()).difference(&shadow).cloned().collect();
    if added.is_empty() {
        return write;
    }
    let base = items(document.agreed[side].get(&field));
    Write { to: Value::list(shadow.union(&added).cloned()), canon: Value::list(base.union(&added).cloned()) }
}

/// True when the agreed value has not reached the side.
pub(crate) fn is_pending(document: &Document, side: Side, field: Field) -> bool {
    document.canon_value(field) != document.agreed[side].get(&field)
}

fn write(document: &Document, rules: &Rules, side: Side, field: Field) -> Write {
    Write { to: merged(document, rules, side, field), canon: document.canon_value(field).cloned() }
}

fn is_behind(document: &Document, rules: &Rules, side: Side, field: Field) -> bool {
    let is_refused =
        document.refused[side].get(&field).is_some_and(|value| value.as_ref() == document.canon_value(field));
    let has_it = merged(document, rules, side, field).as_ref() == document.shadow_value(side, field);
    is_pending(document, side, field) && !has_it && !is_refused && !document.held.contains_key(&field)
}
