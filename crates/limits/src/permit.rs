//! Leave to send one request now.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::Trip;
use crate::line::{Ending, Line};

/// A permit lasts at least this long. Whoever got one stores what it is about to do before it sends, and a disk under load
/// takes its time: a permit that is late by then starts all over, and stores the more. The window holds either way, since an
/// unfinished request counts; late starts only come closer together.
const LEAST: Duration = Duration::from_secs(1);

/// How long after it was given a permit may be used, for slots this far apart.
pub(crate) fn good_for(interval: Duration) -> Duration {
    interval.max(LEAST)
}

/// One request's place in the budget. Hold it until the request has ended: its end is what the window counts.
#[derive(Debug)]
#[must_use = "the request counts from the permit to its drop: hold it while the request runs"]
pub struct Permit {
    line: Arc<Line>,
    number: u64,
    asked: Instant,
    good_for: Duration,
    ending: Ending,
}

impl Permit {
    pub(crate) fn new(line: Arc<Line>, number: u64, (asked, good_for): (Instant, Duration)) -> Self {
        Self { line, number, asked, good_for, ending: Ending::Sent }
    }

    /// True when the caller was held up so long since the permit was given that its slot has passed: cancel and ask again,
    /// or several stalled callers start in one bunch.
    pub fn is_late(&self) -> bool {
        self.expired(Instant::now())
    }

    /// [`Permit::is_late`] at a given time.
    pub fn expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.asked) > self.good_for
    }

    /// Gives the permit back: no request was sent.
    pub fn cancel(mut self) {
        self.ending = Ending::NotSent;
    }

    /// The request was answered just now. Its time counts from the hand-over to the network, not from the permit.
    ///
    /// A permit that is just dropped counts as long as if its request had arrived at its very end; knowing how long answers
    /// take lets the next one start earlier.
    pub fn answered(mut self, trip: Trip) {
        self.ending = Ending::Answered(trip);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.line.end(self.number, self.ending);
    }
}
