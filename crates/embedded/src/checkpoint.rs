//! Moving the write-ahead log into the database file without making commits wait for it.
//!
//! A thread of its own does the bulk of the work beside the writer. SQLite starts the log over only when a checkpoint
//! catches up with the writer, which under constant load it never does; so when the log has grown long, the writer
//! finishes the small rest itself between two transactions.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::{Error, connection};

/// New pages in the log (4 MiB) after which the thread is woken.
const EVERY_PAGES: u32 = 1_000;
/// Length of the log in pages (16 MiB) from which on the writer finishes what the thread has left.
const LONG_LOG: u32 = 4_000;

/// The writer's end.
pub(crate) struct Checkpoints {
    /// Length of the log after the last commit, kept by a hook on the writer's connection.
    log_pages: Arc<AtomicU32>,
    /// Length of the log when the thread was woken last; none before.
    asked_at: Option<u32>,
    wake: Sender<()>,
    /// Set by the writer when it wakes the thread, cleared by the thread when it is done: two checkpoints at the same time
    /// only get in each other's way.
    is_running: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Watches the writer's connection and starts the thread, which ends when the returned value is dropped.
    pub(crate) fn start(path: &Path, writer: &mut Connection) -> Result<(Self, JoinHandle<()>), Error> {
        let log_pages = Arc::new(AtomicU32::new(0));
        let length = Arc::clone(&log_pages);
        writer.wal_hook(Some(move |_: &mut _, pages: i32| {
            length.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let sql = connection::for_checkpoints(path)?;
        let (wake, woken) = channel();
        let is_running = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_running);
        let thread = crate::database::spawn("tandem-checkpoint", path, move || work(&sql, &woken, &flag))?;
        let checkpoints = Self { log_pages, asked_at: None, wake, is_running };
        Ok((checkpoints, thread))
    }

    /// Called by the writer between two transactions.
    pub(crate) fn after_commit(&mut self, sql: &Connection) {
        if self.is_running.load(Ordering::Acquire) {
            return;
        }
        let pages = self.log_pages.load(Ordering::Relaxed);
        let asked_at = self.asked_at.unwrap_or(0);
        if pages < asked_at {
            // The log was started over.
            self.asked_at = None;
        } else if pages >= LONG_LOG && self.asked_at.is_some() {
            // The thread has just done its part.
            self.asked_at = None;
            run(sql);
        } else if pages - asked_at >= EVERY_PAGES {
            self.asked_at = Some(pages);
            self.is_running.store(true, Ordering::Release);
            if self.wake.send(()).is_err() {
                tracing::error!("the checkpoint thread of the embedded database is gone: its log only grows");
            }
        }
    }
}

fn work(sql: &Connection, woken: &Receiver<()>, is_running: &AtomicBool) {
    while woken.recv().is_ok() {
        run(sql);
        is_running.store(false, Ordering::Release);
    }
}

/// Copies what no reader needs any more. A failure costs nothing but space: the log still holds everything, and the next
/// checkpoint tries again.
fn run(sql: &Connection) {
    if let Err(error) = sql.query_one("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, "a checkpoint of the embedded database failed");
    }
}
