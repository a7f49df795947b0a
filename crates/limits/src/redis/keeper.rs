//! The task that looks after Redis: tells it what has ended, notices when it is gone, back, or has forgotten.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use redis::{RedisError, RedisResult};
use tokio::sync::mpsc;

use super::link::is_denied;
use super::phase::{Phase, Together};
use super::scripts::Beat;
use super::{Error, Order, Remote};
use crate::budgets::Budgets;

/// Between attempts while it isn't decided yet whether Redis is away.
const SOON: Duration = Duration::from_millis(100);
/// Failed attempts, at least: a process that stood still sees one time-out when it wakes, and then an answer.
const ATTEMPTS: u32 = 3;
/// Orders sent at once.
const BATCH: usize = 256;
/// Orders kept for later; those that are dropped expire at Redis by themselves.
const MOST_KEPT: usize = 20_000;

pub(super) struct Keeper {
    remote: Arc<Remote>,
    budgets: Arc<Budgets>,
    orders: mpsc::UnboundedReceiver<Order>,
    waiting: Vec<Order>,
    trouble: Option<Trouble>,
    /// The name of the memory that knows what this process knows.
    memory: Option<String>,
}

#[derive(Debug, Clone, Copy)]
struct Trouble {
    since: Instant,
    attempts: u32,
}

impl Keeper {
    pub(super) fn new(remote: Arc<Remote>, budgets: Arc<Budgets>, orders: mpsc::UnboundedReceiver<Order>) -> Self {
        Self { remote, budgets, orders, waiting: Vec::new(), trouble: None, memory: None }
    }

    /// The first attempt: only a refusal is an error.
    pub(super) async fn start(&mut self) -> Result<(), Error> {
        let probed = Instant::now();
        match self.probe(probed).await {
            Ok(()) => Ok(()),
            Err(error) if is_denied(&error) => Err(Error::Denied { reason: error.to_string() }),
            Err(error) => {
                tracing::warn!(%error, "Redis can't be reached: starting with a share of each budget until it is there");
                self.decide_alone(probed);
                Ok(())
            }
        }
    }

    pub(super) async fn run(mut self) {
        let remote = Arc::clone(&self.remote);
        let mut next = tokio::time::Instant::now() + remote.options.probe_every;
        loop {
            let is_well = self.trouble.is_none() && self.remote.phase() != Phase::Alone;
            tokio::select! {
                _ = self.orders.recv_many(&mut self.waiting, BATCH), if is_well => self.settle().await,
                () = remote.trouble.notified(), if is_well => next = self.round().await,
                () = tokio::time::sleep_until(next) => next = self.round().await,
            }
        }
    }

    /// Looks whether Redis is there; returns when to look again.
    async fn round(&mut self) -> tokio::time::Instant {
        let probed = Instant::now();
        let is_alone = self.remote.phase() == Phase::Alone;
        let result = self.probe(probed).await;
        if is_alone && result.is_ok() {
            tracing::info!("Redis is there: budgets are shared again");
        }
        if let Err(error) = result {
            self.remote.link.disconnect();
            self.keep_orders();
            let now = Instant::now();
            let trouble = self.trouble.get_or_insert(Trouble { since: now, attempts: 0 });
            trouble.attempts += 1;
            let is_away = trouble.attempts >= ATTEMPTS && now - trouble.since >= self.remote.options.away_after;
            if !is_alone && !is_away {
                return (now + SOON).into();
            }
            if !is_alone {
                tracing::warn!(%error, "Redis doesn't answer: going on with a share of each budget until it is back");
            }
            self.decide_alone(probed);
        }
        (Instant::now() + self.remote.options.probe_every).into()
    }

    async fn probe(&mut self, probed: Instant) -> RedisResult<()> {
        let remote = Arc::clone(&self.remote);
        let options = &remote.options;
        remote.link.connect().await?;
        let before = remote.phase();
        let longest = self.budgets.all().iter().map(|line| line.lock().rate().per).max().unwrap_or_default();
        let is_settled = match before {
            Phase::Alone => false,
            Phase::Together(together) => together.is_settled(probed, longest, options.longest_request),
        };
        let beat = remote.beat(is_settled).await?;
        self.back(before, probed, beat).await?;
        self.trouble = None;
        self.settle().await;
        Ok(())
    }

    /// Redis answers. Nobody decides alone any more from here on, and what this process knows is told before it asks.
    async fn back(&mut self, before: Phase, probed: Instant, beat: Beat) -> RedisResult<()> {
        let options = &self.remote.options;
        let times = (options.longest_request, options.notice());
        let together = Together::after(before, probed, beat.since_settled, times);
        let was_alone = before == Phase::Alone;
        let has_forgotten = self.memory.as_ref().is_some_and(|memory| *memory != beat.memory);
        if was_alone || has_forgotten {
            let lines = self.budgets.all();
            lines.iter().filter(|_| was_alone).for_each(|line| line.lock().decide_together(line.now()));
            join_all(lines.iter().map(|line| self.remote.claim(line)))
                .await
                .into_iter()
                .collect::<RedisResult<()>>()?;
        }
        if has_forgotten {
            tracing::warn!("Redis has lost its memory: budgets pause until everybody has said what they used");
        }
        self.memory = Some(beat.memory);
        self.remote.set_phase(Phase::Together(together));
        // Budgets that were opened meanwhile.
        self.budgets.all().iter().filter(|_| was_alone).for_each(|line| line.lock().decide_together(line.now()));
        Ok(())
    }

    fn decide_alone(&self, probed: Instant) {
        self.remote.set_phase(Phase::Alone);
        self.budgets.all().iter().for_each(|line| self.remote.leave_alone(line, probed));
    }

    /// What has to be told once Redis is there. The oldest are the first that nobody needs to know any more.
    fn keep_orders(&mut self) {
        while let Ok(order) = self.orders.try_recv() {
            self.waiting.push(order);
        }
        self.waiting.retain(|order| !order.is_stale());
        let too_many = self.waiting.len().saturating_sub(MOST_KEPT);
        self.waiting.drain(..too_many);
    }

    /// Sends what is waiting; what fails is kept.
    async fn settle(&mut self) {
        while !self.waiting.is_empty() {
            let rest = self.waiting.split_off(self.waiting.len().min(BATCH));
            let batch = std::mem::replace(&mut self.waiting, rest);
            let sent = join_all(batch.iter().map(|order| self.send(order))).await;
            let lost =
                batch.into_iter().zip(&sent).filter(|(_, sent)| sent.as_ref().is_err_and(RedisError::is_io_error));
            let kept = self.waiting.len();
            self.waiting.extend(lost.map(|(order, _)| order));
            sent.iter().filter_map(|sent| sent.as_ref().err()).take(1).for_each(|error| self.remote.failed(error));
            if self.waiting.len() > kept {
                return;
            }
        }
    }

    async fn send(&self, order: &Order) -> Result<(), RedisError> {
        match order {
            Order::Release { key, token } => self.remote.release(key, token).await,
            Order::End { line, permit, free_at, .. } => {
                let Some(line) = line.upgrade().filter(|_| !order.is_stale()) else {
                    return Ok(());
                };
                self.remote.tell_end(&line, *permit, *free_at).await?;
                line.lock().ask_again();
                Ok(())
            }
        }
    }
}
