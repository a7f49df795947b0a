//! The generic cell rate algorithm as a reservation: one timestamp per budget, slots handed out in order of asking.
//! governor decides what fits; here are its state as a value, time as an argument, and holds.
//!
//! Times are durations since an origin that the caller picks. What is *not* here: counting what is in flight (that
//! needs to know when requests end; see the limits crate).

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

/// Longer than anybody waits, and far below what governor can count.
const FOREVER: Duration = Duration::from_hours(100 * 365 * 24);

/// What a provider publishes: so many requests in any window of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests allowed per window.
    pub requests: u32,
    /// Length of the window.
    pub per: Duration,
}

/// How requests are spaced so that a [`Rate`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Distance between two slots once the burst is used up.
    pub interval: Duration,
    /// Slots that may start at once after a quiet time; at least 1.
    pub burst: u32,
}

impl Rate {
    /// The fastest pace that lets at most `requests` start in any window, wherever the provider's window begins.
    ///
    /// A window sees at most `burst + floor(per / interval)` starts. The denominator stays half a request below what
    /// that allows (a tenth where the rate is so small that half a request matters), so that a start that is a few
    /// milliseconds late or early still falls into the right window; more than 90 % of the rate stays usable.
    pub fn pace(self) -> Pace {
        let requests = u128::from(self.requests.max(1));
        let burst = (requests / 20).max(1);
        let slack = if requests < 10 { 9 } else { 5 };
        let tenths = 10 * (requests - burst) + slack;
        let nanos = (self.per.as_nanos() * 10).div_ceil(tenths);
        Pace {
            interval: Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)),
            burst: u32::try_from(burst).unwrap_or(u32::MAX),
        }
    }

    /// One member's part of the rate where `count` of them share it without talking to each other; `rank` counts from 0.
    ///
    /// The parts add up to the rate exactly: what doesn't divide goes to the first ranks. A part of 0 requests is
    /// possible: this member has to wait. A rank that the count doesn't cover gets nothing.
    #[must_use]
    pub fn share(self, count: u32, rank: u32) -> Self {
        let count = count.max(1);
        let requests = match rank {
            outside if outside >= count => 0,
            first if first < self.requests % count => self.requests / count + 1,
            _later => self.requests / count,
        };
        Self { requests, ..self }
    }
}

/// The limiter of one budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gcra {
    pace: Pace,
    /// When the bucket is full again; the classic name is theoretical arrival time.
    arrival: Duration,
}

/// Answer to a request for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// The slot is the caller's: start at this time, and not noticeably later.
    Reserved {
        /// Start of the slot; never before the `now` that was given.
        at: Duration,
    },
    /// Nothing was reserved: the next slot is this far away.
    Wait(Duration),
}

impl Gcra {
    /// A limiter with its whole burst available.
    pub fn new(pace: Pace) -> Self {
        Self { pace, arrival: Duration::ZERO }
    }

    /// The pace in force.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Changes the pace; what was reserved stays reserved.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Reserves the next slot if it starts within `max_wait` from `now`.
    pub fn reserve(&mut self, now: Duration, max_wait: Duration) -> Reservation {
        let at = self.next_slot(now);
        let wait = at.saturating_sub(now);
        if wait > max_wait {
            return Reservation::Wait(wait);
        }
        match self.ask(at) {
            Ok(arrival) => {
                self.arrival = arrival;
                Reservation::Reserved { at }
            }
            Err(later) => Reservation::Wait(later.saturating_sub(now)),
        }
    }

    /// Start of the slot that the next reservation would get; nothing is reserved.
    pub fn next_slot(&self, now: Duration) -> Duration {
        match self.ask(now) {
            Ok(_) => now,
            Err(later) => later,
        }
    }

    /// No slot before `until`, and none of the burst right after it: the slots then come one interval apart.
    ///
    /// For a provider that said "too many requests", and for a process that can't know what the one before it sent.
    pub fn hold_until(&mut self, until: Duration) {
        self.arrival = self.arrival.max(until.min(FOREVER).saturating_add(self.burst_span()));
    }

    /// When the bucket would be full again if a slot were taken now; an error is the time of the next slot.
    fn ask(&self, now: Duration) -> Result<Duration, Duration> {
        let burst = NonZeroU32::new(self.pace.burst).unwrap_or(NonZeroU32::MIN);
        let interval = self.pace.interval.clamp(Duration::from_nanos(1), FOREVER / burst.get());
        let Some(quota) = Quota::with_period(interval) else { return Err(now.saturating_add(interval)) };
        let left = Left(Cell::new(self.arrival.saturating_sub(now).min(FOREVER).into()));
        let limiter = RateLimiter::<_, _, _, NoOpMiddleware<Duration>>::new(quota.allow_burst(burst), left, At(now));
        let answer = limiter.check().map_err(|not_until| not_until.earliest_possible());
        answer.map(|()| now.saturating_add(limiter.into_state_store().0.get().into()))
    }

    fn burst_span(&self) -> Duration {
        self.pace.interval.saturating_mul(self.pace.burst.saturating_sub(1))
    }
}

/// The caller's time.
struct At(Duration);

impl Clock for At {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0
    }
}

/// From the caller's time until the bucket is full again.
struct Left(Cell<Nanos>);

impl StateStore for Left {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (answer, left) = decide(Some(self.0.get()))?;
        self.0.set(left);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests;
