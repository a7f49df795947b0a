//! Contacts in the order they were made, found by id.

use std::collections::{BTreeMap, HashMap};

/// Rows by running number, which is also the paging cursor.
pub(crate) struct Shelf<T> {
    // Boxed: the tree's nodes are half empty after rising inserts, and contacts are large.
    rows: BTreeMap<u64, Box<T>>,
    ids: HashMap<Box<str>, u64>,
    next: u64,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), ids: HashMap::new(), next: 1 }
    }
}

impl<T> Shelf<T> {
    pub(crate) fn insert(&mut self, id: &str, row: T) -> u64 {
        let place = self.next;
        self.next += 1;
        self.rows.insert(place, Box::new(row));
        self.ids.insert(id.into(), place);
        place
    }

    pub(crate) fn place(&self, id: &str) -> Option<u64> {
        self.ids.get(id).copied()
    }

    pub(crate) fn at(&self, place: u64) -> Option<&T> {
        self.rows.get(&place).map(Box::as_ref)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.at(self.place(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let place = self.place(id)?;
        self.rows.get_mut(&place).map(Box::as_mut)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<(u64, T)> {
        let place = self.ids.remove(id)?;
        Some((place, *self.rows.remove(&place)?))
    }

    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        self.rows.iter().map(|(place, row)| (*place, &**row))
    }

    pub(crate) fn after(&self, place: u64) -> impl Iterator<Item = (u64, &T)> {
        self.rows.range(place.saturating_add(1)..).map(|(place, row)| (*place, &**row))
    }
}
