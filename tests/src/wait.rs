//! Waiting for a condition instead of for a time.

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer; panics with `what` when there is none within the limit.
pub async fn eventually<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < until, "waited {limit:?} in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
