//! The daily quota, by UTC day.

use std::time::Duration;

use tandem_proto::Lane;

const DAY: u64 = 24 * 60 * 60;

/// What was used of one day's quota. Times are Unix times.
#[derive(Debug, Default)]
pub(super) struct Day {
    number: u64,
    used: u64,
}

impl Day {
    /// How long until the lane may use the quota again; none when it may now.
    pub(super) fn wait(&mut self, unix: Duration, lane: Lane, quota: u64) -> Option<Duration> {
        self.turn(unix);
        let limit = match lane {
            Lane::Live => quota,
            // The rest is for people's edits: a backfill must not use up their day.
            Lane::Bulk => quota.saturating_mul(7) / 10,
        };
        let tomorrow = Duration::from_secs(self.number.saturating_add(1).saturating_mul(DAY));
        (self.used >= limit).then(|| tomorrow.saturating_sub(unix))
    }

    pub(super) fn used(&mut self, unix: Duration) -> u64 {
        self.turn(unix);
        self.used
    }

    pub(super) fn take(&mut self, unix: Duration) {
        self.turn(unix);
        self.used += 1;
    }

    pub(super) fn give_back(&mut self, unix: Duration) {
        self.turn(unix);
        self.used = self.used.saturating_sub(1);
    }

    /// The provider counts more than we do.
    pub(super) fn at_least(&mut self, unix: Duration, used: u64) {
        self.turn(unix);
        self.used = self.used.max(used);
    }

    fn turn(&mut self, unix: Duration) {
        let number = unix.as_secs() / DAY;
        if number != self.number {
            *self = Self { number, used: 0 };
        }
    }
}
