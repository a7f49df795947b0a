//! What is left of the day's request budgets, told now and then.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use tandem_contact::Side;
use tandem_limits::BudgetKey;

use crate::Deps;

const PAUSE: Duration = Duration::from_secs(30);

/// Tells it for as long as it is polled.
pub(crate) async fn tell(deps: &Deps) -> Infallible {
    loop {
        for side in [Side::Ghl, Side::OpenPhone] {
            if let Some(left) = least_left(deps, side).await {
                deps.metrics.limiter_remaining(side.name(), left);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Of the budget that has fewest; none where no budget has a quota.
async fn least_left(deps: &Deps, side: Side) -> Option<u64> {
    let budgets: BTreeSet<&BudgetKey> =
        deps.connections.values().map(|connection| connection.way_out(side).1).collect();
    let mut least = None;
    for budget in budgets {
        if let Some(left) = deps.limits.remaining_today(budget).await {
            least = Some(least.map_or(left, |least: u64| least.min(left)));
        }
    }
    least
}
