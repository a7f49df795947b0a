//! Request budgets: counts arrivals in sliding windows, judges them against the published limit, and says which
//! requests a provider would refuse.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// A published limit.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Requests allowed in any window.
    pub requests: u32,
    /// Length of the window.
    pub per: Duration,
    /// Requests allowed in a day, when the provider has such a limit.
    pub per_day: Option<u64>,
    /// Whether requests beyond the limit get a 429; they are counted either way.
    pub enforce: bool,
}

/// How one account stands after an arrival.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) rate: Rate,
    pub(crate) admitted: bool,
    pub(crate) remaining: u32,
    pub(crate) remaining_today: u64,
}

/// What was seen of an account's pace, or of all accounts together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RateReport {
    /// The published limit per window.
    pub limit: u32,
    /// Length of the window in milliseconds.
    pub window_ms: u64,
    /// Arrivals that were one too many for the sliding window that ends with them.
    pub violations: u64,
    /// The most arrivals seen in any window, of one account.
    pub max_in_window: usize,
    /// Requests refused with 429 because of the limit.
    pub refused: u64,
    /// The most requests of one account in its current day.
    pub most_today: u64,
}

/// The windows of one account.
pub(crate) struct Meter {
    rate: Rate,
    arrivals: VecDeque<Instant>,
    admitted: VecDeque<Instant>,
    day_began: Instant,
    today: u64,
    max_in_window: usize,
    violations: u64,
    refused: u64,
}

const DAY: Duration = Duration::from_hours(24);

impl Meter {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            arrivals: VecDeque::new(),
            admitted: VecDeque::new(),
            day_began: now,
            today: 0,
            max_in_window: 0,
            violations: 0,
            refused: 0,
        }
    }

    pub(crate) fn arrive(&mut self, now: Instant) -> Standing {
        let limit = self.rate.requests as usize;
        forget_before(&mut self.arrivals, now, self.rate.per);
        forget_before(&mut self.admitted, now, self.rate.per);
        self.arrivals.push_back(now);
        self.max_in_window = self.max_in_window.max(self.arrivals.len());
        self.violations += u64::from(self.arrivals.len() > limit);
        if now.duration_since(self.day_began) >= DAY {
            self.day_began = now;
            self.today = 0;
        }
        let day_spent = self.rate.per_day.is_some_and(|most| self.today >= most);
        let admitted = !self.rate.enforce || (self.admitted.len() < limit && !day_spent);
        if admitted {
            self.admitted.push_back(now);
            self.today += 1;
        } else {
            self.refused += 1;
        }
        let remaining = limit.saturating_sub(self.admitted.len());
        Standing {
            rate: self.rate,
            admitted,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            remaining_today: self.rate.per_day.unwrap_or(u64::MAX).saturating_sub(self.today),
        }
    }

    /// Adds this account to a report over all of them.
    pub(crate) fn add_to(&self, report: &mut RateReport) {
        report.limit = self.rate.requests;
        report.window_ms = u64::try_from(self.rate.per.as_millis()).unwrap_or(u64::MAX);
        report.violations += self.violations;
        report.refused += self.refused;
        report.max_in_window = report.max_in_window.max(self.max_in_window);
        report.most_today = report.most_today.max(self.today);
    }
}

fn forget_before(seen: &mut VecDeque<Instant>, now: Instant, window: Duration) {
    while seen.front().is_some_and(|at| now.duration_since(*at) >= window) {
        seen.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::{Meter, Rate, RateReport};
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn the_window_slides() {
        let start = Instant::now();
        let rate = Rate { requests: 2, per: Duration::from_secs(1), per_day: None, enforce: true };
        let mut meter = Meter::new(rate, start);
        let at = |ms| start + Duration::from_millis(ms);
        assert!(meter.arrive(at(0)).admitted);
        assert!(meter.arrive(at(900)).admitted);
        assert!(!meter.arrive(at(999)).admitted);
        assert!(meter.arrive(at(1000)).admitted, "the first one has left the window");
        let mut report = RateReport::default();
        meter.add_to(&mut report);
        assert_eq!((report.violations, report.max_in_window, report.refused), (2, 3, 1));
    }
}
