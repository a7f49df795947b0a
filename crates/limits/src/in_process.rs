//! The backend of a single process.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tandem_proto::Lane;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::recent::Recent;
use crate::{BudgetKey, BudgetRate, Permit, Throttled};

mod day;
mod state;
mod window;

use state::{State, Verdict};

/// All budgets of the process.
#[derive(Debug)]
pub(crate) struct InProcess {
    clock: Clock,
    lines: Mutex<HashMap<BudgetKey, Arc<Line>>>,
    recent: Mutex<Recent>,
}

/// Time as a duration since the start, and what Unix time the start was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    unix_start: Duration,
}

/// One budget and those who wait for it.
#[derive(Debug)]
pub(crate) struct Line {
    clock: Clock,
    state: Mutex<State>,
}

impl Clock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

impl InProcess {
    pub(crate) fn new(now: SystemTime) -> Self {
        let clock = Clock { start: Instant::now(), unix_start: now.duration_since(UNIX_EPOCH).unwrap_or_default() };
        Self { clock, lines: Mutex::default(), recent: Mutex::default() }
    }

    pub(crate) fn register(&self, key: BudgetKey, rate: BudgetRate) {
        let mut lines = lock(&self.lines);
        if let Some(line) = lines.get(&key) {
            line.lock().set_rate(rate);
        } else {
            lines.insert(key, Arc::new(Line::new(self.clock, rate)));
        }
    }

    pub(crate) async fn acquire(&self, key: &BudgetKey, lane: Lane, max_wait: Duration) -> Result<Permit, Throttled> {
        self.line(key).acquire(lane, max_wait).await
    }

    pub(crate) fn cool_down(&self, key: &BudgetKey, until: Instant) {
        let until = until.saturating_duration_since(self.clock.start);
        self.line(key).lock().hold_until(until);
    }

    pub(crate) fn remaining_today(&self, key: &BudgetKey) -> Option<u64> {
        self.line(key).lock().remaining_today(self.clock.now())
    }

    pub(crate) fn correct_today(&self, key: &BudgetKey, remaining: u64) {
        self.line(key).lock().correct_today(self.clock.now(), remaining);
    }

    pub(crate) fn seen(&self, id: &str) -> bool {
        lock(&self.recent).contains(id)
    }

    pub(crate) fn remember(&self, id: &str) {
        lock(&self.recent).insert(id);
    }

    fn line(&self, key: &BudgetKey) -> Arc<Line> {
        let mut lines = lock(&self.lines);
        let line = lines.entry(key.clone()).or_insert_with(|| {
            tracing::warn!(budget = %key, "nobody registered this budget: it gets one request a second");
            Arc::new(Line::new(self.clock, BudgetRate::CAUTIOUS))
        });
        Arc::clone(line)
    }
}

impl Line {
    fn new(clock: Clock, rate: BudgetRate) -> Self {
        Self { clock, state: Mutex::new(State::new(rate, clock.now(), clock.unix_start)) }
    }

    async fn acquire(self: Arc<Self>, lane: Lane, max_wait: Duration) -> Result<Permit, Throttled> {
        let deadline = self.clock.now().saturating_add(max_wait);
        let waiter = Waiter::join(&self, lane, max_wait)?;
        loop {
            // Listening before looking: what changes in between rings.
            let mut rung = pin!(waiter.bell.notified());
            rung.as_mut().enable();
            let now = self.clock.now();
            let verdict = self.lock().decide(waiter.number, now);
            let wake = match verdict {
                Verdict::Granted => return Ok(self.permit()),
                Verdict::Refused(throttled) => return Err(throttled),
                Verdict::At(_) | Verdict::Later if now >= deadline => return Err(self.lock().come_back(now, lane)),
                Verdict::At(at) => deadline.min(at),
                Verdict::Later => deadline,
            };
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep(wake.saturating_sub(now)) => {}
            }
        }
    }

    fn permit(self: &Arc<Self>) -> Permit {
        let good_for = self.lock().interval();
        Permit::new(Arc::clone(self), Instant::now(), good_for)
    }

    /// A permit's request has ended, or was never sent.
    pub(crate) fn end(&self, was_sent: bool) {
        self.lock().end(self.clock.now(), was_sent);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// A place in the line; dropping it (a time-out, a cancelled caller) leaves the line.
#[derive(Debug)]
struct Waiter {
    line: Arc<Line>,
    number: u64,
    bell: Arc<Notify>,
}

impl Waiter {
    fn join(line: &Arc<Line>, lane: Lane, max_wait: Duration) -> Result<Self, Throttled> {
        let bell = Arc::new(Notify::new());
        let number = line.lock().join(line.clock.now(), lane, max_wait, &bell)?;
        Ok(Self { line: Arc::clone(line), number, bell })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.line.lock().leave(self.number);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
