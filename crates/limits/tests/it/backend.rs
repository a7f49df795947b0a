//! The backends that the suite runs over, and what a provider would see.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tandem_limits::{BudgetKey, BudgetRate, Limits};
use tandem_proto::Lane;
use tokio::time::Instant;

pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const OPENPHONE: BudgetRate = BudgetRate { requests: 10, per: Duration::from_secs(1), per_day: None };
pub(crate) const GHL: BudgetRate = BudgetRate { requests: 100, per: Duration::from_secs(10), per_day: None };

/// One line per backend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Backend {
    InProcess,
}

impl Backend {
    /// Budgets whose day began an hour ago.
    pub(crate) fn open(self) -> Limits {
        match self {
            Self::InProcess => Limits::in_process_at(SystemTime::UNIX_EPOCH + 20_000 * 24 * HOUR + HOUR),
        }
    }

    /// Budgets with one registered.
    pub(crate) fn with(self, rate: BudgetRate) -> (Limits, BudgetKey) {
        let limits = self.open();
        let key = BudgetKey("provider:key".to_owned());
        limits.register(key.clone(), rate);
        (limits, key)
    }
}

/// When requests arrived, as the provider counts them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Provider {
    arrivals: Arc<Mutex<Vec<(Instant, Lane)>>>,
}

impl Provider {
    pub(crate) fn count(&self, lane: Lane) {
        self.arrivals.lock().unwrap().push((Instant::now(), lane));
    }

    pub(crate) fn arrivals(&self) -> Vec<(Instant, Lane)> {
        self.arrivals.lock().unwrap().clone()
    }

    /// Most requests in any window of this length, both ends included.
    pub(crate) fn worst_window(&self, per: Duration) -> usize {
        let mut arrivals: Vec<Instant> = self.arrivals().into_iter().map(|(arrival, _)| arrival).collect();
        arrivals.sort_unstable();
        let in_window =
            |first: usize| arrivals[first..].iter().take_while(|one| **one <= arrivals[first] + per).count();
        (0..arrivals.len()).map(in_window).max().unwrap_or(0)
    }
}

/// Asks for permits one after the other for ever; each request arrives after `before` and ends after `then`.
pub(crate) async fn call_for_ever(
    limits: Limits,
    key: BudgetKey,
    lane: Lane,
    provider: Provider,
    times: [Duration; 2],
) {
    loop {
        match limits.acquire(&key, lane, HOUR).await {
            Ok(permit) => {
                tokio::time::sleep(times[0]).await;
                provider.count(lane);
                tokio::time::sleep(times[1]).await;
                drop(permit);
            }
            Err(throttled) => tokio::time::sleep(throttled.retry_after).await,
        }
    }
}
