//! The strict guard: how many requests a provider may be counting right now.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::round_trips::{RoundTrips, Trip};

/// This process's requests that are unfinished, and the latest arrivals of those that arrived within the last window.
#[derive(Debug, Default)]
pub(crate) struct Window {
    unfinished: HashMap<u64, Duration>,
    /// Latest possible arrival and permit, in order of time.
    arrived: VecDeque<(Duration, u64)>,
    trips: RoundTrips,
}

/// How a permit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The request was never sent.
    NotSent,
    /// It was sent, or may have been.
    Sent,
    /// It was answered.
    Answered(Trip),
}

/// What is left of a request's claim on the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) permit: u64,
    pub(crate) left: Duration,
}

impl Window {
    /// A request starts.
    pub(super) fn start(&mut self, permit: u64, now: Duration) {
        self.unfinished.insert(permit, now);
    }

    /// A request ended; one that was never sent leaves no trace. Returns the time since its latest possible arrival.
    pub(super) fn end(&mut self, permit: u64, now: Duration, (ending, per): (Ending, Duration)) -> Duration {
        self.unfinished.remove(&permit);
        let early_by = match ending {
            Ending::Answered(trip) => {
                self.trips.answered(now, trip);
                self.trips.early_by(now, per)
            }
            // Whoever gives up doesn't know how far it got.
            Ending::Sent | Ending::NotSent => Duration::ZERO,
        };
        if ending != Ending::NotSent {
            let arrival = now.saturating_sub(early_by);
            let place = self.arrived.partition_point(|(other, _)| *other <= arrival);
            self.arrived.insert(place, (arrival, permit));
        }
        early_by
    }

    /// When the next request may start so that fewer than `requests` others can fall into one window with it; none while
    /// too many are unfinished: their ends decide.
    pub(super) fn next_start(&mut self, now: Duration, requests: usize, per: Duration) -> Option<Duration> {
        self.forget(now, per);
        let too_many = (self.unfinished.len() + self.arrived.len() + 1).saturating_sub(requests);
        match too_many.checked_sub(1) {
            None => Some(now),
            // A window includes both its ends, so the instant after the one that has to leave it.
            Some(last) => {
                self.arrived.get(last).map(|(arrival, _)| arrival.saturating_add(per + Duration::from_nanos(1)))
            }
        }
    }

    /// What others must take into account: unfinished requests hold their claim for `life` from their start.
    pub(super) fn claims(&mut self, now: Duration, per: Duration, life: Duration) -> Vec<Claim> {
        self.forget(now, per);
        let unfinished = self.unfinished.iter().map(|(permit, start)| (*permit, (*start + life).max(now + per)));
        let arrived = self.arrived.iter().map(|(arrival, permit)| (*permit, *arrival + per));
        unfinished.chain(arrived).map(|(permit, until)| Claim { permit, left: until.saturating_sub(now) }).collect()
    }

    fn forget(&mut self, now: Duration, per: Duration) {
        while self.arrived.front().is_some_and(|(arrival, _)| arrival.saturating_add(per) < now) {
            self.arrived.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const PER: Duration = Duration::from_secs(1);
    const ANSWERED: Ending = Ending::Answered(Trip { took: Duration::from_millis(200), connecting: None });

    /// When there is room for one more after a request that ended so after 200 ms, as many others did before it.
    fn room_after(ending: Ending) -> Option<Duration> {
        let mut window = Window::default();
        for permit in 0..32 {
            window.start(permit, Duration::ZERO);
            window.end(permit, 200 * MS, (ANSWERED, PER));
        }
        window.start(32, 200 * MS);
        window.end(32, 400 * MS, (ending, PER));
        window.next_start(400 * MS, 1, PER)
    }

    #[test]
    fn only_an_answer_says_that_a_request_arrived_before_its_end() {
        let instant = Duration::from_nanos(1);
        assert_eq!(room_after(ANSWERED), Some(PER + 300 * MS + instant));
        assert_eq!(room_after(Ending::Sent), Some(PER + 400 * MS + instant));
        assert_eq!(room_after(Ending::NotSent), Some(PER + 200 * MS + instant));
    }
}
