//! The strict guard: how many requests a provider may be counting right now.

use std::collections::VecDeque;
use std::time::Duration;

/// Requests that are unfinished, and the ends of those that finished within the last window.
#[derive(Debug, Default)]
pub(super) struct Window {
    unfinished: usize,
    ends: VecDeque<Duration>,
}

impl Window {
    /// A request starts.
    pub(super) fn start(&mut self) {
        self.unfinished += 1;
    }

    /// A request ended; one that was never sent leaves no trace.
    pub(super) fn end(&mut self, now: Duration, was_sent: bool) {
        self.unfinished = self.unfinished.saturating_sub(1);
        if was_sent {
            self.ends.push_back(now);
        }
    }

    /// When the next request may start so that fewer than `requests` others can fall into one window with it; none while
    /// too many are unfinished: their ends decide.
    pub(super) fn next_start(&mut self, now: Duration, requests: usize, per: Duration) -> Option<Duration> {
        while self.ends.front().is_some_and(|end| end.saturating_add(per) < now) {
            self.ends.pop_front();
        }
        let too_many = (self.unfinished + self.ends.len() + 1).saturating_sub(requests);
        match too_many.checked_sub(1) {
            None => Some(now),
            // A window includes both its ends, so the instant after the one that has to leave it.
            Some(last) => self.ends.get(last).map(|end| end.saturating_add(per + Duration::from_nanos(1))),
        }
    }
}
