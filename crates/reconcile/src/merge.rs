//! Two records that a person says are one, and the way back.
//!
//! Nothing is deleted at a provider: no API brings back what hangs on a contact. The contact of the record that ends stays where it
//! is, and is no longer kept in step.
//!
//! The record that ends is stored first, with everything that is to be done and undone. So a merge that broke off is gone on with
//! by asking for it again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::{Field, PerSide, Side, Value};
use tandem_proto::RecordId;

use crate::outcome::let_go;
use crate::{Document, Parked, Rules, decide, hint, join, merged_into};

/// So long a merge can be taken back.
pub const UNDOABLE: Duration = Duration::from_hours(30 * 24);

/// What a merge makes of the record that goes on: the fields that change.
pub type MergePlan = BTreeMap<Field, Change>;

/// A merge that a person asked for, kept in the record that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// When.
    pub at: Timestamp,
    /// The fields of the record that goes on.
    pub changes: MergePlan,
    /// What the record that ended had waited for.
    pub parked: Option<Parked>,
}

/// One field's agreed value, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Before; none where it was empty.
    pub before: Option<Value>,
    /// After.
    pub after: Option<Value>,
}

/// Why two records can't be merged or kept apart now, or a merge not be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unmergeable {
    /// It would end in itself.
    #[error("a record can't be merged with itself")]
    Itself,
    /// A request is under way.
    #[error("a request for one of the two is under way: try again in a minute")]
    UnderWay,
    /// It ended in another one already.
    #[error("one of the two goes on as another record already")]
    Ended,
    /// One of them was deleted.
    #[error("one of the two was deleted")]
    Gone,
    /// Nobody merged it.
    #[error("the record was not merged by anybody: there is nothing to take back")]
    NotMerged,
    /// That was long ago.
    #[error("the merge is more than 30 days old and can't be taken back any more")]
    TooOld,
}

/// Decides what would become of the record that goes on: lists hold the items of both; of a single value its own stays, or the
/// other one's where it has none or the field is among `take`.
pub fn plan_merge(
    kept: &Document,
    other: &Document,
    rules: &Rules,
    take: &BTreeSet<Field>,
) -> Result<MergePlan, Unmergeable> {
    possible(kept, other)?;
    let change = |field: &Field| {
        let (own, theirs) = (kept.canon_value(*field), other.canon_value(*field));
        let after = match (field.is_list(), take.contains(field)) {
            (true, _) => Value::list([own, theirs].into_iter().flatten().flat_map(Value::items)),
            (false, true) => theirs.or(own).cloned(),
            (false, false) => own.or(theirs).cloned(),
        };
        Change { before: own.cloned(), after }
    };
    let changes = rules.fields.keys().map(|field| (*field, change(field)));
    Ok(changes.filter(|(_, change)| change.before != change.after).collect())
}

fn possible(kept: &Document, other: &Document) -> Result<(), Unmergeable> {
    if kept.id == other.id {
        return Err(Unmergeable::Itself);
    }
    for document in [kept, other] {
        let is_any = |test: fn(&Document, Side) -> bool| Side::BOTH.into_iter().any(|side| test(document, side));
        if document.merged_into.is_some() {
            return Err(Unmergeable::Ended);
        }
        if is_any(|document, side| document.gone[side].is_some()) {
            return Err(Unmergeable::Gone);
        }
        if is_any(|document, side| document.intent[side].is_some()) {
            return Err(Unmergeable::UnderWay);
        }
    }
    Ok(())
}

/// The first half: the record that ends keeps what is to be done.
pub fn end_in(other: &mut Document, kept: &RecordId, changes: MergePlan, now: Timestamp) {
    other.merge = Some(Merge { at: now, changes, parked: other.parked.clone() });
    merged_into(other, kept.clone());
    other.dirty_since.get_or_insert(now);
}

/// The second half: the record that goes on takes it over, and the other one's contacts where it has none. Once more does nothing
/// more.
pub fn take_over(kept: &mut Document, other: &Document, rules: &Rules, now: Timestamp) {
    let changes = other.merge.iter().flat_map(|merge| &merge.changes);
    for (field, change) in changes {
        if kept.canon_value(*field) == change.before.as_ref() {
            decide(kept, *field, change.after.clone(), (Side::Ghl, Some(now)));
        }
    }
    join(kept, rules, other, now);
    kept.dirty_since.get_or_insert(now);
}

/// Takes a merge back; the two are kept apart from then on. Returned are the fields that people have changed since: those stay.
pub fn undo_merge(kept: &mut Document, other: &mut Document, now: Timestamp) -> Result<BTreeSet<Field>, Unmergeable> {
    let merge = other.merge.clone().filter(|_| other.merged_into.as_ref() == Some(&kept.id));
    let merge = merge.ok_or(Unmergeable::NotMerged)?;
    if now > merge.at + UNDOABLE {
        return Err(Unmergeable::TooOld);
    }
    if Side::BOTH.into_iter().any(|side| kept.intent[side].is_some()) {
        return Err(Unmergeable::UnderWay);
    }
    let mut stay = BTreeSet::new();
    for (field, change) in &merge.changes {
        let held = kept.canon_value(*field);
        if !field.is_list() && held != change.after.as_ref() && held != change.before.as_ref() {
            stay.insert(*field);
            continue;
        }
        let value = restored(held, change, *field);
        if held != value.as_ref() {
            decide(kept, *field, value, (Side::Ghl, Some(now)));
        }
    }
    for side in Side::BOTH {
        let Some(id) = other.provider_id(side) else { continue };
        if kept.provider_id(side) == Some(id) {
            let_go(kept, side);
        }
        hint(other, side);
    }
    (other.merge, other.merged_into, other.parked) = (None, None, merge.parked);
    keep_apart(kept, other, now);
    Ok(stay)
}

/// What the field was; of a list, what it is without the items that came from the other record.
fn restored(now: Option<&Value>, Change { before, after }: &Change, field: Field) -> Option<Value> {
    if !field.is_list() {
        return before.clone();
    }
    let items = |value: Option<&Value>| value.map(Value::items).unwrap_or_default();
    let (old, new) = (items(before.as_ref()), items(after.as_ref()));
    let came = |item: &String| new.contains(item) && !old.contains(item);
    Value::list(items(now).into_iter().filter(|item| !came(item)))
}

/// A person says that the two are not one: neither waits because of the other any more.
pub fn keep_apart(a: &mut Document, b: &mut Document, now: Timestamp) {
    a.apart.insert(b.id.clone());
    b.apart.insert(a.id.clone());
    for document in [a, b] {
        let with = document.parked.as_ref().and_then(|parked| parked.with.as_ref());
        if with.is_some_and(|with| document.apart.contains(with)) {
            document.parked = None;
        }
        document.dirty_since.get_or_insert(now);
    }
}

/// True where a person said so.
pub(crate) fn are_apart(a: &Document, b: &Document) -> bool {
    a.apart.contains(&b.id) || b.apart.contains(&a.id)
}

/// The contacts of a record that ended which nobody keeps in step any more.
pub fn left_alone(other: &Document, kept: &Document) -> PerSide<Option<String>> {
    let left = |side: Side| {
        let id = other.provider_id(side).filter(|id| kept.provider_id(side).is_some_and(|own| own != *id));
        id.map(str::to_owned)
    };
    PerSide { ghl: left(Side::Ghl), openphone: left(Side::OpenPhone) }
}
