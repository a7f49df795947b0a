//! Who a record is: its external key at the providers, what it claims to be known by, and what a shared claim means.

use std::collections::BTreeSet;

use tandem_contact::{Field, Observed, Side, Value};
use tandem_proto::RecordId;

use crate::merge::are_apart;
use crate::{Document, Kind};

/// Identity keys to take and to give back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// Keys the record has and doesn't claim yet.
    pub add: BTreeSet<String>,
    /// Keys the record claims and has no longer.
    pub release: BTreeSet<String>,
}

impl Claims {
    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.release.is_empty()
    }
}

/// The key under which a create can be found again: the same for every attempt of one record, so that a look-up or
/// the provider's own refusal finds the contact of a lost response.
pub fn external_key(document: &Document, side: Side) -> String {
    match document.vanished[side] {
        0 => format!("{KEY}{}", document.id),
        // The contact under the earlier key was deleted there but may still hold it.
        n => format!("{KEY}{}.{n}", document.id),
    }
}

const KEY: &str = "tandem_";

/// The record that made a contact with this external key, if one of ours did.
pub fn record_of_key(key: &str) -> Option<RecordId> {
    let id = key.strip_prefix(KEY)?;
    RecordId::new(id.split('.').next().unwrap_or(id)).ok()
}

/// What the record's phones and emails mean for its claims. A deleted record gives all of them back.
pub fn claims(document: &Document) -> Claims {
    let is_gone = Side::BOTH.iter().any(|side| document.gone[*side].is_some());
    let wanted = if is_gone || document.merged_into.is_some() { BTreeSet::new() } else { identity_keys(document) };
    Claims {
        add: wanted.difference(&document.claims).cloned().collect(),
        release: document.claims.difference(&wanted).cloned().collect(),
    }
}

/// What it means that two records have an identity key in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// The holder is no more: the key is free.
    Free,
    /// One person, known on one side each: the holder goes on with both contacts.
    Join,
    /// The holder has a create under way that could be this very contact: look again when that is known.
    Later,
    /// One person who stands twice on one side.
    Duplicate,
    /// One on each side, but the names don't agree: a person has to say.
    Ambiguous,
    /// People who share a number, or two records with one name.
    Separate,
}

/// Decides about a record and the holder of a key that it would claim. Both have been read.
///
/// People share numbers, so the names decide; a record without a name can't be told apart from one that shares its number.
pub fn meet(document: &Document, holder: &Document, key: &str) -> Meeting {
    if holder.merged_into.is_some() || Side::BOTH.iter().any(|side| holder.gone[*side].is_some()) {
        return Meeting::Free;
    }
    if are_apart(document, holder) {
        return Meeting::Separate;
    }
    let linked = |side: &Side| document.link[*side].is_some();
    let is_same = |side: &Side| document.provider_id(*side) == holder.provider_id(*side);
    let mut ours = Side::BOTH.into_iter().filter(linked);
    if ours.clone().all(|side| is_same(&side)) {
        return Meeting::Join;
    }
    let is_across = ours.clone().all(|side| holder.link[side].is_none());
    let likeness = likeness(document, holder, key);
    match (likeness, is_across) {
        (Likeness::Other | Likeness::Unsure, false) => Meeting::Separate,
        (Likeness::Other | Likeness::Unsure, true) => Meeting::Ambiguous,
        (Likeness::Same, false) => Meeting::Duplicate,
        (Likeness::Same, true) if ours.any(|side| holder.intent[side].is_some()) => Meeting::Later,
        (Likeness::Same, true) => Meeting::Join,
    }
}

/// Whether a contact that was found by its phone or email can be this record's person.
pub fn fits(document: &Document, found: &Observed) -> bool {
    let text = |field| found.get(&field).and_then(Option::as_ref).and_then(Value::as_text);
    alike(&name(document), &full_name(text(Field::FirstName), text(Field::LastName)))
}

#[derive(Clone, Copy)]
enum Likeness {
    Same,
    Unsure,
    Other,
}

fn likeness(a: &Document, b: &Document, key: &str) -> Likeness {
    if !alike(&name(a), &name(b)) {
        return Likeness::Other;
    }
    let is_by_name = key.starts_with(NAME);
    if is_by_name && [Field::Phones, Field::Emails].into_iter().any(|field| disagree(a, b, field)) {
        return Likeness::Unsure;
    }
    Likeness::Same
}

/// Names agree where one says no more than a part of the other.
fn alike(a: &str, b: &str) -> bool {
    let words = |name: &str| -> BTreeSet<String> { name.split_whitespace().map(str::to_owned).collect() };
    let (a, b) = (words(a), words(b));
    a.is_subset(&b) || b.is_subset(&a)
}

/// Both have some, and none in common.
fn disagree(a: &Document, b: &Document, field: Field) -> bool {
    let items = |document: &Document| document.canon_value(field).map(Value::items).unwrap_or_default();
    let (a, b) = (items(a), items(b));
    !a.is_empty() && !b.is_empty() && a.is_disjoint(&b)
}

const NAME: &str = "name:";

/// A thing is known by its place in its person's records and by nothing else.
fn identity_keys(document: &Document) -> BTreeSet<String> {
    if document.kind != Kind::Contact {
        return BTreeSet::new();
    }
    let items = |field| document.canon_value(field).map(Value::items).unwrap_or_default();
    let phones = items(Field::Phones).into_iter().map(|phone| phone_key(&phone));
    let emails = items(Field::Emails).into_iter().map(|email| format!("email:{email}"));
    phones.chain(emails).chain(named(document)).collect()
}

/// The identity key of a number, E.164.
pub fn phone_key(number: &str) -> String {
    format!("phone:{number}")
}

/// First name, last name and company together; less names too many.
fn named(document: &Document) -> Option<String> {
    let text = |field| document.canon_value(field).and_then(Value::as_text);
    let (first, last, company) = (text(Field::FirstName)?, text(Field::LastName)?, text(Field::Company)?);
    Some(format!("{NAME}{}@{}", full_name(Some(first), Some(last)), company.trim().to_lowercase()))
}

fn name(document: &Document) -> String {
    let text = |field| document.canon_value(field).and_then(Value::as_text);
    full_name(text(Field::FirstName), text(Field::LastName))
}

fn full_name(first: Option<&str>, last: Option<&str>) -> String {
    let words = first.into_iter().chain(last).flat_map(str::split_whitespace).map(str::to_lowercase);
    words.collect::<Vec<_>>().join(" ")
}
