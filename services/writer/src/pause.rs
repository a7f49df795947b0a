//! Leaving a connection alone while its provider refuses or fails, with one probe at a time and one log line per change.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A refused credential won't mend by itself; a person has to act.
const REFUSED_PAUSE: Duration = Duration::from_mins(1);
/// A person has to connect the location. Looking whether it was done costs the provider nothing.
pub(crate) const UNCONNECTED_PAUSE: Duration = Duration::from_secs(5);
/// A provider that is down may be back soon.
const FAILING_PAUSE: Duration = Duration::from_secs(15);
/// Failures in a row, over all records, that mean the provider and not the record.
const MOST_FAILURES: u32 = 10;

/// Whether the connection is left alone.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    until: Option<Instant>,
    failures: u32,
    /// A person was told what to do.
    is_told: bool,
    /// Nobody has to act yet.
    is_mild: bool,
}

/// A change that is worth one log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Paused,
    /// The same, but it will mend by itself.
    Waiting,
    Resumed,
}

impl Pause {
    /// How long to stay away. Once that is over the first who asks goes ahead as a probe, the others wait on.
    pub(crate) fn remaining(&self, now: Instant) -> Option<Duration> {
        let mut state = self.lock();
        let until = state.until?;
        if now < until {
            return Some(until - now);
        }
        state.until = Some(now + FAILING_PAUSE);
        None
    }

    /// The provider answered as it should.
    pub(crate) fn works(&self) -> Option<Change> {
        let mut state = self.lock();
        *state = State { until: state.until.take(), ..State::default() };
        state.until.take().map(|_| Change::Resumed)
    }

    /// The provider refused the credential.
    pub(crate) fn refused(&self, now: Instant) -> Option<Change> {
        self.pause_until(now + REFUSED_PAUSE)
    }

    /// There is nothing to sign in with. Once it is clear that a person has to act, that is worth a line of its own, also
    /// where it was paused before.
    pub(crate) fn unconnected(&self, now: Instant, needs_a_person: bool) -> Option<Change> {
        let is_new = needs_a_person && !std::mem::replace(&mut self.lock().is_told, needs_a_person);
        let change = self.pause_until(now + UNCONNECTED_PAUSE);
        change.or(is_new.then_some(Change::Paused))
    }

    /// The provider refused a credential that may be too new for it.
    pub(crate) fn too_young(&self, now: Instant, wait: Duration) -> Option<Change> {
        let mut state = self.lock();
        if state.until.replace(now + wait).is_some() {
            return None;
        }
        state.is_mild = true;
        Some(Change::Waiting)
    }

    fn pause_until(&self, until: Instant) -> Option<Change> {
        self.lock().pause_until(until)
    }

    /// The provider failed.
    pub(crate) fn fails(&self, now: Instant) -> Option<Change> {
        let mut state = self.lock();
        state.failures += 1;
        if state.failures < MOST_FAILURES {
            return None;
        }
        state.pause_until(now + FAILING_PAUSE)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What was told mildly is told again.
    fn pause_until(&mut self, until: Instant) -> Option<Change> {
        let is_told = self.until.replace(until).is_some() && !std::mem::take(&mut self.is_mild);
        (!is_told).then_some(Change::Paused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_probe_goes_ahead_when_the_pause_is_over() {
        let (pause, start) = (Pause::default(), Instant::now());
        assert_eq!(pause.refused(start), Some(Change::Paused));
        assert_eq!(pause.refused(start), None, "one line per change");
        assert!(pause.remaining(start + Duration::from_secs(1)).is_some());
        let later = start + REFUSED_PAUSE;
        assert_eq!(pause.remaining(later), None, "the probe");
        assert!(pause.remaining(later).is_some(), "the others wait for it");
        assert_eq!(pause.works(), Some(Change::Resumed));
        assert_eq!(pause.remaining(later), None);
    }

    #[test]
    fn what_a_person_has_to_do_is_said_also_where_it_was_paused_before() {
        let (pause, now) = (Pause::default(), Instant::now());
        assert_eq!(pause.unconnected(now, false), Some(Change::Paused));
        assert_eq!(pause.unconnected(now, false), None);
        assert_eq!(pause.unconnected(now, true), Some(Change::Paused));
        assert_eq!(pause.unconnected(now, true), None, "once");
        assert_eq!(pause.works(), Some(Change::Resumed));
        assert_eq!(pause.unconnected(now, true), Some(Change::Paused));
        assert_eq!(pause.unconnected(now, true), None);
    }

    #[test]
    fn single_failures_do_not_pause_a_connection() {
        let (pause, now) = (Pause::default(), Instant::now());
        for _ in 1..MOST_FAILURES {
            assert_eq!(pause.fails(now), None);
        }
        assert_eq!(pause.works(), None);
        assert_eq!(pause.fails(now), None, "the count starts anew after a success");
        assert_eq!(pause.remaining(now), None);
    }

    #[test]
    fn a_key_that_stays_refused_is_told_of_once_as_young_and_once_as_refused() {
        let (pause, now, wait) = (Pause::default(), Instant::now(), Duration::from_secs(5));
        assert_eq!(pause.too_young(now, wait), Some(Change::Waiting));
        assert_eq!(pause.too_young(now, wait), None);
        assert_eq!(pause.remaining(now + wait), None, "the probe");
        assert_eq!(pause.refused(now), Some(Change::Paused));
        assert_eq!(pause.refused(now), None);
        assert_eq!(pause.works(), Some(Change::Resumed));
        assert_eq!(pause.too_young(now, wait), Some(Change::Waiting));
        assert_eq!(pause.works(), Some(Change::Resumed));
    }
}
