//! One budget and those of this process who wait for it.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tandem_policy::Rate;
use tandem_proto::Lane;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::permit::good_for;
use crate::redis::{Ask, Remote};
use crate::{BudgetKey, BudgetRate, Permit, Throttled};

mod day;
mod round_trips;
mod state;
mod window;

pub(crate) use day::Day;
pub use round_trips::Trip;
pub(crate) use state::{Engine, LIVE_PER_BULK, Share};
use state::{State, Verdict};
pub(crate) use window::{Claim, Ending};

/// Time as a duration since the start, and what Unix time the start was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    unix_start: Duration,
}

/// One budget and those who wait for it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) key: BudgetKey,
    clock: Clock,
    state: Mutex<State>,
    /// Where other processes use the budget too.
    remote: Option<Arc<Remote>>,
}

impl Clock {
    pub(crate) fn new(now: SystemTime) -> Self {
        Self { start: Instant::now(), unix_start: now.duration_since(UNIX_EPOCH).unwrap_or_default() }
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn at(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.start)
    }
}

impl Line {
    pub(crate) fn new((key, rate): (BudgetKey, BudgetRate), clock: Clock, remote: Option<Arc<Remote>>) -> Self {
        let engine = match &remote {
            Some(_) => Engine::Shared,
            None => Engine::Own(Share { requests: rate.requests, members: 1, until: Duration::MAX }),
        };
        let state = State::new(rate, engine, clock.now(), clock.unix_start);
        Self { key, clock, state: Mutex::new(state), remote }
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    pub(crate) async fn acquire(self: Arc<Self>, lane: Lane, max_wait: Duration) -> Result<Permit, Throttled> {
        let deadline = self.clock.now().saturating_add(max_wait);
        let waiter = Waiter::join(&self, lane, max_wait)?;
        loop {
            // Listening before looking: what changes in between rings.
            let mut rung = pin!(waiter.bell.notified());
            rung.as_mut().enable();
            let wake = match self.look((waiter.number, lane), deadline).await {
                Look::Over(result) => return result,
                Look::AgainAt(wake) => wake,
            };
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep(wake.saturating_sub(self.clock.now())) => {}
            }
        }
    }

    async fn look(self: &Arc<Self>, who: (u64, Lane), deadline: Duration) -> Look {
        let asked = Instant::now();
        let now = self.clock.at(asked);
        let verdict = self.lock().decide(who, now);
        match verdict {
            Verdict::Granted => Look::Over(Ok(self.permit(who.0, (asked, Duration::ZERO)))),
            Verdict::Refused(throttled) => Look::Over(Err(throttled)),
            Verdict::Ask => self.ask(who, asked, deadline).await,
            Verdict::At(_) | Verdict::Later if now >= deadline => Look::Over(Err(self.lock().come_back(now, who.1))),
            Verdict::At(at) => Look::AgainAt(deadline.min(at)),
            Verdict::Later => Look::AgainAt(deadline),
        }
    }

    /// Asks the server.
    async fn ask(self: &Arc<Self>, who: (u64, Lane), asked: Instant, deadline: Duration) -> Look {
        let Some(remote) = &self.remote else {
            return Look::AgainAt(deadline);
        };
        let answer = remote.ask(self, who).await;
        let answered = Instant::now();
        let now = self.clock.at(answered);
        match answer {
            // The time that asking took can't be told from a stall; the server keeps the permit's place for both.
            Ask::Granted => Look::Over(Ok(self.permit(who.0, (asked, answered.duration_since(asked))))),
            Ask::NotToday(retry_after) => Look::Over(Err(Throttled { retry_after })),
            Ask::Wait(wait) => {
                let mut state = self.lock();
                let until = now.saturating_add(wait);
                state.told(who.1, until);
                match state.come_back_if_after((now, deadline), who.1) {
                    Some(throttled) => Look::Over(Err(throttled)),
                    None => Look::AgainAt(until),
                }
            }
        }
    }

    fn permit(self: &Arc<Self>, number: u64, (asked, waited): (Instant, Duration)) -> Permit {
        let good_for = good_for(self.lock().interval()).saturating_add(waited);
        Permit::new(Arc::clone(self), number, (asked, good_for))
    }

    /// A permit's request has ended, or was never sent.
    pub(crate) fn end(self: &Arc<Self>, permit: u64, ending: Ending) {
        let now = self.clock.now();
        let mut state = self.lock();
        let early_by = state.end(permit, now, ending);
        let free_at =
            (ending != Ending::NotSent).then(|| now.saturating_add(state.rate().per).saturating_sub(early_by));
        drop(state);
        if let Some(remote) = &self.remote {
            remote.end(self, permit, free_at);
        }
    }

    /// From now on this process decides alone, for its share and until then.
    pub(crate) fn decide_alone(&self, (part, members): (Rate, u32), until: Instant, hold: Duration) {
        let share = Share { requests: part.requests, members, until: self.clock.at(until) };
        self.lock().decide_alone(self.clock.now(), share, hold);
    }

    pub(crate) fn cool_until(&self, until: Instant) {
        self.lock().cool_until(self.clock.at(until));
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// What a waiting caller found.
enum Look {
    Over(Result<Permit, Throttled>),
    AgainAt(Duration),
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
