//! Moving the write-ahead log into the database file without making commits wait for it.
//!
//! A thread of its own does the bulk of the work beside the writer. SQLite starts the log over only when a checkpoint
//! catches up with the writer, which under constant load it never does; so when the log has grown long, the writer
//! finishes the small rest itself between two transactions.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::{Error, connection};

/// Commits between two checkpoints: some 4 MiB of log at one message a commit.
const EVERY_COMMITS: u32 = 256;
/// Pages in the log (16 MiB) from which on the writer helps.
const LONG_LOG: i64 = 4_096;

/// The writer's end.
pub(crate) struct Checkpoints {
    commits: u32,
    wake: SyncSender<()>,
    log_is_long: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Starts the thread; it ends when the returned value is dropped.
    pub(crate) fn start(path: &Path) -> Result<(Self, JoinHandle<()>), Error> {
        let sql = connection::for_checkpoints(path)?;
        let (wake, woken) = sync_channel(1);
        let log_is_long = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&log_is_long);
        let thread = crate::database::spawn("tandem-checkpoint", path, move || work(&sql, &woken, &flag))?;
        let checkpoints = Self {
            commits: 0,
            wake,
            log_is_long,
        };
        Ok((checkpoints, thread))
    }

    /// Called by the writer between two transactions.
    pub(crate) fn after_commit(&mut self, sql: &Connection) {
        if self.log_is_long.swap(false, Ordering::Relaxed) {
            run(sql);
        }
        self.commits += 1;
        if self.commits >= EVERY_COMMITS {
            self.commits = 0;
            match self.wake.try_send(()) {
                // Full: one is due already. Disconnected: the thread is gone, the log only grows.
                Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
            }
        }
    }
}

fn work(sql: &Connection, woken: &Receiver<()>, log_is_long: &AtomicBool) {
    while woken.recv().is_ok() {
        log_is_long.store(run(sql) >= LONG_LOG, Ordering::Relaxed);
    }
}

/// Copies what no reader needs any more; returns the length of the log in pages. A failure costs nothing but space: the
/// log still holds everything, and the next checkpoint tries again.
fn run(sql: &Connection) -> i64 {
    match sql.query_one("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1)) {
        Ok(pages) => pages,
        Err(error) => {
            tracing::warn!(%error, "a checkpoint of the embedded database failed");
            0
        }
    }
}
