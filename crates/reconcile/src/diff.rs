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

/// The mapped fields of `side` that are behind the agreed values.
pub fn diff(document: &Document, rules: &Rules, side: Side) -> Writes {
    let mapped = || rules.fields.keys().copied().filter(|field| rules.writes_to(*field, side));
    let writes: Writes = mapped()
        .filter(|field| is_behind(document, side, *field))
        .map(|field| (field, write(document, side, field)))
        .collect();
    if rules.weakened.whole_record && !writes.is_empty() {
        return mapped().map(|field| (field, write(document, side, field))).collect();
    }
    writes
}

/// The side's value with the change from its base to the agreed value applied to it.
///
/// Items of a list that only the side knows are left alone: they were never part of the agreed value.
pub(crate) fn merged(document: &Document, side: Side, field: Field) -> Option<Value> {
    let canon = document.canon_value(field);
    if !field.is_list() {
        return canon.cloned();
    }
    let items = |value: Option<&Value>| value.map(Value::items).unwrap_or_default();
    let (canon, base) = (items(canon), items(document.agreed[side].get(&field)));
    let shadow = items(document.shadow_value(side, field));
    let removed: BTreeSet<String> = base.difference(&canon).cloned().collect();
    let added = canon.difference(&base).cloned();
    Value::list(shadow.difference(&removed).cloned().chain(added))
}

/// True when the agreed value has not reached the side.
pub(crate) fn is_pending(document: &Document, side: Side, field: Field) -> bool {
    document.canon_value(field) != document.agreed[side].get(&field)
}

fn write(document: &Document, side: Side, field: Field) -> Write {
    Write { to: merged(document, side, field), canon: document.canon_value(field).cloned() }
}

fn is_behind(document: &Document, side: Side, field: Field) -> bool {
    let is_refused =
        document.refused[side].get(&field).is_some_and(|value| value.as_ref() == document.canon_value(field));
    let has_it = merged(document, side, field).as_ref() == document.shadow_value(side, field);
    is_pending(document, side, field) && !has_it && !is_refused
}
