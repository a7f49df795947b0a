//! Keeps a flood of equal log lines down to one per few seconds, with a count of those left out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Time between two lines about the same thing.
const GAP: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct Repeats(Mutex<HashMap<&'static str, Last>>);

#[derive(Debug)]
struct Last {
    logged_at: Instant,
    left_out: u64,
}

impl Repeats {
    /// Whether a line about this is due now, and how many were left out since the one before.
    pub(crate) fn due(&self, about: &'static str) -> Option<u64> {
        let now = Instant::now();
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = lines.get_mut(about) else {
            lines.insert(about, Last { logged_at: now, left_out: 0 });
            return Some(0);
        };
        if now.duration_since(last.logged_at) < GAP {
            last.left_out = last.left_out.saturating_add(1);
            return None;
        }
        last.logged_at = now;
        Some(std::mem::take(&mut last.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_one_line_with_a_count() {
        let repeats = Repeats::default();
        assert_eq!(repeats.due("a"), Some(0));
        assert_eq!((repeats.due("a"), repeats.due("a")), (None, None));
        assert_eq!(repeats.due("b"), Some(0), "another matter has its own line");
        tokio::time::advance(GAP).await;
        assert_eq!(repeats.due("a"), Some(2));
        tokio::time::advance(GAP).await;
        assert_eq!(repeats.due("a"), Some(0));
    }
}
