//! When something happened, in the three forms the twins need.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The moment of one request or one edit.
#[derive(Clone, Copy)]
pub(crate) struct Stamp {
    /// For windows and lags.
    pub(crate) instant: Instant,
    /// For what the providers show; whole milliseconds.
    pub(crate) time: Timestamp,
    /// The number of the request, none when a person acts.
    pub(crate) request: Option<u64>,
}

impl Stamp {
    pub(crate) fn now(request: Option<u64>) -> Self {
        Self { instant: Instant::now(), time: whole_millis(Timestamp::now()), request }
    }
}

fn whole_millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// `now`, or a millisecond after `before`: a record's update times only go up.
pub(crate) fn later(before: Timestamp, now: Timestamp) -> Timestamp {
    let next = before.saturating_add(SignedDuration::from_millis(1)).unwrap_or(before);
    next.max(now)
}

/// `2026-11-23T19:52:01.250Z`, as both providers write times.
pub(crate) fn iso(time: Timestamp) -> String {
    format!("{time:.3}")
}
