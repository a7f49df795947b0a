//! One budget's decisions. Time is an argument here: a duration since the process's limits began.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tandem_policy::Gcra;
use tandem_proto::Lane;
use tokio::sync::Notify;

use super::day::Day;
use super::window::Window;
use crate::{BudgetRate, Throttled};

/// Live grants after which a waiting bulk caller is next: a tenth of the slots is bulk's.
const LIVE_PER_BULK: usize = 9;

/// The state behind a line's mutex.
#[derive(Debug)]
pub(super) struct State {
    rate: BudgetRate,
    pace: Gcra,
    window: Window,
    day: Day,
    unix_start: Duration,
    live: VecDeque<Place>,
    bulk: VecDeque<Place>,
    live_since_bulk: usize,
    last_number: u64,
}

#[derive(Debug)]
struct Place {
    number: u64,
    bell: Arc<Notify>,
}

/// What a waiting caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Go; the place in line is gone.
    Granted,
    /// It is the caller's turn, but not before this time.
    At(Duration),
    /// Others are first, or requests have to end: the bell rings.
    Later,
    /// Not today.
    Refused(Throttled),
}

impl State {
    pub(super) fn new(rate: BudgetRate, now: Duration, unix_start: Duration) -> Self {
        let mut pace = Gcra::new(rate.rate().pace());
        pace.hold_until(now);
        Self {
            rate,
            pace,
            window: Window::default(),
            day: Day::default(),
            unix_start,
            live: VecDeque::new(),
            bulk: VecDeque::new(),
            live_since_bulk: 0,
            last_number: 0,
        }
    }

    pub(super) fn set_rate(&mut self, rate: BudgetRate) {
        self.rate = rate;
        self.pace.set_pace(rate.rate().pace());
        self.ring_next();
    }

    pub(super) fn interval(&self) -> Duration {
        self.pace.pace().interval
    }

    pub(super) fn hold_until(&mut self, until: Duration) {
        self.pace.hold_until(until);
    }

    /// Takes a place in line, unless the wait is bound to be longer than the caller's.
    pub(super) fn join(
        &mut self,
        now: Duration,
        lane: Lane,
        max_wait: Duration,
        bell: &Arc<Notify>,
    ) -> Result<u64, Throttled> {
        let refusal = self.refusal(now, lane);
        if refusal.retry_after > max_wait {
            return Err(refusal);
        }
        self.last_number += 1;
        let place = Place { number: self.last_number, bell: Arc::clone(bell) };
        self.lane(lane).push_back(place);
        Ok(self.last_number)
    }

    /// Leaves the line, if still in it.
    pub(super) fn leave(&mut self, number: u64) {
        self.live.retain(|place| place.number != number);
        self.bulk.retain(|place| place.number != number);
        self.ring_next();
    }

    /// Grants the slot if it is the caller's turn and the time has come.
    pub(super) fn decide(&mut self, number: u64, now: Duration) -> Verdict {
        let lane = self.next_lane();
        if self.lane(lane).front().is_none_or(|next| next.number != number) {
            return Verdict::Later;
        }
        let unix = self.unix_start.saturating_add(now);
        if let Some(retry_after) = self.wait_for_tomorrow(unix, lane) {
            return Verdict::Refused(Throttled { retry_after });
        }
        let Some(free) = self.next_in_window(now) else {
            return Verdict::Later;
        };
        let at = self.pace.next_slot(now).max(free);
        if at > now {
            return Verdict::At(at);
        }
        self.pace.reserve(now, Duration::ZERO);
        self.window.start();
        self.day.take(unix);
        self.lane(lane).pop_front();
        self.live_since_bulk = match lane {
            Lane::Live => self.live_since_bulk.saturating_add(1).min(LIVE_PER_BULK),
            Lane::Bulk => 0,
        };
        self.ring_next();
        Verdict::Granted
    }

    /// A granted request has ended, or was never sent.
    pub(super) fn end(&mut self, now: Duration, was_sent: bool) {
        self.window.end(now, was_sent);
        if !was_sent {
            self.day.give_back(self.unix_start.saturating_add(now));
        }
        self.ring_next();
    }

    /// When a caller that joined the line now could expect to be served.
    pub(super) fn refusal(&mut self, now: Duration, lane: Lane) -> Throttled {
        let unix = self.unix_start.saturating_add(now);
        if let Some(retry_after) = self.wait_for_tomorrow(unix, lane) {
            return Throttled { retry_after };
        }
        let ahead = match lane {
            Lane::Live => self.live.len() + (self.live.len() / LIVE_PER_BULK).min(self.bulk.len()),
            Lane::Bulk => self.bulk.len() + self.live.len().min((self.bulk.len() + 1) * LIVE_PER_BULK),
        };
        let queued = self.interval().saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX));
        let slot = self.pace.next_slot(now).max(self.next_in_window(now).unwrap_or(now));
        Throttled { retry_after: slot.saturating_add(queued).saturating_sub(now) }
    }

    /// The answer to a caller that has waited long enough; never so short that asking in a loop would be a busy one.
    pub(super) fn come_back(&mut self, now: Duration, lane: Lane) -> Throttled {
        let retry_after = self.refusal(now, lane).retry_after.max(self.interval());
        Throttled { retry_after }
    }

    pub(super) fn remaining_today(&mut self, now: Duration) -> Option<u64> {
        let used = self.day.used(self.unix_start.saturating_add(now));
        self.rate.per_day.map(|quota| quota.saturating_sub(used))
    }

    pub(super) fn correct_today(&mut self, now: Duration, remaining: u64) {
        if let Some(quota) = self.rate.per_day {
            self.day.at_least(self.unix_start.saturating_add(now), quota.saturating_sub(remaining));
        }
    }

    fn wait_for_tomorrow(&mut self, unix: Duration, lane: Lane) -> Option<Duration> {
        self.rate.per_day.and_then(|quota| self.day.wait(unix, lane, quota))
    }

    fn next_in_window(&mut self, now: Duration) -> Option<Duration> {
        let requests = usize::try_from(self.rate.requests.max(1)).unwrap_or(usize::MAX);
        self.window.next_start(now, requests, self.rate.per)
    }

    fn next_lane(&self) -> Lane {
        let bulk_is_due = self.live_since_bulk >= LIVE_PER_BULK && !self.bulk.is_empty();
        if self.live.is_empty() || bulk_is_due { Lane::Bulk } else { Lane::Live }
    }

    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Place> {
        match lane {
            Lane::Live => &mut self.live,
            Lane::Bulk => &mut self.bulk,
        }
    }

    /// Only the next in line keeps a timer; it has to hear that it is, and that something changed.
    fn ring_next(&mut self) {
        let lane = self.next_lane();
        if let Some(next) = self.lane(lane).front() {
            next.bell.notify_one();
        }
    }
}
