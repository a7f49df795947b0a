//! Whether this process may ask Redis, or decides alone.

use std::time::{Duration, Instant};

/// Where the process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Redis is away: each process decides alone for its share.
    Alone,
    /// Redis decides.
    Together(Together),
}

/// When Redis may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Together {
    /// The last good beat was sent then.
    pub(super) beat: Instant,
    /// Others may not know yet that Redis is there until this time.
    pub(super) noticed: Option<Instant>,
}

impl Together {
    /// After a good beat. `alone_for` is the time since somebody last knew that nobody decides alone; `lease` is the time that
    /// it takes at least until somebody does so after Redis was lost.
    pub(super) fn after(
        before: Phase,
        beat: Instant,
        alone_for: Option<Duration>,
        (lease, notice): (Duration, Duration),
    ) -> Self {
        let others_know = alone_for.is_some_and(|time| time < lease);
        let noticed = match before {
            Phase::Together(last) if beat.saturating_duration_since(last.beat) < lease => last.noticed,
            Phase::Together(_) | Phase::Alone => Some(Instant::now() + notice),
        };
        Self { beat, noticed: noticed.filter(|_| !others_know) }
    }

    /// How long until a budget with this window may be asked for; none: now. A process that stood still doesn't know what
    /// happened meanwhile, until the next beat.
    pub(super) fn wait(&self, now: Instant, per: Duration, lease: Duration) -> Option<Duration> {
        const UNTIL_A_BEAT: Duration = Duration::from_millis(20);
        if now.saturating_duration_since(self.beat) >= lease {
            return Some(UNTIL_A_BEAT);
        }
        let wait = (self.noticed? + per).saturating_duration_since(now);
        (!wait.is_zero()).then_some(wait)
    }

    /// Everybody decides together, and this process knows it.
    pub(super) fn is_settled(&self, now: Instant, longest: Duration, lease: Duration) -> bool {
        self.wait(now, longest, lease).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const TIMES: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(3));

    #[test]
    fn who_comes_back_waits_until_the_others_have_noticed() {
        let beat = Instant::now();
        let back = Together::after(Phase::Alone, beat, None, TIMES);
        assert!(back.wait(beat + 3 * SECOND, SECOND, TIMES.0).is_some());
        assert_eq!(back.wait(beat + 5 * SECOND, SECOND, TIMES.0), None);
        // Beats go on meanwhile; the time runs from the first.
        let next = Together::after(Phase::Together(back), beat + SECOND, None, TIMES);
        assert_eq!(next.noticed, back.noticed);
    }

    #[test]
    fn who_sees_that_the_others_are_there_does_not_wait() {
        let beat = Instant::now();
        let back = Together::after(Phase::Alone, beat, Some(SECOND), TIMES);
        assert_eq!(back.wait(beat, 10 * SECOND, TIMES.0), None);
        assert!(Together::after(Phase::Alone, beat, Some(31 * SECOND), TIMES).wait(beat, SECOND, TIMES.0).is_some());
    }

    #[test]
    fn who_stood_still_asks_nothing_before_the_next_beat_and_then_counts_as_back() {
        let beat = Instant::now();
        let settled = Together { beat, noticed: None };
        assert_eq!(settled.wait(beat + 29 * SECOND, SECOND, TIMES.0), None);
        assert!(settled.wait(beat + 31 * SECOND, SECOND, TIMES.0).is_some());
        let woken = Together::after(Phase::Together(settled), beat + 31 * SECOND, None, TIMES);
        assert!(woken.noticed.is_some());
        let quick = Together::after(Phase::Together(settled), beat + 29 * SECOND, None, TIMES);
        assert_eq!(quick.noticed, None);
    }
}
