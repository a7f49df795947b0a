//! How long it takes to open a connection to the provider.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// About as many as are open at once.
const MOST: usize = 8;

/// The last connections that were opened: name, network and TLS. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connects {
    took: Arc<Mutex<VecDeque<Duration>>>,
}

impl Connects {
    /// Opens a connection, and remembers how long it took. One that failed says nothing.
    pub(crate) async fn timed<C, E>(self, opening: impl Future<Output = Result<C, E>>) -> Result<C, E> {
        let began = Instant::now();
        let opened = opening.await;
        if opened.is_ok() {
            self.add(began.elapsed());
        }
        opened
    }

    /// The slowest of the last; none before the first.
    pub(crate) fn slowest(&self) -> Option<Duration> {
        self.took.lock().unwrap_or_else(PoisonError::into_inner).iter().max().copied()
    }

    fn add(&self, took: Duration) {
        let mut last = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= MOST {
            last.pop_front();
        }
        last.push_back(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_slowest_of_the_last_counts() {
        let connects = Connects::default();
        assert_eq!(connects.slowest(), None);
        connects.add(90 * MS);
        for _ in 1..MOST {
            connects.add(20 * MS);
        }
        assert_eq!(connects.slowest(), Some(90 * MS));
        connects.add(30 * MS);
        assert_eq!(connects.slowest(), Some(30 * MS), "the first is forgotten");
    }

    #[tokio::test]
    async fn one_that_failed_says_nothing() {
        let connects = Connects::default();
        let refused: Result<(), ()> = connects.clone().timed(async { Err(()) }).await;
        assert!(refused.is_err());
        assert_eq!(connects.slowest(), None);
        assert_eq!(connects.clone().timed(async { Ok::<_, ()>(7) }).await, Ok(7));
        assert!(connects.slowest().is_some());
    }
}
