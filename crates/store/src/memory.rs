//! The backend that ends with the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::{Entry, Error, Expected};

#[derive(Debug, Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_revision: u64,
    entries: BTreeMap<String, Entry>,
}

impl Memory {
    pub(crate) fn get(&self, key: &str) -> Option<Entry> {
        self.lock().entries.get(key).cloned()
    }

    pub(crate) fn put(&self, key: &str, value: Bytes, expected: Expected) -> Result<u64, Error> {
        let mut state = self.lock();
        state.check(key, expected)?;
        state.last_revision += 1;
        let revision = state.last_revision;
        state.entries.insert(key.to_owned(), Entry { value, revision });
        Ok(revision)
    }

    pub(crate) fn delete(&self, key: &str, revision: u64) -> Result<(), Error> {
        let mut state = self.lock();
        state.check(key, Expected::Revision(revision))?;
        state.entries.remove(key);
        Ok(())
    }

    pub(crate) fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<(String, Entry)> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            Some(_) | None => Bound::Included(prefix),
        };
        let state = self.lock();
        let entries = state.entries.range::<str, _>((start, Bound::Unbounded));
        let under = entries.take_while(|(key, _)| key.starts_with(prefix));
        under.take(limit).map(|(key, entry)| (key.clone(), entry.clone())).collect()
    }

    pub(crate) fn count(&self, prefix: &str) -> u64 {
        let state = self.lock();
        let entries = state.entries.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        entries.take_while(|(key, _)| key.starts_with(prefix)).count() as u64
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn check(&self, key: &str, expected: Expected) -> Result<(), Error> {
        if expected.holds(self.entries.get(key).map(|entry| entry.revision)) {
            Ok(())
        } else {
            Err(Error::Conflict { key: key.to_owned() })
        }
    }
}
