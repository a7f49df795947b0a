//! A provider in the simulation: holds the truth, normalises, lags, and remembers who set what.

use std::collections::BTreeMap;

use tandem_contact::{Field, Observed, Value};

/// Who changes a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Person,
    Api,
}

#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) fields: BTreeMap<Field, Option<Value>>,
    pub(crate) key: Option<String>,
    pub(crate) phone: String,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) is_deleted: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Provider {
    pub(crate) name: char,
    pub(crate) lag_ms: i64,
    pub(crate) has_unique_keys: bool,
    pub(crate) contacts: BTreeMap<String, Contact>,
    pub(crate) writes: u64,
    /// Phone and item that one of our writes removed, and how long the item had been there.
    pub(crate) removed_by_api: BTreeMap<(String, String), i64>,
    pub(crate) set_at_ms: BTreeMap<(String, String), i64>,
}

impl Provider {
    pub(crate) fn create(
        &mut self,
        sent: &Observed,
        (key, phone): (Option<String>, &str),
        now_ms: i64,
        who: Who,
    ) -> Result<String, ()> {
        if self.has_unique_keys && key.is_some() && self.contacts.values().any(|contact| contact.key == key) {
            return Err(());
        }
        let id = format!("{}{}", self.name, self.contacts.len() + 1);
        let fields = sent.iter().map(|(field, value)| (*field, normal(*field, value.clone()))).collect();
        let contact =
            Contact { fields, key, phone: phone.to_owned(), created_ms: now_ms, updated_ms: now_ms, is_deleted: false };
        self.contacts.insert(id.clone(), contact);
        self.count(who);
        Ok(id)
    }

    /// Replaces the given fields, lists whole: that is the trap of the real ones.
    pub(crate) fn put(&mut self, id: &str, sent: &Observed, now_ms: i64, who: Who) -> bool {
        let Some(contact) = self.contacts.get_mut(id).filter(|contact| !contact.is_deleted) else {
            return false;
        };
        for (field, value) in sent {
            let value = normal(*field, value.clone());
            let items = |value: Option<&Value>| value.map(Value::items).unwrap_or_default();
            let (before, after) = (items(contact.fields.get(field).and_then(Option::as_ref)), items(value.as_ref()));
            for item in after.difference(&before) {
                self.set_at_ms.insert((id.to_owned(), item.clone()), now_ms);
            }
            for item in before.difference(&after).filter(|_| who == Who::Api) {
                let age_ms = self.set_at_ms.get(&(id.to_owned(), item.clone())).map_or(i64::MAX, |at| now_ms - at);
                self.removed_by_api.insert((contact.phone.clone(), item.clone()), age_ms);
            }
            contact.fields.insert(*field, value);
        }
        contact.updated_ms = now_ms;
        self.count(who);
        true
    }

    pub(crate) fn delete(&mut self, id: &str, who: Who) {
        if let Some(contact) = self.contacts.get_mut(id) {
            contact.is_deleted = true;
        }
        self.count(who);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Contact> {
        self.contacts.get(id).filter(|contact| !contact.is_deleted)
    }

    /// Contacts by key or phone, oldest first, blind for the youngest.
    pub(crate) fn search(&self, key: &str, phone: &str, now_ms: i64) -> Vec<(String, Contact)> {
        let mut found: Vec<(String, Contact)> = self
            .contacts
            .iter()
            .filter(|(_, c)| !c.is_deleted && c.created_ms + self.lag_ms <= now_ms)
            .filter(|(_, c)| c.key.as_deref() == Some(key) || c.phone == phone)
            .map(|(id, contact)| (id.clone(), contact.clone()))
            .collect();
        found.sort_by_key(|(_, contact)| contact.created_ms);
        found
    }

    fn count(&mut self, who: Who) {
        if who == Who::Api {
            self.writes += 1;
        }
    }
}

/// Email addresses come back in lower case; everything else as it was sent.
pub(crate) fn normal(field: Field, value: Option<Value>) -> Option<Value> {
    match value {
        Some(Value::List(items)) if field == Field::Emails => {
            Value::list(items.into_iter().map(|item| item.to_lowercase()))
        }
        other => other,
    }
}
