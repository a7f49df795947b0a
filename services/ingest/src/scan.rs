//! Backfill and sweep: reads everybody of both sides, page by page, into the bulk lane of EVENTS.
//!
//! A scan is a job in the store ([`Job`]): whoever runs ingest takes it up, one worker at a time, and goes on where another one
//! was killed. What a page means is the mapper's business.

mod calls;
mod due;
mod events;
mod job;
mod ledger;
mod pages;
mod records;
mod route;
mod run;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_limits::Limits;
use tandem_proto::{ConnectionId, Consumer};
use tandem_queue::Queue;
use tandem_records::Records;
use tandem_store::{Error, Store};
use tandem_telemetry::{Metrics, chain};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub use calls::{GhlReader, OpenPhoneReader, ScanConnection};
use due::Due;
pub use job::{Ended, Job, Progress, ScanKind};
pub use ledger::{Asked, ask};
pub use route::{Rehearsal, Resumed, ScanDesk, ScanReached, rehearsed, release, scan_router};

/// Scans under way at once in this process.
const AT_ONCE: usize = 16;
/// Between two looks whether somebody asked for a scan: one read.
const LISTEN: Duration = Duration::from_secs(1);
/// Between two looks at all connections: for scans left behind, and for sweeps that are due.
const LOOK: Duration = Duration::from_secs(30);

/// Whose contacts are scanned, and how often by themselves.
#[derive(Debug, Clone)]
pub struct ScanConfig {
    /// The connections.
    pub connections: Vec<ScanConnection>,
    /// Between two sweeps; none for none but on command.
    pub sweep_every: Option<Duration>,
    /// True where no other process can be at it: what a process before this one has left is gone on with at once.
    pub is_alone: bool,
}

/// What scans work with.
#[derive(Debug, Clone)]
pub struct ScanDeps {
    /// Jobs.
    pub store: Store,
    /// Documents, for a sweep's last step.
    pub records: Records,
    /// Events.
    pub queue: Queue,
    /// Request budgets.
    pub limits: Limits,
    /// Counts.
    pub metrics: Metrics,
}

/// A connection's latest scan, and what of it is still to be worked off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanStatus {
    /// None where nobody ever asked.
    pub job: Option<Job>,
    /// Contacts that nobody has looked at yet.
    pub unread: u64,
    /// Records that are still to be written.
    pub unwritten: u64,
}

/// How a connection's scan is.
///
/// # Errors
/// Store or queue fail.
pub async fn scan_status(
    store: &Store,
    queue: &Queue,
    connection: &ConnectionId,
) -> Result<ScanStatus, tandem_queue::Error> {
    let job = match ledger::load(store, connection).await {
        Ok((record, _)) => record.job,
        Err(error) => {
            tracing::warn!(connection.id = %connection, error = %chain(&error), "a scan's job can't be read");
            return Err(tandem_queue::Error::Closed);
        }
    };
    let unread = queue.backlog(Consumer::MapperBulk, connection).await?;
    let unwritten = queue.backlog(Consumer::WriterBulk, connection).await?;
    Ok(ScanStatus { job, unread, unwritten })
}

/// Runs scans that were asked for, and sweeps when they are due, until the shutdown.
pub async fn keep_scans(config: ScanConfig, deps: ScanDeps, shutdown: CancellationToken) {
    let owner = format!("{:016x}", rand::random::<u64>());
    let mut keeper = Keeper {
        config: Arc::new(config),
        deps,
        owner,
        shutdown,
        running: BTreeSet::new(),
        workers: JoinSet::new(),
        is_first: true,
    };
    keeper.keep().await;
    while keeper.workers.join_next().await.is_some() {}
}

/// A scan that nobody is told of, over backends that are let go afterwards: for trying out what a scan would do. None where it
/// was stopped.
///
/// # Errors
/// The store fails.
pub async fn rehearse_scan(
    connection: &ScanConnection,
    deps: &ScanDeps,
    kind: ScanKind,
    shutdown: &CancellationToken,
) -> Result<Option<Job>, Error> {
    let (record, expected) = ledger::load(&deps.store, &connection.id).await?;
    let now = Timestamp::now();
    let job = Job::new(ledger::new_id(now), kind, now);
    let record = ledger::Record { job: Some(job), sweep_due: record.sweep_due };
    ledger::save(&deps.store, &connection.id, &record, expected).await?;
    let worker = run::Worker { owner: "rehearsal", connection, deps, sweep_every: None, shutdown, is_rehearsal: true };
    worker.run().await;
    let (record, _) = ledger::load(&deps.store, &connection.id).await?;
    Ok(record.job.filter(|job| !job.is_under_way()))
}

struct Keeper {
    config: Arc<ScanConfig>,
    deps: ScanDeps,
    owner: String,
    shutdown: CancellationToken,
    running: BTreeSet<usize>,
    workers: JoinSet<usize>,
    is_first: bool,
}

impl Keeper {
    async fn keep(&mut self) {
        let mut heard = None;
        let mut look_at = Instant::now();
        let shutdown = self.shutdown.clone();
        while !shutdown.is_cancelled() {
            // Cut short it is as after a crash: the ledger changes by compare-and-set only.
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.listen(&mut heard, &mut look_at) => {}
            }
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = sleep(LISTEN) => {}
                Some(done) = self.workers.join_next() => {
                    self.finished(done);
                    // Its place is free, and it may have left something undone.
                    look_at = look_at.min(Instant::now() + LISTEN);
                }
            }
        }
    }

    /// Looks when the bell rang, or it is time.
    async fn listen(&mut self, heard: &mut Option<u64>, look_at: &mut Instant) {
        let bell = ledger::bell(&self.deps.store).await.ok();
        if (bell.is_none() || bell == *heard) && Instant::now() < *look_at {
            return;
        }
        match self.look().await {
            // What rang after the bell was read rings again.
            Ok(()) => *heard = bell,
            Err(error) => tracing::debug!(error = %chain(&error), "scans can't be looked for"),
        }
        *look_at = Instant::now() + LOOK;
    }

    fn finished(&mut self, done: Result<usize, tokio::task::JoinError>) {
        match done {
            Ok(index) => drop(self.running.remove(&index)),
            Err(error) => {
                tracing::error!(%error, "a scan's worker ended badly");
                // Which one is not said: all others are told apart by the store.
                self.running.clear();
            }
        }
    }

    async fn look(&mut self) -> Result<(), Error> {
        let is_alone = self.config.is_alone && self.is_first;
        let config = Arc::clone(&self.config);
        for (index, connection) in config.connections.iter().enumerate() {
            if self.running.contains(&index) || self.running.len() >= AT_ONCE {
                continue;
            }
            let (mut record, expected) = ledger::load(&self.deps.store, &connection.id).await?;
            let rules = due::Rules { owner: &self.owner, is_alone, every: config.sweep_every };
            let now = Timestamp::now();
            match due::due(&record, rules, (now, rand::random())) {
                Due::Run => self.start(index),
                Due::Sweep => {
                    ask(&self.deps.store, &connection.id, ScanKind::Sweep, now).await?;
                    self.start(index);
                }
                Due::Plan(at) => {
                    record.sweep_due = Some(at);
                    let saved = ledger::save(&self.deps.store, &connection.id, &record, expected).await;
                    ledger::unless_lost(saved)?;
                }
                Due::Nothing => {}
            }
        }
        self.is_first = false;
        Ok(())
    }

    fn start(&mut self, index: usize) {
        self.running.insert(index);
        let (config, deps) = (Arc::clone(&self.config), self.deps.clone());
        let (owner, shutdown) = (self.owner.clone(), self.shutdown.clone());
        self.workers.spawn(async move {
            if let Some(connection) = config.connections.get(index) {
                let (deps, shutdown) = (&deps, &shutdown);
                let (owner, sweep_every) = (owner.as_str(), config.sweep_every);
                let worker = run::Worker { owner, connection, deps, sweep_every, shutdown, is_rehearsal: false };
                worker.run().await;
            }
            index
        });
    }
}
