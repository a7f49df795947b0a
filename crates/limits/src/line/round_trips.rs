//! How early a request must have arrived, seen from its end.

use std::collections::VecDeque;
use std::time::Duration;

/// Answers that are remembered.
const MOST: usize = 64;
/// Answers before anything is concluded.
const ENOUGH: usize = 16;
/// Older answers say nothing. With `ENOUGH`: only a provider that is called often, and so over open connections, counts.
/// Where every call has to connect first, the way there is longer than the way back.
const YOUNG: Duration = Duration::from_mins(1);
/// What a request may spend inside the provider before it is counted: connections end at its front.
const INSIDE: Duration = Duration::from_millis(20);

/// What is known of a request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trip {
    /// From the hand-over to the network to the answer.
    pub took: Duration,
    /// How long it took at most lately to open a connection to the provider; none where no connection was opened yet.
    pub connecting: Option<Duration>,
}

/// When the last answered requests were answered, and how long before that they must have arrived.
#[derive(Debug, Default)]
pub(super) struct RoundTrips {
    last: VecDeque<(Duration, Duration)>,
}

impl Trip {
    /// From its arrival to its end, at least: the provider's work and the way back.
    ///
    /// To open a connection something goes to the provider's front and comes back, so the way there alone is shorter. And
    /// over an open connection it is no longer than the provider's work and the way back, so these take at least half.
    fn behind_arrival(self) -> Duration {
        let way_there = self.connecting.map_or(Duration::MAX, |connecting| connecting.saturating_add(INSIDE));
        self.took.saturating_sub(way_there).max(self.took / 2)
    }
}

impl RoundTrips {
    /// A request was answered now.
    pub(super) fn answered(&mut self, now: Duration, trip: Trip) {
        if self.last.len() >= MOST {
            self.last.pop_front();
        }
        self.last.push_back((now, trip.behind_arrival()));
    }

    /// A request that ends now arrived at least this long ago.
    ///
    /// Between its arrival and its end lie the provider's work and the way back: no less than the least seen lately. Delays
    /// are on the safe side: whatever holds a request up before it arrives makes its end as much later, and a process that
    /// stood still notices the end late.
    pub(super) fn early_by(&self, now: Duration, per: Duration) -> Duration {
        let young = self.last.iter().filter(|(at, _)| now.saturating_sub(*at) < YOUNG);
        let (count, least) = young.fold((0, per), |(count, least), (_, behind)| (count + 1, least.min(*behind)));
        if count < ENOUGH { Duration::ZERO } else { least }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const PER: Duration = Duration::from_secs(1);

    fn far(took: Duration) -> Trip {
        Trip { took, connecting: None }
    }

    fn after(took: &[Duration]) -> RoundTrips {
        let mut trips = RoundTrips::default();
        for took in took {
            trips.answered(Duration::ZERO, far(*took));
        }
        trips
    }

    #[test]
    fn half_of_the_fastest_answer_counts() {
        let mut trips = after(&[200 * MS; 15]);
        assert_eq!(trips.early_by(MS, PER), Duration::ZERO, "too few to conclude anything");
        trips.answered(MS, far(300 * MS));
        assert_eq!(trips.early_by(MS, PER), 100 * MS);
        trips.answered(MS, far(10 * MS));
        assert_eq!(trips.early_by(MS, PER), 5 * MS, "one fast answer is believed at once");
    }

    #[test]
    fn old_answers_are_forgotten() {
        let mut trips = after(&[10 * MS]);
        for _ in 0..MOST {
            trips.answered(MS, far(200 * MS));
        }
        assert_eq!(trips.early_by(MS, PER), 100 * MS);
        assert_eq!(trips.early_by(2 * YOUNG, PER), Duration::ZERO);
    }

    #[test]
    fn all_but_the_time_of_connecting_counts_where_that_is_more() {
        let near = Trip { took: 200 * MS, connecting: Some(20 * MS) };
        let far = Trip { took: 200 * MS, connecting: Some(150 * MS) };
        assert_eq!(near.behind_arrival(), 160 * MS);
        assert_eq!(far.behind_arrival(), 100 * MS);
        let mut trips = RoundTrips::default();
        for _ in 0..ENOUGH {
            trips.answered(MS, near);
        }
        assert_eq!(trips.early_by(MS, PER), 160 * MS);
        trips.answered(MS, far);
        assert_eq!(trips.early_by(MS, PER), 100 * MS, "one slow connection is believed at once");
    }

    #[test]
    fn it_is_never_more_than_a_window() {
        assert_eq!(after(&[30 * PER; 20]).early_by(MS, PER), PER);
    }
}
