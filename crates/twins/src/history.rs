//! Who set what, and what was lost: every write is compared item by item with what was there before.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::stamp::{Stamp, iso};

/// A contact as named items: `firstName`, `phoneNumbers[+14155550100]`, `customFields[tags][vip]`.
pub(crate) type Items = BTreeMap<String, String>;

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Somebody working in the provider's app.
    Person,
    /// A caller with a key.
    Api,
}

/// How a write came to remove or change an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The body did not mention the whole group, and the provider replaces what is not mentioned.
    Omitted,
    /// The body held the group, without this item.
    LeftOut,
    /// The body, or the call itself, asked for just this.
    Cleared,
    /// Another value took its place.
    Replaced,
}

/// An item that an API write removed, or a person's value that it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Id of the contact.
    pub contact: String,
    /// Name of the item.
    pub field: String,
    /// What it held.
    pub before: String,
    /// What it holds now; none when it is gone.
    pub after: Option<String>,
    /// Who had set it.
    pub set_by: Actor,
    /// How it came about.
    pub how: How,
    /// Number of the request that did it.
    pub request: Option<u64>,
    /// When.
    pub at: String,
}

impl Loss {
    /// Whether something a person had set was lost although nobody asked for it: a removal by omission, a label
    /// that was written over, or any do-not-disturb mark.
    pub fn is_wipe(&self) -> bool {
        let unasked = match self.how {
            How::Omitted | How::LeftOut => true,
            How::Replaced => self.field.ends_with("].name"),
            How::Cleared => false,
        };
        self.set_by == Actor::Person && (unasked || (self.field.starts_with("dnd") && self.after.is_none()))
    }
}

/// One write on one contact, newest last in a contact's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Touch {
    /// When.
    pub at: String,
    /// By whom.
    pub by: Actor,
    /// Number of the request.
    pub request: Option<u64>,
    /// The items it added, changed or removed.
    pub fields: Vec<String>,
}

/// A contact's own part of the history. Kept small: only what differs from "the creator set everything".
#[derive(Clone)]
pub(crate) struct Marks {
    pub(crate) creator: Actor,
    pub(crate) api_writes: u32,
    set_by_other: Vec<Box<str>>,
    touches: Vec<Touch>,
}

const TOUCHES_KEPT: usize = 16;

impl Marks {
    pub(crate) fn new(creator: Actor) -> Self {
        let api_writes = u32::from(creator == Actor::Api);
        Self { creator, api_writes, set_by_other: Vec::new(), touches: Vec::new() }
    }

    fn set_by(&self, field: &str) -> Actor {
        let other = self.set_by_other.iter().any(|name| **name == *field);
        match (self.creator, other) {
            (Actor::Person, false) | (Actor::Api, true) => Actor::Person,
            (Actor::Api, false) | (Actor::Person, true) => Actor::Api,
        }
    }

    fn note(&mut self, field: &str, by: Option<Actor>) {
        self.set_by_other.retain(|name| **name != *field);
        if by.is_some_and(|by| by != self.creator) {
            self.set_by_other.push(field.into());
        }
    }

    pub(crate) fn touches(&self) -> Vec<Touch> {
        self.touches.clone()
    }
}

/// One write to be entered.
pub(crate) struct Write<'a> {
    pub(crate) contact: &'a str,
    pub(crate) by: Actor,
    pub(crate) stamp: Stamp,
    pub(crate) how: &'a dyn Fn(&str) -> How,
}

/// What all writes of a twin amount to.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) created_by_api: u64,
    pub(crate) created_by_people: u64,
    pub(crate) updated_by_api: u64,
    pub(crate) updated_by_people: u64,
    pub(crate) unchanged_by_api: u64,
    pub(crate) deleted_by_api: u64,
    pub(crate) deleted_by_people: u64,
    pub(crate) losses: Vec<Loss>,
    pub(crate) losses_not_kept: u64,
}

const LOSSES_KEPT: usize = 10_000;

impl Ledger {
    pub(crate) fn created(&mut self, by: Actor) {
        match by {
            Actor::Api => self.created_by_api += 1,
            Actor::Person => self.created_by_people += 1,
        }
    }

    pub(crate) fn deleted(&mut self, by: Actor) {
        match by {
            Actor::Api => self.deleted_by_api += 1,
            Actor::Person => self.deleted_by_people += 1,
        }
    }

    /// Enters an update and returns the items that changed.
    pub(crate) fn updated(
        &mut self,
        write: &Write<'_>,
        marks: &mut Marks,
        before: &Items,
        after: &Items,
    ) -> Vec<String> {
        let mut changed = Vec::new();
        for (field, old) in before {
            let new = after.get(field);
            if new == Some(old) {
                continue;
            }
            changed.push(field.clone());
            self.judge(write, marks, (field, old, new.map(String::as_str)), after);
        }
        changed.extend(after.keys().filter(|field| !before.contains_key(*field)).cloned());
        for field in &changed {
            marks.note(field, after.contains_key(field).then_some(write.by));
        }
        match write.by {
            Actor::Api => {
                marks.api_writes += 1;
                self.updated_by_api += 1;
                self.unchanged_by_api += u64::from(changed.is_empty());
            }
            Actor::Person => self.updated_by_people += 1,
        }
        if !changed.is_empty() {
            remember(marks, write, &changed);
        }
        changed
    }

    fn judge(&mut self, write: &Write<'_>, marks: &Marks, change: (&str, &str, Option<&str>), after: &Items) {
        let (field, old, new) = change;
        let set_by = marks.set_by(field);
        let label_of_gone = field.strip_suffix(".name").is_some_and(|item| !after.contains_key(item));
        if write.by == Actor::Person || label_of_gone || (new.is_some() && set_by == Actor::Api) {
            return;
        }
        let how = if new.is_some() { How::Replaced } else { (write.how)(field) };
        if self.losses.len() >= LOSSES_KEPT {
            self.losses_not_kept += 1;
            return;
        }
        self.losses.push(Loss {
            contact: write.contact.to_owned(),
            field: field.to_owned(),
            before: old.to_owned(),
            after: new.map(str::to_owned),
            set_by,
            how,
            request: write.stamp.request,
            at: iso(write.stamp.time),
        });
    }
}

fn remember(marks: &mut Marks, write: &Write<'_>, changed: &[String]) {
    if marks.touches.len() == TOUCHES_KEPT {
        marks.touches.remove(0);
    }
    marks.touches.push(Touch {
        at: iso(write.stamp.time),
        by: write.by,
        request: write.stamp.request,
        fields: changed.to_vec(),
    });
}
