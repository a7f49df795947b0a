//! The backend of many processes: one Redis decides, each process alone where it is away.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tandem_proto::Lane;
use tokio::sync::{Notify, mpsc};

use crate::BudgetKey;
use crate::line::{Line, lock};

mod calls;
mod keeper;
mod link;
mod look;
mod options;
mod phase;
mod scripts;
mod shared;
mod untold;

pub use look::{RedisTrouble, redis_version};
pub use options::{Error, Members, RedisOptions};
pub(crate) use shared::Shared;

use link::Link;
use phase::Phase;
use scripts::{Answer, Scripts};

/// After a question that failed.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Who shares the budgets, asked at each switch and now and then.
type AskMembers = Box<dyn Fn() -> Members + Send + Sync>;

/// What the lines of a process need to ask Redis.
pub(crate) struct Remote {
    options: RedisOptions,
    members: AskMembers,
    link: Link,
    scripts: Scripts,
    phase: Mutex<Phase>,
    /// Names this process's permits among all others'.
    process: String,
    last_lock: AtomicU64,
    orders: mpsc::UnboundedSender<Order>,
    /// A question failed: look at the connection now.
    trouble: Notify,
}

/// What is sent in the background.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    /// A permit has ended.
    End {
        line: Weak<Line>,
        permit: u64,
        /// When its request stops counting; none where it was never sent.
        free_at: Option<Duration>,
        /// When nobody needs to be told any more.
        stale_at: Duration,
    },
    /// A lock is free.
    Release { key: String, token: String },
}

/// What a caller hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Granted,
    Wait(Duration),
    NotToday(Duration),
}

/// A lock held at Redis.
#[derive(Debug)]
pub(crate) struct Lease {
    remote: Arc<Remote>,
    key: String,
    token: String,
}

/// A permit that Redis may give or have given: taken back if nobody gets it.
struct Pending<'a> {
    remote: &'a Remote,
    line: &'a Arc<Line>,
    permit: u64,
    is_settled: bool,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("phase", &self.phase).finish_non_exhaustive()
    }
}

impl Remote {
    fn new(options: RedisOptions, members: AskMembers, orders: mpsc::UnboundedSender<Order>) -> Result<Self, Error> {
        Ok(Self {
            link: Link::new(&options)?,
            options,
            members,
            scripts: Scripts::new(),
            phase: Mutex::new(Phase::Alone),
            process: format!("{:016x}", rand::random::<u64>()),
            last_lock: AtomicU64::new(0),
            orders,
            trouble: Notify::new(),
        })
    }

    /// Asks for a permit with the waiter's number as its name.
    pub(crate) async fn ask(&self, line: &Arc<Line>, (number, lane): (u64, Lane)) -> Ask {
        let rate = line.lock().rate();
        match self.phase() {
            Phase::Alone => return Ask::Wait(ASK_AGAIN),
            Phase::Together(together) => {
                if let Some(wait) = together.wait(Instant::now(), rate.per, self.options.longest_request) {
                    return Ask::Wait(wait);
                }
            }
        }
        let mut pending = Pending { remote: self, line, permit: number, is_settled: false };
        let answer = match self.question(line, (number, lane)).await {
            Ok(Answer::Created { stamp, wait }) => match self.shorten((line, rate), stamp, wait).await {
                Duration::ZERO => self.question(line, (number, lane)).await,
                wait => Ok(Answer::Wait(wait)),
            },
            // Whoever created it finds out whether it has to be; taken at its word, this would cost everybody else a window.
            Ok(Answer::Held(_)) => {
                tokio::time::sleep(ASK_AGAIN).await;
                self.question(line, (number, lane)).await
            }
            other => other,
        };
        pending.is_settled = answer.is_ok();
        match answer {
            Ok(Answer::Granted { day, used }) => {
                let mut state = line.lock();
                // Too late where this process decides alone meanwhile.
                pending.is_settled = state.accept((number, lane), line.now());
                if !pending.is_settled {
                    return Ask::Wait(Duration::ZERO);
                }
                state.learn_of_today(day, used);
                Ask::Granted
            }
            Ok(Answer::Wait(wait) | Answer::Created { wait, .. } | Answer::Held(wait)) => {
                self.obey(line, rate.per, wait);
                Ask::Wait(wait)
            }
            Ok(Answer::NotToday(wait)) => Ask::NotToday(wait),
            Err(error) => {
                self.failed(&error);
                Ask::Wait(ASK_AGAIN)
            }
        }
    }

    /// A wait longer than a window is somebody's cool-down: it holds here too, should Redis go away.
    fn obey(&self, line: &Line, per: Duration, wait: Duration) {
        if wait > self.options.settling(per) {
            let mut state = line.lock();
            let until = line.now().saturating_add(wait);
            state.cool_until(until);
        }
    }

    /// A permit has ended: tell the others, some time.
    pub(crate) fn end(&self, line: &Arc<Line>, permit: u64, free_at: Option<Duration>) {
        let life = self.options.life(line.lock().rate());
        let stale_at = line.now().saturating_add(life);
        self.order(Order::End { line: Arc::downgrade(line), permit, free_at, stale_at });
    }

    /// A budget that is used from now on.
    pub(crate) fn opened(&self, line: &Line) {
        if self.phase() == Phase::Alone {
            self.leave_alone(line, Instant::now());
        }
    }

    /// The line decides for itself, as long as the probe that began then may be believed.
    fn leave_alone(&self, line: &Line, probed: Instant) {
        let members = (self.members)();
        let rate = line.lock().rate();
        let until = probed + self.options.notice();
        // Permits that Redis gave may still be arriving; and who hasn't noticed yet may still get some.
        let hold = self.options.life(rate) + self.options.notice();
        let part = rate.rate().share(members.count, members.rank);
        line.decide_alone((part, members.count.max(1)), until.into(), hold);
    }

    fn phase(&self) -> Phase {
        *lock(&self.phase)
    }

    fn set_phase(&self, phase: Phase) {
        *lock(&self.phase) = phase;
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::debug!("the limits were closed: their permits expire by themselves");
        }
    }

    fn failed(&self, error: &redis::RedisError) {
        tracing::debug!(%error, "a question to Redis failed");
        self.trouble.notify_one();
    }

    fn permit_name(&self, permit: u64) -> String {
        format!("{}:{permit}", self.process)
    }
}

/// The keys of a budget: one slot of a cluster.
fn key(budget: &BudgetKey, part: &str) -> String {
    format!("tandem:{{{budget}}}:{part}")
}

impl Order {
    fn is_stale(&self) -> bool {
        match self {
            Self::End { line, stale_at, .. } => line.upgrade().is_none_or(|line| line.now() >= *stale_at),
            Self::Release { .. } => false,
        }
    }
}

impl Lease {
    /// None where somebody else holds the lock. A Redis that doesn't answer hinders nobody.
    pub(crate) async fn try_take(remote: &Arc<Remote>, name: &str, ttl: Duration) -> Option<Self> {
        let number = remote.last_lock.fetch_add(1, Ordering::Relaxed);
        let lease =
            Self { remote: Arc::clone(remote), key: format!("tandem:lock:{name}"), token: remote.permit_name(number) };
        let is_ours = remote.lock(&lease.key, &lease.token, ttl).await.unwrap_or_else(|error| {
            remote.failed(&error);
            true
        });
        is_ours.then_some(lease)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.remote.order(Order::Release { key: self.key.clone(), token: self.token.clone() });
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.remote.end(self.line, self.permit, None);
        }
    }
}
