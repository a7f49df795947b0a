//! What a handle holds: the budgets, the way to Redis, and the task that looks after both.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::keeper::Keeper;
use super::phase::Phase;
use super::untold::Untold;
use super::{AskMembers, Error, Lease, RedisOptions, Remote};
use crate::BudgetKey;
use crate::budgets::Budgets;
use crate::locks::Guard;

/// How long ids to remember are gathered.
const GATHER: Duration = Duration::from_millis(20);

/// The backend of many processes.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) budgets: Arc<Budgets>,
    remote: Arc<Remote>,
    untold: Arc<Untold>,
    keeper: JoinHandle<()>,
}

impl Shared {
    pub(crate) async fn open(options: RedisOptions, members: AskMembers) -> Result<Self, Error> {
        let (sender, orders) = mpsc::unbounded_channel();
        let remote = Arc::new(Remote::new(options, members, sender)?);
        let budgets = Arc::new(Budgets::new(SystemTime::now(), Some(Arc::clone(&remote))));
        let mut keeper = Keeper::new(Arc::clone(&remote), Arc::clone(&budgets), orders);
        keeper.start().await?;
        let keeper = tokio::spawn(keeper.run());
        Ok(Self { budgets, remote, untold: Arc::default(), keeper })
    }

    pub(crate) fn in_fallback(&self) -> bool {
        self.remote.phase() == Phase::Alone
    }

    pub(crate) async fn cool_down(&self, key: &BudgetKey, until: Instant) {
        let line = self.budgets.line(key);
        line.cool_until(until);
        if self.is_there()
            && let Err(error) = self.remote.tell_cool_down(&line).await
        {
            self.remote.failed(&error);
        }
    }

    pub(crate) async fn remaining_today(&self, key: &BudgetKey) -> Option<u64> {
        let line = self.budgets.line(key);
        let quota = line.lock().rate().per_day?;
        self.today(key, 0)
            .await
            .map_or_else(|| line.lock().remaining_today(line.now()), |used| Some(quota.saturating_sub(used)))
    }

    pub(crate) async fn correct_today(&self, key: &BudgetKey, remaining: u64) {
        let line = self.budgets.line(key);
        let Some(quota) = line.lock().rate().per_day else { return };
        line.lock().correct_today(line.now(), remaining);
        self.today(key, quota.saturating_sub(remaining)).await;
    }

    async fn today(&self, key: &BudgetKey, at_least: u64) -> Option<u64> {
        if !self.is_there() {
            return None;
        }
        let line = self.budgets.line(key);
        match self.remote.today(&line, at_least).await {
            Ok((_, used)) => Some(used),
            Err(error) => {
                self.remote.failed(&error);
                None
            }
        }
    }

    /// Only an answer that came counts: nobody waits for one here.
    pub(crate) async fn seen(&self, id: &str) -> bool {
        self.budgets.seen(id)
            || self.is_there()
                && self.remote.seen(id).await.unwrap_or_else(|error| {
                    self.remote.failed(&error);
                    false
                })
    }

    /// Told to Redis a moment later, together with what else is remembered until then: whoever answers a webhook need not
    /// wait for it.
    pub(crate) fn remember(&self, id: &str) {
        self.budgets.remember(id);
        if !self.is_there() || !self.untold.add(id) {
            return;
        }
        let (remote, untold) = (Arc::clone(&self.remote), Arc::clone(&self.untold));
        tokio::spawn(async move {
            tokio::time::sleep(GATHER).await;
            if let Err(error) = remote.remember(&untold.take()).await {
                remote.failed(&error);
            }
        });
    }

    pub(crate) async fn try_lock(&self, name: &str, ttl: Duration) -> Option<Guard> {
        let own = self.budgets.locks.try_lock(name, ttl)?;
        if !self.is_there() {
            return Some(Guard::new(own, None));
        }
        let lease = Lease::try_take(&self.remote, name, ttl).await?;
        Some(Guard::new(own, Some(lease)))
    }

    fn is_there(&self) -> bool {
        !self.in_fallback()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
