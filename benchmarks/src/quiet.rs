//! Waiting until nothing moves any more.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tandem_tests::Process;

const LIMIT: Duration = Duration::from_mins(3);

/// Requests that the twins saw, GHL first.
pub(crate) fn requests(process: &Process) -> [u64; 2] {
    [process.ghl.report().requests, process.openphone.report().requests]
}

/// Returns once no webhook is on its way and no request came for so long.
pub(crate) async fn quiet(process: &Process, pause: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + LIMIT;
    loop {
        let (ghl, openphone) = (process.ghl.webhooks_idle(LIMIT).await, process.openphone.webhooks_idle(LIMIT).await);
        let before = requests(process);
        tokio::time::sleep(pause).await;
        if ghl && openphone && requests(process) == before {
            return Ok(());
        }
        ensure!(Instant::now() < until, "it doesn't come to rest");
    }
}
