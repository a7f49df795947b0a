//! The handle: opening, writing, reading, closing.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::checkpoint::Checkpoints;
use crate::job::{Durability, Write};
use crate::lock::Lock;
use crate::readers::Readers;
use crate::writer::{Order, Writer};
use crate::{Error, connection, schema};

const FILE: &str = "tandem.db";

/// Where the database is and how large it may get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The data directory; made if it isn't there.
    pub dir: PathBuf,
    /// Most pages (4 KiB each) the file may have; none = as large as the disk.
    pub max_pages: Option<u32>,
}

impl Options {
    /// A database of any size in this directory.
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), max_pages: None }
    }
}

/// The open database; clones share it. The last one to go finishes what was asked and lets go of the directory.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    orders: UnboundedSender<Order>,
    readers: Arc<Readers>,
    commits: Arc<AtomicU64>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<Lock>>,
}

impl Database {
    /// Opens or creates the database and starts its threads.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let lock = Lock::take(&options.dir)?;
        let path = options.dir.join(FILE);
        let mut sql = connection::for_writing(&path, options.max_pages)?;
        let (checkpoints, checkpointer) = Checkpoints::start(&path, &mut sql)?;
        let (orders, inbox) = unbounded_channel();
        let commits = Arc::new(AtomicU64::new(0));
        let writer = Writer { sql, inbox, commits: Arc::clone(&commits), checkpoints, durability: Durability::Full };
        let writer = spawn("tandem-database", &path, move || writer.run())?;
        let inner = Inner {
            orders,
            readers: Arc::new(Readers::new(path)),
            commits,
            threads: Mutex::new(vec![writer, checkpointer]),
            lock: Mutex::new(Some(lock)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Brings the tables of one part of the program to its newest version. Each step runs once in the life of the file;
    /// steps are only ever added. Blocks the thread for a moment: meant for start-up.
    pub fn migrate(&self, part: &str, steps: &[&str]) -> Result<(), Error> {
        let part = part.to_owned();
        let steps: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        self.write_blocking(move |sql| {
            let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
            schema::migrate(sql, &part, &steps)
        })
    }

    /// Runs the statements and returns once they are on the disk. On an error nothing of them is kept.
    ///
    /// The job must not begin or end transactions of its own.
    pub async fn write<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        self.write_then(job, |_| {}).await
    }

    /// Like [`Database::write`]; `after` runs on the writer thread once the write is durable, whether or not the caller
    /// still waits: for waking others, who must not miss it.
    pub async fn write_then<T, F, A>(&self, job: F, after: A) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        self.submit(job, after, Durability::Full).await
    }

    /// Runs the statements and returns without waiting for the disk: a crash of the machine may undo them, later writes see
    /// them. `after` as in [`Database::write_then`].
    pub async fn write_relaxed<T, F, A>(&self, job: F, after: A) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        self.submit(job, after, Durability::Relaxed).await
    }

    /// A relaxed write that nobody waits for; for destructors.
    pub fn write_later<F>(&self, job: F)
    where
        F: FnOnce(&Connection) -> Result<(), Error> + Send + 'static,
    {
        let respond = |outcome: Result<(), Error>| {
            if let Err(error) = outcome {
                tracing::debug!(%error, "a write that nobody waits for failed");
            }
        };
        if self.send(Order::Run(Box::new(Write::new(job, respond, Durability::Relaxed)))).is_err() {
            tracing::debug!("a write came after the embedded database was closed");
        }
    }

    /// A durable write for code that isn't async; blocks the thread.
    pub fn write_blocking<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = sync_channel(1);
        let respond = move |outcome| drop(reply.send(outcome));
        self.send(Order::Run(Box::new(Write::new(job, respond, Durability::Full))))?;
        answer.recv().map_err(|_| Error::Closed)?
    }

    /// Runs a read on one of the reading connections: it sees what is committed.
    pub async fn read<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        Arc::clone(&self.inner.readers).read(job).await
    }

    /// Transactions committed since the database was opened: far fewer than writes when many wait at once.
    pub fn commits(&self) -> u64 {
        self.inner.commits.load(Ordering::Relaxed)
    }

    /// Finishes what was asked before, writes everything to the disk and lets go of the directory; afterwards every call on
    /// every clone answers [`Error::Closed`].
    pub async fn close(&self) -> Result<(), Error> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.close()).await.map_err(|_| Error::Closed)
    }

    async fn submit<T, F, A>(&self, job: F, after: A, durability: Durability) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let respond = move |outcome: Result<T, Error>| {
            if let Ok(value) = &outcome {
                after(value);
            }
            // A caller that stopped waiting doesn't need the answer; the write stands all the same.
            drop(reply.send(outcome));
        };
        self.send(Order::Run(Box::new(Write::new(job, respond, durability))))?;
        answer.await.map_err(|_| Error::Closed)?
    }

    fn send(&self, order: Order) -> Result<(), Error> {
        self.inner.orders.send(order).map_err(|_| Error::Closed)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("commits", &self.commits()).finish_non_exhaustive()
    }
}

impl Inner {
    fn close(&self) {
        self.readers.close();
        // Fails when it is closed already, and then there is nothing to do.
        drop(self.orders.send(Order::Close));
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // The last handle may go inside a job, on the very thread that would be waited for.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of the embedded database had panicked");
            }
        }
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Starts a named thread; the path only serves the error message.
pub(crate) fn spawn(name: &str, path: &Path, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|source| Error::Directory { dir: path.to_owned(), source: Arc::new(source) })
}
