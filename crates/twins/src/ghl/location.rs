//! One location's contacts, with the look-ups by email and phone that duplicate checks need.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::ghl::config::GhlLocation;
use crate::ghl::contact::Contact;
use crate::ghl::folder::Folder;
use crate::ghl::notes::Note;
use crate::ghl::talks::Talks;
use crate::ghl::tasks::Task;
use crate::lag::Lag;
use crate::shelf::Shelf;

pub(super) struct Location {
    pub(super) config: GhlLocation,
    pub(super) shelf: Shelf<Contact>,
    pub(super) lag: Lag<Contact>,
    pub(super) notes: Folder<Note>,
    pub(super) tasks: Folder<Task>,
    /// As they are shown: nobody but people makes them.
    pub(super) appointments: Folder<Value>,
    pub(super) talks: Talks,
    /// The location's own tags: those of its contacts come in by themselves.
    pub(super) dictionary: BTreeSet<Box<str>>,
    by_email: HashMap<Box<str>, Vec<Box<str>>>,
    by_phone: HashMap<Box<str>, Vec<Box<str>>>,
}

/// The fields that make two contacts one, in the order in which they are asked.
const UNIQUE: [&str; 2] = ["email", "phone"];

impl Location {
    pub(super) fn new(config: GhlLocation, index_lag: Duration) -> Self {
        Self {
            config,
            shelf: Shelf::default(),
            lag: Lag::of(index_lag),
            notes: Folder::default(),
            tasks: Folder::default(),
            appointments: Folder::default(),
            talks: Talks::default(),
            dictionary: BTreeSet::new(),
            by_email: HashMap::new(),
            by_phone: HashMap::new(),
        }
    }

    pub(super) fn insert(&mut self, contact: Contact, now: Instant) {
        self.index(&contact, true);
        self.learn(&contact);
        let id = contact.id.clone();
        let place = self.shelf.insert(&id, contact);
        self.lag.remember(place, None, now);
    }

    pub(super) fn remove(&mut self, id: &str, now: Instant) -> Option<Contact> {
        let (place, contact) = self.shelf.remove(id)?;
        self.index(&contact, false);
        self.notes.drop_all(id);
        self.tasks.drop_all(id);
        self.appointments.drop_all(id);
        self.talks.forget(id);
        if !self.lag.is_off() {
            self.lag.remember(place, Some(contact.clone()), now);
        }
        Some(contact)
    }

    /// Changes a contact and keeps the look-ups right.
    pub(super) fn replace(&mut self, contact: Contact, now: Instant) {
        let id = contact.id.clone();
        let Some(place) = self.shelf.place(&id) else { return };
        self.index(&contact, true);
        self.learn(&contact);
        let Some(held) = self.shelf.get_mut(&id) else { return };
        let before = std::mem::replace(held, contact);
        let after = held.clone();
        for name in UNIQUE {
            if before.text(name).map(str::to_lowercase) != after.text(name).map(str::to_lowercase) {
                self.unlist(name, &before);
            }
        }
        self.lag.remember(place, Some(before), now);
    }

    /// What lists and searches show, in the order in which it was made.
    pub(super) fn shown(&self, now: Instant) -> impl Iterator<Item = &Contact> {
        self.lag.rows_after(&self.shelf, 0, now).map(|(_, row)| row)
    }

    fn learn(&mut self, contact: &Contact) {
        for tag in &contact.tags {
            if !self.dictionary.contains(tag) {
                self.dictionary.insert(tag.clone());
            }
        }
    }

    fn index(&mut self, contact: &Contact, held: bool) {
        for name in UNIQUE {
            self.unlist(name, contact);
            if let (true, Some(value)) = (held, contact.text(name)) {
                self.index_of(name).entry(value.to_lowercase().into()).or_default().push(contact.id.clone());
            }
        }
    }

    fn unlist(&mut self, name: &str, contact: &Contact) {
        let Some(value) = contact.text(name).map(str::to_lowercase) else { return };
        let index = self.index_of(name);
        if let Some(ids) = index.get_mut(value.as_str()) {
            ids.retain(|id| *id != contact.id);
            if ids.is_empty() {
                index.remove(value.as_str());
            }
        }
    }

    fn index_of(&mut self, name: &str) -> &mut HashMap<Box<str>, Vec<Box<str>>> {
        if name == "email" { &mut self.by_email } else { &mut self.by_phone }
    }

    /// The first contact with this email or phone, other than `except`.
    pub(super) fn holder(&self, name: &str, value: &str, except: &str) -> Option<&Contact> {
        let index = if name == "email" { &self.by_email } else { &self.by_phone };
        let id = index.get(value.to_lowercase().as_str())?.iter().find(|id| ***id != *except)?;
        self.shelf.get(id)
    }

    /// The contact that a new or changed one would double, and the field they share.
    pub(super) fn twin_of(&self, contact: &Contact) -> Option<(&Contact, &'static str)> {
        UNIQUE.into_iter().find_map(|name| Some((self.holder(name, contact.text(name)?, &contact.id)?, name)))
    }
}
