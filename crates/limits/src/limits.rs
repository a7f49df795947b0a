//! The handle that callers have, whatever the backend.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tandem_proto::Lane;
use tokio::time::Instant;

use crate::budgets::Budgets;
use crate::redis::Shared;
use crate::{BudgetKey, BudgetRate, Error, Guard, Members, Permit, RedisOptions, Throttled};

/// Request budgets and recently seen ids; clones share them.
#[derive(Debug, Clone)]
pub struct Limits {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    InProcess(Arc<Budgets>),
    Redis(Arc<Shared>),
}

impl Limits {
    /// Budgets of this process alone.
    pub fn in_process() -> Self {
        Self::in_process_at(SystemTime::now())
    }

    /// Budgets of this process alone, told the time of day: from here on it is counted, not asked for.
    pub fn in_process_at(now: SystemTime) -> Self {
        Self { backend: Backend::InProcess(Arc::new(Budgets::new(now, None))) }
    }

    /// Budgets shared by all processes that use the same Redis. A Redis that can't be reached is waited for in the background,
    /// and each process uses its share of the budgets meanwhile: `members` says how large that is.
    ///
    /// # Errors
    /// The address is none, or Redis refuses the user or password.
    pub async fn redis(
        options: RedisOptions,
        members: impl Fn() -> Members + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let shared = Shared::open(options, Box::new(members)).await?;
        Ok(Self { backend: Backend::Redis(Arc::new(shared)) })
    }

    /// True while Redis is away and this process uses its share of the budgets.
    pub fn in_fallback(&self) -> bool {
        match &self.backend {
            Backend::InProcess(_) => false,
            Backend::Redis(shared) => shared.in_fallback(),
        }
    }

    /// Sets a budget's rate; what it has used so far stays used. A new budget begins without its burst, because a process
    /// that ended a moment ago may have used it.
    pub fn register(&self, key: BudgetKey, rate: BudgetRate) {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.register(key, rate),
            Backend::Redis(shared) => shared.budgets.register(key, rate),
        }
    }

    /// Waits for the turn and a slot, at most `max_wait`; fails at once when that can't be enough.
    ///
    /// Send when this returns, or ask [`Permit::is_late`] first. Bulk callers need a `max_wait` of some ten slots to get their
    /// share while live callers wait too.
    pub async fn acquire(&self, key: &BudgetKey, lane: Lane, max_wait: Duration) -> Result<Permit, Throttled> {
        let line = match &self.backend {
            Backend::InProcess(budgets) => budgets.line(key),
            Backend::Redis(shared) => shared.budgets.line(key),
        };
        line.acquire(lane, max_wait).await
    }

    /// Nobody starts a request before this time: the provider said so.
    pub async fn cool_down(&self, key: &BudgetKey, until: Instant) {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.cool_down(key, until),
            Backend::Redis(shared) => shared.cool_down(key, until).await,
        }
    }

    /// Requests left of the daily quota, all lanes; none where there is no quota.
    pub async fn remaining_today(&self, key: &BudgetKey) -> Option<u64> {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.remaining_today(key),
            Backend::Redis(shared) => shared.remaining_today(key).await,
        }
    }

    /// Believes the provider's own count of what is left today, where that is less than ours.
    pub async fn correct_today(&self, key: &BudgetKey, remaining: u64) {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.correct_today(key, remaining),
            Backend::Redis(shared) => shared.correct_today(key, remaining).await,
        }
    }

    /// Whether this process itself remembers an id: an answer without a question to anybody.
    pub fn seen_here(&self, id: &str) -> bool {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.seen(id),
            Backend::Redis(shared) => shared.budgets.seen(id),
        }
    }

    /// Whether an id was remembered lately, by any process. "No" is no proof: ids are forgotten at any time.
    pub async fn seen(&self, id: &str) -> bool {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.seen(id),
            Backend::Redis(shared) => shared.seen(id).await,
        }
    }

    /// Remembers an id. Only after what it names is durable: remembered first and lost then, its repetition would be dropped.
    /// Others learn of it a moment later.
    pub fn remember(&self, id: &str) {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.remember(id),
            Backend::Redis(shared) => shared.remember(id),
        }
    }

    /// Takes a lock that keeps others from doing the same thing at once; none while somebody else holds it. It ends with its
    /// guard, or after `ttl`. Only an optimisation: a Redis that forgets or doesn't answer lets several in.
    pub async fn try_lock(&self, name: &str, ttl: Duration) -> Option<Guard> {
        match &self.backend {
            Backend::InProcess(budgets) => budgets.locks.try_lock(name, ttl).map(|own| Guard::new(own, None)),
            Backend::Redis(shared) => shared.try_lock(name, ttl).await,
        }
    }
}
