//! The handle that callers have, whatever the backend.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tandem_proto::Lane;
use tokio::time::Instant;

use crate::in_process::InProcess;
use crate::{BudgetKey, BudgetRate, Permit, Throttled};

/// Request budgets and recently seen ids; clones share them.
#[derive(Debug, Clone)]
pub struct Limits {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    InProcess(Arc<InProcess>),
}

impl Limits {
    /// Budgets of this process alone.
    pub fn in_process() -> Self {
        Self::in_process_at(SystemTime::now())
    }

    /// Budgets of this process alone, told the time of day: from here on it is counted, not asked for.
    pub fn in_process_at(now: SystemTime) -> Self {
        Self { backend: Backend::InProcess(Arc::new(InProcess::new(now))) }
    }

    /// Sets a budget's rate; what it has used so far stays used. A new budget begins without its burst, because a process
    /// that ended a moment ago may have used it.
    pub fn register(&self, key: BudgetKey, rate: BudgetRate) {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.register(key, rate),
        }
    }

    /// Waits for the turn and a slot, at most `max_wait`; fails at once when that can't be enough.
    ///
    /// Send when this returns, or ask [`Permit::is_late`] first. Bulk callers need a `max_wait` of some ten slots to get their
    /// share while live callers wait too.
    pub async fn acquire(&self, key: &BudgetKey, lane: Lane, max_wait: Duration) -> Result<Permit, Throttled> {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.acquire(key, lane, max_wait).await,
        }
    }

    /// Nobody starts a request before this time: the provider said so.
    #[expect(clippy::unused_async, reason = "a backend shared between processes has to ask its server")]
    pub async fn cool_down(&self, key: &BudgetKey, until: Instant) {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.cool_down(key, until),
        }
    }

    /// Requests left of the daily quota, all lanes; none where there is no quota.
    #[expect(clippy::unused_async, reason = "a backend shared between processes has to ask its server")]
    pub async fn remaining_today(&self, key: &BudgetKey) -> Option<u64> {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.remaining_today(key),
        }
    }

    /// Believes the provider's own count of what is left today, where that is less than ours.
    #[expect(clippy::unused_async, reason = "a backend shared between processes has to ask its server")]
    pub async fn correct_today(&self, key: &BudgetKey, remaining: u64) {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.correct_today(key, remaining),
        }
    }

    /// Whether an id was remembered lately. "No" is no proof: ids are forgotten at any time.
    #[expect(clippy::unused_async, reason = "a backend shared between processes has to ask its server")]
    pub async fn seen(&self, id: &str) -> bool {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.seen(id),
        }
    }

    /// Remembers an id. Only after what it names is durable: remembered first and lost then, its repetition would be dropped.
    #[expect(clippy::unused_async, reason = "a backend shared between processes has to ask its server")]
    pub async fn remember(&self, id: &str) {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.remember(id),
        }
    }
}
