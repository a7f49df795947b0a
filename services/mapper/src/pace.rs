//! How much of each lane is handled at a time: bulk leaves room for whatever people do meanwhile.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tandem_proto::Lane;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Live events handled side by side: enough to share the store's commits.
const LIVE: usize = 64;
/// Little enough that live events find room at the store and at the cores beside them.
const BULK: usize = 1;
/// While live events come, the place of a bulk event stays empty for this many times as long as the event took: less is done
/// where the machine is slow. It is more than what a provider takes from one connection; where many are imported at once, more
/// mappers help.
const REST: u32 = 4;
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

    /// The work, and after it the rest that the other lane is owed, which a shutdown ends.
    pub(crate) async fn keep(&self, lane: Lane, work: impl Future<Output = ()>, shutdown: &CancellationToken) {
        let started = Instant::now();
        if lane == Lane::Live {
            *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
        }
        work.await;
        let rest = self.rest(lane, started.elapsed());
        if !rest.is_zero() {
            drop(tokio::time::timeout(rest, shutdown.cancelled()).await);
        }
    }

    fn rest(&self, lane: Lane, took: Duration) -> Duration {
        let live = *self.live.lock().unwrap_or_else(PoisonError::into_inner);
        match lane {
            Lane::Bulk if live.is_some_and(|at| at.elapsed() < QUIET) => took * REST,
            Lane::Live | Lane::Bulk => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(10);

    /// How long a lane's event occupies its place.
    async fn occupies(pace: &Pace, lane: Lane) -> Duration {
        let started = Instant::now();
        pace.keep(lane, tokio::time::sleep(TOOK), &CancellationToken::new()).await;
        started.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn bulk_rests_only_while_live_events_come() {
        let pace = Pace::default();
        assert_eq!(occupies(&pace, Lane::Bulk).await, TOOK);
        assert_eq!(occupies(&pace, Lane::Live).await, TOOK);
        assert_eq!(occupies(&pace, Lane::Bulk).await, TOOK * (1 + REST));
        tokio::time::sleep(QUIET).await;
        assert_eq!(occupies(&pace, Lane::Bulk).await, TOOK);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_ends_a_rest() {
        let (pace, shutdown) = (Pace::default(), CancellationToken::new());
        occupies(&pace, Lane::Live).await;
        shutdown.cancel();
        let started = Instant::now();
        pace.keep(Lane::Bulk, tokio::time::sleep(TOOK), &shutdown).await;
        assert_eq!(started.elapsed(), TOOK);
    }
}
