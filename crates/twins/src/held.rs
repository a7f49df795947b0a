//! Taking a lock without giving up after a panic elsewhere: a twin goes on judging.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
