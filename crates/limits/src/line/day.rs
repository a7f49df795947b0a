//! The daily quota, by UTC day.

use std::time::Duration;

use tandem_proto::Lane;

const DAY: u64 = 24 * 60 * 60;

/// What was used of one day's quota. Times are Unix times.
#[derive(Debug, Default)]
pub(crate) struct Day {
    number: u64,
    used: u64,
}

impl Day {
    /// Days since the epoch.
    pub(crate) fn number(unix: Duration) -> u64 {
        unix.as_secs() / DAY
    }

    /// What the lane may use of a day's quota.
    pub(crate) fn limit(lane: Lane, quota: u64) -> u64 {
        match lane {
            Lane::Live => quota,
            // The rest is for people's edits: a backfill must not use up their day.
            Lane::Bulk => quota.saturating_mul(7) / 10,
        }
    }

    /// How long until the lane may use the quota again; none when it may now.
    pub(super) fn wait(&mut self, unix: Duration, lane: Lane, quota: u64) -> Option<Duration> {
        self.turn(unix);
        let tomorrow = Duration::from_secs(self.number.saturating_add(1).saturating_mul(DAY));
        (self.used >= Self::limit(lane, quota)).then(|| tomorrow.saturating_sub(unix))
    }

    pub(super) fn used(&mut self, unix: Duration) -> u64 {
        self.turn(unix);
        self.used
    }

    pub(super) fn take(&mut self, unix: Duration, requests: u64) {
        self.turn(unix);
        self.used = self.used.saturating_add(requests);
    }

    pub(super) fn give_back(&mut self, unix: Duration, requests: u64) {
        self.turn(unix);
        self.used = self.used.saturating_sub(requests);
    }

    /// The provider counts more than we do.
    pub(super) fn at_least(&mut self, unix: Duration, used: u64) {
        self.turn(unix);
        self.used = self.used.max(used);
    }

    /// The count of all processes.
    pub(super) fn learn(&mut self, number: u64, used: u64) {
        *self = Self { number, used };
    }

    fn turn(&mut self, unix: Duration) {
        let number = Self::number(unix);
        if number != self.number {
            *self = Self { number, used: 0 };
        }
    }
}
