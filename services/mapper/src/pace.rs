//! How much of each lane is handled at a time: bulk leaves room for whatever people do meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tandem_proto::{ConnectionId, Lane};
use tokio::time::Instant;

/// Live events handled side by side: enough to share the store's commits.
const LIVE: usize = 64;
/// Little enough that live events find room at the store and at the cores beside them.
const BULK: usize = 1;
/// While live events come, a connection's bulk events rest for this many times as long as the last one took: less is done where
/// the machine is slow, and other connections' don't wait for it.
const REST: u32 = 9;
/// However slow it is: a provider takes ten requests a second, and the writer must not run dry.
const LONGEST_REST: Duration = Duration::from_millis(50);
/// After so long without a live event there is nobody to leave room for.
const QUIET: Duration = Duration::from_secs(2);

/// When live work came last; both lanes share it.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    live: Mutex<Option<Instant>>,
}

impl Pace {
    /// Events of a lane that are handled side by side.
    pub(crate) fn at_once(lane: Lane) -> usize {
        match lane {
            Lane::Live => LIVE,
            Lane::Bulk => BULK,
        }
    }

    /// So many events were taken.
    pub(crate) fn taken(&self, (lane, count): (Lane, usize), now: Instant) {
        if lane == Lane::Live && count > 0 {
            *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
    }

    /// How long the connection of an event that took so long rests now.
    pub(crate) fn rest(&self, lane: Lane, took: Duration, now: Instant) -> Duration {
        let live = *self.live.lock().unwrap_or_else(PoisonError::into_inner);
        match lane {
            Lane::Bulk if live.is_some_and(|at| now.saturating_duration_since(at) < QUIET) => {
                took.saturating_mul(REST).min(LONGEST_REST)
            }
            Lane::Live | Lane::Bulk => Duration::ZERO,
        }
    }
}

/// Connections whose events rest, and until when.
#[derive(Debug, Default)]
pub(crate) struct Resting(BTreeMap<ConnectionId, Instant>);

impl Resting {
    /// Whose event was handled rests for so long.
    pub(crate) fn begin(&mut self, connection: Option<ConnectionId>, rest: Duration, now: Instant) {
        if let Some(connection) = connection.filter(|_| !rest.is_zero()) {
            self.0.insert(connection, now + rest);
        }
    }

    pub(crate) fn connections(&self) -> BTreeSet<ConnectionId> {
        self.0.keys().cloned().collect()
    }

    /// Waits until somebody has rested; for ever where nobody rests.
    pub(crate) async fn over(&self) {
        match self.0.values().min() {
            Some(end) => tokio::time::sleep_until(*end).await,
            None => std::future::pending().await,
        }
    }

    /// Lets those go on that have rested.
    pub(crate) fn go_on(&mut self, now: Instant) {
        self.0.retain(|_, end| *end > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(4);

    #[test]
    fn bulk_rests_only_while_live_events_come() {
        let (pace, now) = (Pace::default(), Instant::now());
        pace.taken((Lane::Bulk, 1), now);
        pace.taken((Lane::Live, 0), now);
        assert_eq!(pace.rest(Lane::Bulk, TOOK, now), Duration::ZERO);
        pace.taken((Lane::Live, 1), now);
        assert_eq!(pace.rest(Lane::Bulk, TOOK, now), TOOK * REST);
        assert_eq!(pace.rest(Lane::Bulk, 4 * TOOK, now), LONGEST_REST);
        assert_eq!(pace.rest(Lane::Live, TOOK, now), Duration::ZERO);
        assert_eq!(pace.rest(Lane::Bulk, TOOK, now + QUIET), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn each_connection_rests_for_itself() {
        let (now, mut resting) = (Instant::now(), Resting::default());
        let [acme, umbrella] = ["acme", "umbrella"].map(|id| ConnectionId::new(id).unwrap());
        resting.begin(Some(acme.clone()), 5 * TOOK, now);
        resting.begin(Some(umbrella.clone()), TOOK, now);
        resting.begin(Some(ConnectionId::unknown()), Duration::ZERO, now);
        assert_eq!(resting.connections(), [acme.clone(), umbrella].into());
        resting.over().await;
        assert_eq!(Instant::now(), now + TOOK);
        resting.go_on(Instant::now());
        assert_eq!(resting.connections(), [acme].into());
        resting.over().await;
        resting.go_on(Instant::now());
        assert_eq!(resting.connections(), BTreeSet::new());
        assert!(tokio::time::timeout(TOOK, resting.over()).await.is_err(), "nobody rests");
    }
}
