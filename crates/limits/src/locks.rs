//! Locks that keep a herd from doing the same thing at once.
//!
//! Only an optimisation: a holder that is slower than its time, or a server that forgot the lock, lets another one in.
//! What must happen once needs compare-and-set in the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::line::lock;
use crate::redis::Lease;

/// The locks held within this process.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    last: u64,
    until: HashMap<String, (u64, Instant)>,
}

/// A lock that is held; dropping it lets the next one in.
#[derive(Debug)]
#[must_use = "dropping it releases the lock"]
pub struct Guard {
    _own: OwnGuard,
    _shared: Option<Lease>,
}

#[derive(Debug)]
pub(crate) struct OwnGuard {
    locks: Arc<Locks>,
    name: String,
    number: u64,
}

impl Guard {
    pub(crate) fn new(own: OwnGuard, shared: Option<Lease>) -> Self {
        Self { _own: own, _shared: shared }
    }
}

impl Locks {
    pub(crate) fn try_lock(self: &Arc<Self>, name: &str, ttl: Duration) -> Option<OwnGuard> {
        let now = Instant::now();
        let mut held = lock(&self.held);
        if held.until.get(name).is_some_and(|(_, until)| *until > now) {
            return None;
        }
        held.until.retain(|_, (_, until)| *until > now);
        held.last += 1;
        let number = held.last;
        held.until.insert(name.to_owned(), (number, now + ttl));
        Some(OwnGuard { locks: Arc::clone(self), name: name.to_owned(), number })
    }
}

impl Drop for OwnGuard {
    fn drop(&mut self) {
        let mut held = lock(&self.locks.held);
        // After its time somebody else may hold it.
        if held.until.get(&self.name).is_some_and(|(number, _)| *number == self.number) {
            held.until.remove(&self.name);
        }
    }
}
