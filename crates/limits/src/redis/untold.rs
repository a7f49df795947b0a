//! Ids that Redis will be told of together.

use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Untold(Mutex<Vec<String>>);

impl Untold {
    /// True for the first of those to come: its caller sees to it that they are taken.
    pub(super) fn add(&self, id: &str) -> bool {
        let mut ids = self.lock();
        ids.push(id.to_owned());
        ids.len() == 1
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
