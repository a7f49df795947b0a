//! Waiting until nothing moves any more.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::system::System;

const LIMIT: Duration = Duration::from_mins(5);

/// Requests that the twins saw, GHL first.
pub(crate) fn requests(system: &System) -> [u64; 2] {
    [system.ghl().report().requests, system.openphone().report().requests]
}

/// Returns once no webhook is on its way and no request came for so long.
pub(crate) async fn quiet(system: &System, pause: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + LIMIT;
    loop {
        let (ghl, openphone) = (system.ghl().webhooks_idle(LIMIT).await, system.openphone().webhooks_idle(LIMIT).await);
        let before = requests(system);
        tokio::time::sleep(pause).await;
        if ghl && openphone && requests(system) == before {
            return Ok(());
        }
        ensure!(Instant::now() < until, "it doesn't come to rest");
    }
}
