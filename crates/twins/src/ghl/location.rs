//! One location's contacts, with the look-ups by email and phone that duplicate checks need.

use std::collections::HashMap;

use tokio::time::Instant;

use crate::ghl::config::GhlLocation;
use crate::ghl::contact::Contact;
use crate::lag::Lag;
use crate::shelf::Shelf;
use std::time::Duration;

pub(super) struct Location {
    pub(super) config: GhlLocation,
    pub(super) shelf: Shelf<Contact>,
    pub(super) lag: Lag<Contact>,
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
            by_email: HashMap::new(),
            by_phone: HashMap::new(),
        }
    }

    pub(super) fn insert(&mut self, contact: Contact, now: Instant) {
        self.index(&contact, true);
        let id = contact.id.clone();
        let place = self.shelf.insert(&id, contact);
        self.lag.remember(place, None, now);
    }

    pub(super) fn remove(&mut self, id: &str, now: Instant) -> Option<Contact> {
        let (place, contact) = self.shelf.remove(id)?;
        self.index(&contact, false);
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
