//! The writer thread: takes every job that waits, runs them in one transaction, commits once, answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TryRecvError;

use crate::Error;
use crate::checkpoint::Checkpoints;
use crate::job::{Durability, Job};

/// Jobs per transaction at most, so that the first of them doesn't wait for ever.
const MAX_BATCH: usize = 1_024;

/// What the writer thread can be asked.
pub(crate) enum Order {
    /// Run this in the next transaction.
    Run(Box<dyn Job>),
    /// Finish what was asked before, then end.
    Close,
}

/// State of the writer thread.
pub(crate) struct Writer {
    pub(crate) sql: Connection,
    pub(crate) inbox: UnboundedReceiver<Order>,
    pub(crate) commits: Arc<AtomicU64>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) durability: Durability,
}

impl Writer {
    /// Works until the database is closed or the last handle is gone.
    pub(crate) fn run(mut self) {
        while let Some(first) = self.inbox.blocking_recv() {
            let batch = self.batch(first);
            if !batch.is_empty() {
                self.execute(batch);
                self.checkpoints.after_commit(&self.sql);
            }
        }
    }

    fn batch(&mut self, first: Order) -> Vec<Box<dyn Job>> {
        let mut batch = Vec::new();
        let mut next = Ok(first);
        loop {
            match next {
                Ok(Order::Run(job)) => batch.push(job),
                // Whatever was sent before is still in the channel and still served.
                Ok(Order::Close) => self.inbox.close(),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return batch,
            }
            if batch.len() == MAX_BATCH {
                return batch;
            }
            next = self.inbox.try_recv();
        }
    }

    fn execute(&mut self, batch: Vec<Box<dyn Job>>) {
        let durability = if batch.iter().any(|job| job.durability() == Durability::Full) {
            Durability::Full
        } else {
            Durability::Relaxed
        };
        if let Err(error) = self.begin(durability) {
            return answer_all(batch, &Err(error));
        }
        let mut waiting = Vec::with_capacity(batch.len());
        for job in batch {
            if let Err(error) = self.run_one(job, durability, &mut waiting) {
                // SQLite gave up the whole transaction (a full disk, for one): nothing that ran in it is kept.
                answer_all(std::mem::take(&mut waiting), &Err(error));
            }
        }
        let committed = self.commit();
        answer_all(waiting, &committed);
    }

    /// Runs one job in a savepoint. Fails only when the transaction around it is gone.
    fn run_one(&self, mut job: Box<dyn Job>, batch: Durability, waiting: &mut Vec<Box<dyn Job>>) -> Result<(), Error> {
        if let Err(error) = self.savepoint() {
            job.answer(Err(error));
            return Ok(());
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| job.run(&self.sql)));
        if self.sql.is_autocommit() {
            let error = outcome.ok().and_then(Result::err).unwrap_or(Error::Closed);
            job.answer(Err(error.clone()));
            return Err(error);
        }
        let undone = match &outcome {
            Ok(Ok(())) => self.execute_cached("RELEASE job"),
            Ok(Err(_)) | Err(_) => self.sql.execute_batch("ROLLBACK TO job; RELEASE job"),
        };
        if outcome.is_err() {
            // Dropping the job answers `Closed`; the panic itself was reported by the hook.
            tracing::error!("a write to the embedded database panicked and was undone");
        } else if let Err(error) = undone {
            job.answer(Err(error.into()));
        } else if job.durability() == Durability::Relaxed && batch == Durability::Full {
            job.answer(Ok(()));
        } else {
            waiting.push(job);
        }
        Ok(())
    }

    fn savepoint(&self) -> Result<(), Error> {
        if self.sql.is_autocommit() {
            self.sql.execute_batch("BEGIN IMMEDIATE")?;
        }
        Ok(self.execute_cached("SAVEPOINT job")?)
    }

    /// For what is run once per job: parsing it each time would cost as much as a small job.
    fn execute_cached(&self, statement: &str) -> rusqlite::Result<()> {
        self.sql.prepare_cached(statement)?.execute([]).map(drop)
    }

    fn begin(&mut self, durability: Durability) -> Result<(), Error> {
        if self.durability != durability {
            // NORMAL appends to the log without fsync; the next FULL commit syncs the log as a whole.
            let pragma = match durability {
                Durability::Full => "PRAGMA synchronous=FULL",
                Durability::Relaxed => "PRAGMA synchronous=NORMAL",
            };
            self.sql.execute_batch(pragma)?;
            self.durability = durability;
        }
        Ok(self.sql.execute_batch("BEGIN IMMEDIATE")?)
    }

    fn commit(&self) -> Result<(), Error> {
        if self.sql.is_autocommit() {
            return Ok(());
        }
        let committed = self.sql.execute_batch("COMMIT");
        if committed.is_ok() {
            self.commits.fetch_add(1, Ordering::Relaxed);
        } else if !self.sql.is_autocommit() {
            // A commit that failed leaves the transaction open: without this every later BEGIN would fail.
            if let Err(error) = self.sql.execute_batch("ROLLBACK") {
                tracing::warn!(%error, "the failed transaction was not rolled back");
            }
        }
        Ok(committed?)
    }
}

fn answer_all(jobs: Vec<Box<dyn Job>>, committed: &Result<(), Error>) {
    for job in jobs {
        job.answer(committed.clone());
    }
}
