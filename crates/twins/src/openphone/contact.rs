//! A contact as the OpenPhone twin keeps it.

use jiff::Timestamp;
use serde_json::Value;

use crate::history::{Items, Marks};
use crate::scalars::Scalars;

/// The plain text fields inside `defaultFields`.
pub(super) const NAMES: [&str; 4] = ["firstName", "lastName", "company", "role"];

/// The plain text fields beside it.
pub(super) const ORIGIN: [&str; 3] = ["externalId", "source", "sourceUrl"];

/// A phone number or an email address with its label.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) id: Box<str>,
    pub(super) name: Box<str>,
    pub(super) value: Box<str>,
}

/// A value of a defined custom field.
#[derive(Clone)]
pub(super) struct Custom {
    pub(super) id: Box<str>,
    pub(super) key: Box<str>,
    pub(super) value: Value,
}

/// A property of the dated surface that is neither phone, email nor a defined field.
#[derive(Clone)]
pub(super) struct Extra {
    pub(super) id: Box<str>,
    pub(super) kind: Box<str>,
    pub(super) name: Option<Box<str>>,
    pub(super) value: Value,
}

#[derive(Clone)]
pub(super) struct Contact {
    pub(super) id: Box<str>,
    pub(super) scalars: Scalars,
    pub(super) phones: Vec<Item>,
    pub(super) emails: Vec<Item>,
    pub(super) custom: Vec<Custom>,
    pub(super) extra: Vec<Extra>,
    pub(super) created_by: Box<str>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) marks: Marks,
}

/// The two lists of labelled items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Phones,
    Emails,
}

impl Group {
    pub(super) const BOTH: [Self; 2] = [Self::Phones, Self::Emails];

    /// Its name in bodies.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Phones => "phoneNumbers",
            Self::Emails => "emails",
        }
    }

    /// The `type` of its items in webhooks and properties.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Phones => "phone-number",
            Self::Emails => "email",
        }
    }
}

impl Contact {
    pub(super) fn new(id: &str, created_by: &str, now: Timestamp, marks: Marks) -> Self {
        Self {
            id: id.into(),
            scalars: Scalars::default(),
            phones: Vec::new(),
            emails: Vec::new(),
            custom: Vec::new(),
            extra: Vec::new(),
            created_by: created_by.into(),
            created: now,
            updated: now,
            marks,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.scalars.get(name)
    }

    pub(super) fn group(&self, group: Group) -> &Vec<Item> {
        match group {
            Group::Phones => &self.phones,
            Group::Emails => &self.emails,
        }
    }

    pub(super) fn group_mut(&mut self, group: Group) -> &mut Vec<Item> {
        match group {
            Group::Phones => &mut self.phones,
            Group::Emails => &mut self.emails,
        }
    }

    /// The contact item by item, for comparing and judging. Ids are left out: an item that is written again
    /// without its id is still there.
    pub(super) fn items(&self) -> Items {
        let mut items: Items = self.scalars.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        for group in Group::BOTH {
            for item in self.group(group) {
                let name = format!("{}[{}]", group.name(), item.value);
                items.insert(format!("{name}.name"), item.name.to_string());
                items.insert(name, item.value.to_string());
            }
        }
        for held in &self.custom {
            let name = format!("customFields[{}]", held.key);
            match held.value.as_array() {
                Some(picked) => items.extend(picked.iter().map(|one| {
                    let one = plain(one);
                    (format!("{name}[{one}]"), one)
                })),
                None => drop(items.insert(name, plain(&held.value))),
            }
        }
        items.extend(self.extra.iter().map(|held| (format!("properties[{}]", held.id), plain(&held.value))));
        items
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
