//! Puts what is stored under the first encryption key, so that an old one can be left out one day, and says when.
//!
//! At the start of every process that holds secrets: the one that is restarted last does it when none is left that has
//! the old key in front.

use std::time::Duration;

use tandem_credentials::{KeyId, Rewrapped, Vault};
use tandem_telemetry::chain;
use tokio_util::sync::CancellationToken;

/// Between two looks.
const PAUSE: Duration = Duration::from_hours(1);
/// After a failure.
const SOON: Duration = Duration::from_mins(1);

/// Runs until the shutdown.
pub(crate) async fn run(vault: Vault, shutdown: CancellationToken) {
    let mut said = None;
    loop {
        let pause = match vault.rewrap_all().await {
            Ok(done) => {
                let now = tell(&vault, &done, said.as_ref());
                said = Some(now);
                PAUSE
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "what is stored can't be put under the first encryption key yet");
                SOON
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What was said last; it isn't said again.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// The other keys are not needed.
    OnlyFirst,
    /// So many can't be opened.
    Closed(usize),
}

fn tell(vault: &Vault, done: &Rewrapped, before: Option<&Said>) -> Said {
    let mut keys = vault.master_keys().map(KeyId::to_string);
    let first = keys.next().unwrap_or_default();
    let others = keys.collect::<Vec<_>>().join(", ");
    if done.moved > 0 {
        tracing::info!(count = done.moved, "{} data keys are under the encryption key {first} from now on", done.moved);
    }
    let now = if done.closed.is_empty() { Said::OnlyFirst } else { Said::Closed(done.closed.len()) };
    if before == Some(&now) {
        return now;
    }
    for error in &done.closed {
        tracing::error!(error = %chain(error), "stored secrets can't be opened");
    }
    if done.closed.is_empty() && !others.is_empty() {
        tracing::info!(
            "everything stored is under the encryption key {first}: once every process was started with it in front, leave the \
             others out of encryption_key ({others})"
        );
    }
    now
}
