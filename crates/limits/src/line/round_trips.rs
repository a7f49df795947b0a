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

/// How long the last answered requests took.
#[derive(Debug, Default)]
pub(super) struct RoundTrips {
    last: VecDeque<(Duration, Duration)>,
}

impl RoundTrips {
    /// A request that was answered now took so long, from the hand-over to the network to the answer.
    pub(super) fn answered(&mut self, now: Duration, took: Duration) {
        if self.last.len() >= MOST {
            self.last.pop_front();
        }
        self.last.push_back((now, took));
    }

    /// A request that ends now arrived at least this long ago.
    ///
    /// Between its arrival and its end lie the provider's work and the way back. Over an open connection the way there is
    /// no longer than these two, so they take at least half of the fastest answer seen lately. Delays are on the safe side:
    /// whatever holds a request up before it arrives makes its end as much later, and a process that stood still notices
    /// the end late.
    pub(super) fn early_by(&self, now: Duration, per: Duration) -> Duration {
        let young = self.last.iter().filter(|(at, _)| now.saturating_sub(*at) < YOUNG);
        let (count, least) = young.fold((0, Duration::MAX), |(count, least), (_, took)| (count + 1, least.min(*took)));
        if count < ENOUGH { Duration::ZERO } else { least.min(per) / 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const PER: Duration = Duration::from_secs(1);

    fn after(took: &[Duration]) -> RoundTrips {
        let mut trips = RoundTrips::default();
        for took in took {
            trips.answered(Duration::ZERO, *took);
        }
        trips
    }

    #[test]
    fn half_of_the_fastest_answer_counts() {
        let mut trips = after(&[200 * MS; 15]);
        assert_eq!(trips.early_by(MS, PER), Duration::ZERO, "too few to conclude anything");
        trips.answered(MS, 300 * MS);
        assert_eq!(trips.early_by(MS, PER), 100 * MS);
        trips.answered(MS, 10 * MS);
        assert_eq!(trips.early_by(MS, PER), 5 * MS, "one fast answer is believed at once");
    }

    #[test]
    fn old_answers_are_forgotten() {
        let mut trips = after(&[10 * MS]);
        for _ in 0..MOST {
            trips.answered(MS, 200 * MS);
        }
        assert_eq!(trips.early_by(MS, PER), 100 * MS);
        assert_eq!(trips.early_by(2 * YOUNG, PER), Duration::ZERO);
    }

    #[test]
    fn it_is_never_more_than_half_a_window() {
        assert_eq!(after(&[30 * PER; 20]).early_by(MS, PER), PER / 2);
    }
}
