//! Waiting for a condition: poll with a limit, never a bare sleep.

use std::thread;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(5);

/// Asks again and again until there is an answer.
///
/// # Panics
/// No answer within the limit: the panic names what was waited for.
#[track_caller]
pub fn eventually<T, F>(what: &str, limit: Duration, mut ask: impl FnMut() -> F) -> impl Future<Output = T>
where
    F: Future<Output = Option<T>>,
{
    let caller = std::panic::Location::caller();
    async move {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            assert!(tokio::time::Instant::now() < deadline, "{caller}: waited {limit:?} for {what}");
            tokio::time::sleep(POLL).await;
        }
    }
}

/// [`eventually`] for tests without a runtime.
///
/// # Panics
/// No answer within the limit.
#[track_caller]
pub fn eventually_blocking<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} for {what}");
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn answer_is_returned_as_soon_as_there_is_one() {
        let mut asked = 0;
        let answer = eventually("the third time", Duration::from_secs(5), || {
            asked += 1;
            std::future::ready((asked == 3).then_some(asked))
        });
        assert_eq!(answer.await, 3);
    }

    #[test]
    #[should_panic(expected = "waited 1ms for the end of time")]
    fn limit_names_what_was_waited_for() {
        eventually_blocking("the end of time", Duration::from_millis(1), || None::<()>);
    }
}
