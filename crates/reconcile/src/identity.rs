//! Who a record is: its external key at the providers, and the phones and emails it claims.

use std::collections::BTreeSet;

use tandem_contact::{Field, Side, Value};

use crate::Document;

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
        0 => format!("tandem_{}", document.id),
        // The contact under the earlier key was deleted there but may still hold it.
        n => format!("tandem_{}.{n}", document.id),
    }
}

/// What the record's phones and emails mean for its claims. A deleted record gives all of them back.
pub fn claims(document: &Document) -> Claims {
    let is_gone = Side::BOTH.iter().any(|side| document.gone[*side].is_some());
    let wanted = if is_gone { BTreeSet::new() } else { identity_keys(document) };
    Claims {
        add: wanted.difference(&document.claims).cloned().collect(),
        release: document.claims.difference(&wanted).cloned().collect(),
    }
}

/// Whether two records that share a phone or email are one person. People share numbers, so the names decide; a
/// record without a name can't be told apart from one that shares its number.
pub fn same_person(a: &Document, b: &Document) -> bool {
    let (a, b) = (name(a), name(b));
    a.is_empty() || b.is_empty() || a == b
}

fn identity_keys(document: &Document) -> BTreeSet<String> {
    let items = |field| document.canon_value(field).map(Value::items).unwrap_or_default();
    let phones = items(Field::Phones).into_iter().map(|phone| format!("phone:{phone}"));
    let emails = items(Field::Emails).into_iter().map(|email| format!("email:{email}"));
    phones.chain(emails).collect()
}

fn name(document: &Document) -> String {
    let part = |field| document.canon_value(field).and_then(Value::as_text).unwrap_or_default().trim().to_lowercase();
    format!("{} {}", part(Field::FirstName), part(Field::LastName)).trim().to_owned()
}
