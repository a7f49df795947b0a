//! Waiting for a condition instead of for a time.

use std::future::{Future, ready};
use std::time::Duration;

/// Asks again and again until there is an answer; panics with `what` when there is none within the limit.
#[track_caller]
pub fn eventually<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> impl Future<Output = T> {
    tandem_testkit::eventually(what, limit, move || ready(ask()))
}
