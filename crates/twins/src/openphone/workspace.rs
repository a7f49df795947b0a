//! One workspace's contacts, with the look-up by external id that conflicts and lists need.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use crate::lag::Lag;
use crate::openphone::config::{FieldType, Workspace};
use crate::openphone::contact::Contact;
use crate::openphone::desk::Desk;
use crate::shelf::Shelf;

pub(super) struct Space {
    pub(super) config: Workspace,
    pub(super) shelf: Shelf<Contact>,
    pub(super) lag: Lag<Contact>,
    pub(super) desk: Desk,
    /// When the key was made.
    pub(super) keyed: Instant,
    /// Deleted contacts that lists still show, or whose external id stays taken.
    ghosts: BTreeMap<u64, Contact>,
    /// Every place that ever held an external id; whether it still does is looked up.
    by_external: HashMap<Box<str>, Vec<u64>>,
}

/// What a list is asked for; no external ids or no sources means any.
pub(super) struct Wanted<'a> {
    pub(super) externals: Vec<&'a str>,
    pub(super) sources: Vec<&'a str>,
    pub(super) after: u64,
    pub(super) limit: usize,
    pub(super) ghosts: bool,
    pub(super) now: Instant,
}

/// At most `limit` rows, and the place to go on from if there are more.
pub(super) fn page<T>(rows: impl Iterator<Item = (u64, T)>, limit: usize) -> (Vec<T>, Option<u64>) {
    let mut rows: Vec<(u64, T)> = rows.take(limit + 1).collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(place, _)| *place);
    (rows.into_iter().map(|(_, row)| row).collect(), next)
}

impl Space {
    pub(super) fn new(config: Workspace, index_lag: Duration) -> Self {
        Self {
            config,
            shelf: Shelf::default(),
            lag: Lag::of(index_lag),
            desk: Desk::default(),
            keyed: Instant::now(),
            ghosts: BTreeMap::new(),
            by_external: HashMap::new(),
        }
    }

    pub(super) fn insert(&mut self, contact: Contact, now: Instant) {
        let (id, external) = (contact.id.clone(), contact.text("externalId").map(Into::into));
        let place = self.shelf.insert(&id, contact);
        self.list_external(external, place);
        self.lag.remember(place, None, now);
    }

    pub(super) fn replace(&mut self, contact: Contact, now: Instant) {
        let Some(place) = self.shelf.place(&contact.id) else { return };
        self.list_external(contact.text("externalId").map(Into::into), place);
        let id = contact.id.clone();
        let Some(held) = self.shelf.get_mut(&id) else { return };
        let before = std::mem::replace(held, contact);
        self.lag.remember(place, Some(before), now);
    }

    pub(super) fn remove(&mut self, id: &str, keep_ghost: bool, now: Instant) -> Option<Contact> {
        let (place, contact) = self.shelf.remove(id)?;
        self.desk.notes.remove(id);
        if keep_ghost {
            self.ghosts.insert(place, contact.clone());
        }
        if !self.lag.is_off() {
            self.lag.remember(place, Some(contact.clone()), now);
        }
        Some(contact)
    }

    fn list_external(&mut self, external: Option<Box<str>>, place: u64) {
        let Some(external) = external else { return };
        let places = self.by_external.entry(external).or_default();
        if !places.contains(&place) {
            places.push(place);
        }
    }

    /// One page of a list, and the place to go on from.
    pub(super) fn listed(&self, wanted: &Wanted<'_>) -> (Vec<&Contact>, Option<u64>) {
        let sources = &wanted.sources;
        let fits = |(_, row): &(u64, &Contact)| {
            sources.is_empty() || row.text("source").is_some_and(|source| sources.contains(&source))
        };
        if wanted.externals.is_empty() {
            return page(self.lag.rows_after(&self.shelf, wanted.after, wanted.now).filter(fits), wanted.limit);
        }
        let named = wanted.externals.iter().flat_map(|name| self.listed_as(name, wanted.ghosts, wanted.now));
        let mut rows: Vec<(u64, &Contact)> = named.filter(|(place, _)| *place > wanted.after).filter(fits).collect();
        rows.sort_by_key(|(place, _)| *place);
        rows.dedup_by_key(|(place, _)| *place);
        page(rows.into_iter(), wanted.limit)
    }

    /// What a list by external id shows: behind by the lag, and with ghosts if wanted.
    fn listed_as(&self, external: &str, ghosts: bool, now: Instant) -> Vec<(u64, &Contact)> {
        let places = self.by_external.get(external).map(Vec::as_slice).unwrap_or_default();
        let shown = places.iter().filter_map(|place| {
            let ghost = self.ghosts.get(place).filter(|_| ghosts);
            Some((*place, self.lag.shown(*place, self.shelf.at(*place).or(ghost), now)?))
        });
        shown.filter(|(_, contact)| contact.text("externalId") == Some(external)).collect()
    }

    /// Whether another contact has this source and external id.
    pub(super) fn is_taken(&self, contact: &Contact, ghosts_hold: bool) -> bool {
        let Some(external) = contact.text("externalId") else { return false };
        let places = self.by_external.get(external).map(Vec::as_slice).unwrap_or_default();
        let held = places.iter().filter_map(|place| {
            let ghost = self.ghosts.get(place).filter(|_| ghosts_hold);
            self.shelf.at(*place).or(ghost)
        });
        let pair = |one: &Contact| (one.text("source").map(str::to_owned), one.text("externalId").map(str::to_owned));
        held.into_iter().any(|other| other.id != contact.id && pair(other) == pair(contact))
    }

    /// Defines further options of a multi-select.
    pub(super) fn define(&mut self, key: &str, new: Vec<String>) {
        let field = self.config.custom_fields.iter_mut().find(|field| field.key == key);
        if let Some(FieldType::MultiSelect { options, .. }) = field.map(|field| &mut field.kind) {
            options.extend(new);
        }
    }
}
