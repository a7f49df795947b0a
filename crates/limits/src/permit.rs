//! Leave to send one request now.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::in_process::Line;

/// One request's place in the budget. Hold it until the request has ended: its end is what the window counts.
#[derive(Debug)]
#[must_use = "the request counts from the permit to its drop: hold it while the request runs"]
pub struct Permit {
    line: Arc<Line>,
    granted: Instant,
    good_for: Duration,
    is_sent: bool,
}

impl Permit {
    pub(crate) fn new(line: Arc<Line>, granted: Instant, good_for: Duration) -> Self {
        Self { line, granted, good_for, is_sent: true }
    }

    /// True when the caller was held up so long since the permit was given that its slot has passed: cancel and ask again,
    /// or several stalled callers start in one bunch.
    pub fn is_late(&self) -> bool {
        self.expired(Instant::now())
    }

    /// [`Permit::is_late`] at a given time.
    pub fn expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.granted) > self.good_for
    }

    /// Gives the permit back: no request was sent.
    pub fn cancel(mut self) {
        self.is_sent = false;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.line.end(self.is_sent);
    }
}
