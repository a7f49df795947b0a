//! A few connections that only look; they see what is committed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::{Error, connection};

/// Reads at the same time; more wait for their turn.
const COUNT: usize = 4;

/// The pool.
pub(crate) struct Readers {
    path: PathBuf,
    turns: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, turns: Semaphore::new(COUNT), idle: Mutex::new(Vec::new()) }
    }

    /// Runs the read on a thread that may block.
    pub(crate) async fn read<T, F>(self: Arc<Self>, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let _turn = self.turns.acquire().await.map_err(|_| Error::Closed)?;
        let readers = Arc::clone(&self);
        let done = tokio::task::spawn_blocking(move || readers.run(job));
        done.await.map_err(|_| Error::Closed)?
    }

    /// No read starts after this.
    pub(crate) fn close(&self) {
        self.turns.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn run<T>(&self, job: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let sql = match idle {
            Some(sql) => sql,
            None => connection::for_reading(&self.path)?,
        };
        let outcome = job(&sql);
        if !self.turns.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sql);
        }
        outcome
    }
}
