//! Changes to a contact that wipe nothing (contract sheet, section 6.4).
//!
//! The dated `PATCH` takes single scalars and can't touch lists. The v1 `PATCH` deletes what is left out, so it gets
//! the whole document: every scalar, every item with id and label, every custom field, with the changes merged in.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use tandem_contact::{Field, Observed, Value, email};

use crate::{ContactId, Request};

use super::contact::{SCALARS, is_source_url};
use super::{Contact, CustomField, Item, OpenPhoneView, operations, wire};

/// Wanted values by field: `None` clears the field, a missing key leaves it alone.
pub type Changes = Observed;

/// The document holds something that a full write would lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the contact holds a value of an unknown form, which replacing the document would delete")]
pub struct CannotKeep;

/// True where the changes touch a list, so that the whole document has to be read and written.
pub fn needs_document(changes: &Changes) -> bool {
    changes.keys().any(|field| match field {
        Field::Phones | Field::Emails | Field::Tags | Field::CustomText(_) | Field::CustomList(_) => true,
        Field::FirstName
        | Field::LastName
        | Field::Company
        | Field::Role
        | Field::SourceLink
        | Field::TaskTitle
        | Field::TaskBody
        | Field::TaskDue
        | Field::TaskAssignee
        | Field::TaskStatus
        | Field::NoteText => false,
    })
}

/// The dated `PATCH /contacts/{id}` with the changed scalars only; list changes are not in it. Nothing when no change
/// is left that `OpenPhone` can hold.
pub fn scalars(id: &ContactId, changes: &Changes, view: &OpenPhoneView) -> Option<Request> {
    let changes = view.codecs.write(changes.clone(), &view.default_country);
    let body: Map<String, Json> = SCALARS
        .iter()
        .filter_map(|(key, field)| {
            let change = changes.get(field)?;
            Some(((*key).to_owned(), scalar(*field, change.as_ref())?))
        })
        .collect();
    if body.is_empty() {
        return None;
    }
    Some(wire::build(&operations::CONTACT_PATCH, &[id.as_str()]).with_json(&body.into()))
}

/// The v1 `PATCH` with the whole document: `current` with the changes merged in.
///
/// `current` must be what was just read *and observed*: a list in `changes` is the whole wanted list, so an item that
/// nobody has looked at yet would be taken for one that was removed.
pub fn document(current: &Contact, changes: &Changes, view: &OpenPhoneView) -> Result<Request, CannotKeep> {
    if !current.is_whole {
        return Err(CannotKeep);
    }
    let changes = &view.codecs.write(changes.clone(), &view.default_country);
    let mut defaults = Map::new();
    let mut body = Map::new();
    for (key, field) in SCALARS {
        let target = if field == Field::SourceLink { &mut body } else { &mut defaults };
        let changed = changes.get(&field).and_then(|change| scalar(field, change.as_ref()));
        target.insert(key.to_owned(), changed.unwrap_or_else(|| unchanged(current, field)));
    }
    for kind in LISTS {
        defaults.insert(kind.key.to_owned(), kind.merged(current, changes.get(&kind.field), view));
    }
    body.insert("externalId".to_owned(), current.external_id.as_deref().into());
    body.insert("source".to_owned(), current.source.as_deref().into());
    body.insert("customFields".to_owned(), custom_fields(current, changes, view).into());
    body.insert("defaultFields".to_owned(), defaults.into());
    Ok(wire::build(&operations::V1_CONTACT_PATCH, &[current.id.as_str()]).with_json(&body.into()))
}

/// A scalar's new value; nothing for a link that `OpenPhone` can't hold.
fn scalar(field: Field, wanted: Option<&Value>) -> Option<Json> {
    let text = wanted.and_then(Value::as_text);
    if field == Field::SourceLink && text.is_some_and(|link| !is_source_url(link)) {
        return None;
    }
    Some(text.into())
}

fn unchanged(current: &Contact, field: Field) -> Json {
    let text = match field {
        Field::FirstName => &current.first_name,
        Field::LastName => &current.last_name,
        Field::Company => &current.company,
        Field::Role => &current.role,
        Field::SourceLink => &current.source_url,
        Field::Phones
        | Field::Emails
        | Field::Tags
        | Field::TaskTitle
        | Field::TaskBody
        | Field::TaskDue
        | Field::TaskAssignee
        | Field::TaskStatus
        | Field::NoteText
        | Field::CustomText(_)
        | Field::CustomList(_) => &None,
    };
    text.as_deref().into()
}

/// One of the two lists of labelled items.
pub(super) struct ListKind {
    pub(super) field: Field,
    pub(super) key: &'static str,
    label: &'static str,
}

pub(super) const LISTS: [ListKind; 2] = [
    ListKind { field: Field::Phones, key: "phoneNumbers", label: "Phone" },
    ListKind { field: Field::Emails, key: "emails", label: "Email" },
];

impl ListKind {
    pub(super) fn new_item(&self, value: &str) -> Json {
        json!({ "name": self.label, "value": value })
    }

    /// The items as they are, without those that are no longer wanted, and the new ones after them.
    fn merged(&self, current: &Contact, change: Option<&Option<Value>>, view: &OpenPhoneView) -> Json {
        let items = if self.field == Field::Phones { &current.phones } else { &current.emails };
        let Some(wanted) = change else {
            return items.iter().map(|item| self.kept(item)).collect();
        };
        let wanted = wanted.as_ref().map(Value::items).unwrap_or_default();
        let mut there = BTreeSet::new();
        let mut merged = Vec::new();
        for item in items {
            let normal = item.value.as_deref().and_then(|raw| self.normal(raw, view));
            match normal {
                Some(value) if !wanted.contains(&value) => merged.extend(self.removed(item)),
                normal => {
                    there.extend(normal);
                    merged.push(self.kept(item));
                }
            }
        }
        merged.extend(wanted.difference(&there).map(|value| self.new_item(value)));
        merged.into()
    }

    fn normal(&self, raw: &str, view: &OpenPhoneView) -> Option<String> {
        if self.field == Field::Phones { view.phone(raw) } else { email::normal(raw) }
    }

    fn kept(&self, item: &Item) -> Json {
        self.item(item, item.value.as_deref().into())
    }

    /// A null value removes the item whether the server replaces lists or merges them; one without an id can only
    /// be left out.
    fn removed(&self, item: &Item) -> Option<Json> {
        item.id.as_ref().map(|_| self.item(item, Json::Null))
    }

    fn item(&self, item: &Item, value: Json) -> Json {
        let mut fields = Map::new();
        if let Some(id) = &item.id {
            fields.insert("id".to_owned(), id.as_str().into());
        }
        fields.insert("name".to_owned(), item.name.as_deref().unwrap_or(self.label).into());
        fields.insert("value".to_owned(), value);
        fields.into()
    }
}

/// A custom field that changes.
struct CustomChange<'a> {
    field: Field,
    key: &'a str,
    value: Json,
}

/// All custom fields as they are, but for those that hold tags or a mapping's own fields and change.
fn custom_fields(current: &Contact, changes: &Changes, view: &OpenPhoneView) -> Vec<Json> {
    let change = |(field, wanted): (&Field, &Option<Value>)| {
        let (key, value) = if *field == Field::Tags {
            view.tags.write(wanted.as_ref(), &current.custom_fields)?
        } else {
            view.custom_fields.write(*field, wanted.as_ref()).ok()?
        };
        Some(CustomChange { field: *field, key, value })
    };
    let mut changed: Vec<CustomChange<'_>> = changes.iter().filter_map(change).collect();
    let mut items = Vec::new();
    for held in &current.custom_fields {
        let is_its = |change: &CustomChange<'_>| {
            let is_tags = change.field == Field::Tags;
            if is_tags {
                view.tags.is_held_by(held)
            } else {
                view.custom_fields.is_held_by(change.field, &held.custom())
            }
        };
        let value = match changed.iter_mut().find(|change| is_its(change)) {
            // Taken once: a second item of the same key would bring back what was removed.
            Some(change) => std::mem::take(&mut change.value),
            None => held.value.clone(),
        };
        items.push(custom_field(held, value));
    }
    let new = changed.into_iter().filter(|change| !change.value.is_null());
    items.extend(new.map(|change| json!({ "key": change.key, "value": change.value })));
    items
}

fn custom_field(field: &CustomField, value: Json) -> Json {
    let mut item = Map::new();
    let names = [("key", &field.key), ("id", &field.id)];
    for (name, text) in names {
        if let Some(text) = text {
            item.insert(name.to_owned(), text.as_str().into());
        }
    }
    item.insert("value".to_owned(), value);
    item.into()
}

#[cfg(test)]
mod tests;
