//! Things that belong to a contact, in the order in which they were made.

use std::collections::HashMap;

use serde_json::Value;

/// Something with an id.
pub(super) trait Item {
    fn id(&self) -> &str;
}

/// An appointment is kept as it is shown.
impl Item for Value {
    fn id(&self) -> &str {
        self["id"].as_str().unwrap_or_default()
    }
}

/// Items by contact.
pub(super) struct Folder<T>(HashMap<Box<str>, Vec<T>>);

impl<T> Default for Folder<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Item> Folder<T> {
    pub(super) fn of(&self, contact: &str) -> &[T] {
        self.0.get(contact).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn get(&self, contact: &str, id: &str) -> Option<&T> {
        self.of(contact).iter().find(|item| item.id() == id)
    }

    pub(super) fn get_mut(&mut self, contact: &str, id: &str) -> Option<&mut T> {
        self.0.get_mut(contact)?.iter_mut().find(|item| item.id() == id)
    }

    pub(super) fn add(&mut self, contact: &str, item: T) {
        self.0.entry(contact.into()).or_default().push(item);
    }

    pub(super) fn remove(&mut self, contact: &str, id: &str) -> Option<T> {
        let items = self.0.get_mut(contact)?;
        let at = items.iter().position(|item| item.id() == id)?;
        Some(items.remove(at))
    }

    pub(super) fn drop_all(&mut self, contact: &str) {
        self.0.remove(contact);
    }

    /// Everything, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.values().flatten()
    }
}
