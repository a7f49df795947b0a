//! All budgets of the process, and the ids that it saw lately.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::time::Instant;

use crate::line::{Clock, Line, lock};
use crate::locks::Locks;
use crate::recent::Recent;
use crate::redis::Remote;
use crate::{BudgetKey, BudgetRate};

/// What the process keeps, whether it is alone or not.
#[derive(Debug)]
pub(crate) struct Budgets {
    clock: Clock,
    lines: Mutex<HashMap<BudgetKey, Arc<Line>>>,
    recent: Mutex<Recent>,
    pub(crate) locks: Arc<Locks>,
    remote: Option<Arc<Remote>>,
}

impl Budgets {
    pub(crate) fn new(now: SystemTime, remote: Option<Arc<Remote>>) -> Self {
        let clock = Clock::new(now);
        Self { clock, lines: Mutex::default(), recent: Mutex::default(), locks: Arc::default(), remote }
    }

    pub(crate) fn register(&self, key: BudgetKey, rate: BudgetRate) {
        let mut lines = lock(&self.lines);
        if let Some(line) = lines.get(&key) {
            line.lock().set_rate(rate);
        } else {
            let line = self.open(key.clone(), rate);
            lines.insert(key, line);
        }
    }

    pub(crate) fn line(&self, key: &BudgetKey) -> Arc<Line> {
        let mut lines = lock(&self.lines);
        let line = lines.entry(key.clone()).or_insert_with(|| {
            tracing::warn!(budget = %key, "nobody registered this budget: it gets one request a second");
            self.open(key.clone(), BudgetRate::CAUTIOUS)
        });
        Arc::clone(line)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Line>> {
        lock(&self.lines).values().map(Arc::clone).collect()
    }

    pub(crate) fn cool_down(&self, key: &BudgetKey, until: Instant) {
        self.line(key).cool_until(until);
    }

    pub(crate) fn remaining_today(&self, key: &BudgetKey) -> Option<u64> {
        let line = self.line(key);
        line.lock().remaining_today(line.now())
    }

    pub(crate) fn correct_today(&self, key: &BudgetKey, remaining: u64) {
        let line = self.line(key);
        line.lock().correct_today(line.now(), remaining);
    }

    pub(crate) fn seen(&self, id: &str) -> bool {
        lock(&self.recent).contains(id)
    }

    pub(crate) fn remember(&self, id: &str) {
        lock(&self.recent).insert(id);
    }

    fn open(&self, key: BudgetKey, rate: BudgetRate) -> Arc<Line> {
        let line = Arc::new(Line::new((key, rate), self.clock, self.remote.as_ref().map(Arc::clone)));
        if let Some(remote) = &self.remote {
            remote.opened(&line);
        }
        line
    }
}
