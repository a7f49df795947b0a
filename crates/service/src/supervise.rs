//! Starts a process's tasks, ends them in order, and tells what went wrong.
//!
//! The order of a stop: readiness false, then the token (stop accepting, stop pulling, finish what is under way),
//! then the grace period, then whatever is left is dropped, which gives it back, and named. A task that fails,
//! panics or ends unasked stops all others: half a service that looks alive is worse than a restart.

mod signal;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use signal::{Stop, stop_signals};

/// How long aborted tasks get to run their destructors.
const ABORT_LIMIT: Duration = Duration::from_secs(2);

/// Why a task failed.
pub type TaskError = Box<dyn std::error::Error + Send + Sync>;

/// Whether the process wants traffic. Clones share it.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// False as soon as a stop was asked for.
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn end(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// How a run of a process went wrong.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    /// A task returned an error.
    #[error("task {task} failed{}", and_unfinished(unfinished))]
    Failed {
        /// The task's name.
        task: &'static str,
        /// What it returned.
        #[source]
        source: TaskError,
        /// Tasks that did not end within the grace period.
        unfinished: Vec<&'static str>,
    },
    /// A task panicked.
    #[error("task {task} panicked: {message}{}", and_unfinished(unfinished))]
    Panicked {
        /// The task's name.
        task: &'static str,
        /// What the panic said.
        message: String,
        /// Tasks that did not end within the grace period.
        unfinished: Vec<&'static str>,
    },
    /// A task that serves until the stop ended before it.
    #[error("task {task} ended although nothing asked it to stop{}", and_unfinished(unfinished))]
    EndedEarly {
        /// The task's name.
        task: &'static str,
        /// Tasks that did not end within the grace period.
        unfinished: Vec<&'static str>,
    },
    /// A stop was asked for, and the grace period ran out.
    #[error("the grace period of {grace:?} ran out; unfinished: {}", unfinished.join(", "))]
    GraceExceeded {
        /// The period.
        grace: Duration,
        /// Tasks that did not end within it.
        unfinished: Vec<&'static str>,
    },
}

fn and_unfinished(unfinished: &[&str]) -> String {
    if unfinished.is_empty() {
        String::new()
    } else {
        format!(" (unfinished after the grace period: {})", unfinished.join(", "))
    }
}

/// What a task's end means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Runs until the stop.
    Service,
    /// Has an end of its own.
    Job,
}

enum Outcome {
    Failed(TaskError),
    Panicked(String),
    EndedEarly,
}

struct Fault {
    task: &'static str,
    outcome: Outcome,
}

/// Tasks that are not over yet, in the order of their start.
type Running = Arc<Mutex<BTreeMap<u64, (&'static str, AbortHandle)>>>;

/// A process's tasks under one roof.
pub struct Supervisor {
    readiness: Readiness,
    shutdown: CancellationToken,
    tracker: TaskTracker,
    running: Running,
    started: u64,
    faults: (mpsc::UnboundedSender<Fault>, mpsc::UnboundedReceiver<Fault>),
    grace: Duration,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("running", &names(&self.running))
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}

impl Supervisor {
    /// No tasks yet. `grace` is how long work under way may take after a stop was asked for.
    pub fn new(grace: Duration) -> Self {
        Self {
            readiness: Readiness::new(),
            shutdown: CancellationToken::new(),
            tracker: TaskTracker::new(),
            running: Running::default(),
            started: 0,
            faults: mpsc::unbounded_channel(),
            grace,
        }
    }

    /// Cancelled when a stop was asked for: stop accepting, stop pulling, finish what is under way, return.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// For `/ready`.
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// Starts a task that runs until the stop. If it ends before, however, everything is stopped.
    pub fn start<E: Into<TaskError>>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.spawn(name, Role::Service, task.map(|end| end.map_err(Into::into)));
    }

    /// Starts a task that may end by itself. If it fails, everything is stopped.
    pub fn start_job<E: Into<TaskError>>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.spawn(name, Role::Job, task.map(|end| end.map_err(Into::into)));
    }

    fn spawn(
        &mut self,
        name: &'static str,
        role: Role,
        task: impl Future<Output = Result<(), TaskError>> + Send + 'static,
    ) {
        let key = self.started;
        self.started += 1;
        let faults = self.faults.0.clone();
        let (running, shutdown) = (Arc::clone(&self.running), self.shutdown.clone());
        // Held while the task is entered, so that a task that ends at once still finds its entry to remove.
        let mut entries = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = self.tracker.spawn(async move {
            let end = AssertUnwindSafe(task).catch_unwind().await;
            let fault = fault(end, role, &shutdown);
            if let Some(outcome) = fault {
                // The receiver lives as long as the supervisor; without one nobody waits for the news.
                drop(faults.send(Fault { task: name, outcome }));
            }
            running.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        });
        entries.insert(key, (name, handle.abort_handle()));
    }

    /// Serves until a stop is asked for, a task fails, or every task is over; then drains.
    ///
    /// A second stop ends the grace period at once.
    ///
    /// # Errors
    /// Names the task that failed and those that did not end in time; the process should exit with 1.
    pub async fn run(mut self, mut stops: mpsc::Receiver<Stop>) -> Result<(), SuperviseError> {
        self.tracker.close();
        let fault = tokio::select! {
            fault = self.faults.1.recv() => fault,
            () = asked(&mut stops) => None,
            () = self.tracker.wait() => None,
        };
        self.readiness.end();
        self.shutdown.cancel();
        let unfinished = self.drain(&mut stops).await;
        let fault = fault.or_else(|| self.faults.1.try_recv().ok());
        verdict(fault, unfinished, self.grace)
    }

    /// Waits for the tasks within the grace period and drops what is left.
    async fn drain(&self, stops: &mut mpsc::Receiver<Stop>) -> Vec<&'static str> {
        tokio::select! {
            () = self.tracker.wait() => return Vec::new(),
            () = tokio::time::sleep(self.grace) => {}
            () = asked(stops) => {}
        }
        let unfinished = names(&self.running);
        for (_, handle) in self.running.lock().unwrap_or_else(PoisonError::into_inner).values() {
            handle.abort();
        }
        if tokio::time::timeout(ABORT_LIMIT, self.tracker.wait()).await.is_err() {
            tracing::warn!("tasks that block their thread were left behind");
        }
        unfinished
    }
}

/// Returns when a stop is asked for; never if nobody can ask any more.
async fn asked(stops: &mut mpsc::Receiver<Stop>) {
    match stops.recv().await {
        Some(stop) => tracing::info!("stopping: {stop}"),
        None => std::future::pending().await,
    }
}

fn fault(
    end: Result<Result<(), TaskError>, Box<dyn Any + Send>>,
    role: Role,
    shutdown: &CancellationToken,
) -> Option<Outcome> {
    match (end, role) {
        (Ok(Ok(())), Role::Service) if !shutdown.is_cancelled() => Some(Outcome::EndedEarly),
        (Ok(Ok(())), Role::Service | Role::Job) => None,
        (Ok(Err(error)), _) => Some(Outcome::Failed(error)),
        (Err(panic), _) => Some(Outcome::Panicked(panic_message(panic.as_ref()))),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

fn verdict(fault: Option<Fault>, unfinished: Vec<&'static str>, grace: Duration) -> Result<(), SuperviseError> {
    let Some(Fault { task, outcome }) = fault else {
        if unfinished.is_empty() {
            return Ok(());
        }
        return Err(SuperviseError::GraceExceeded { grace, unfinished });
    };
    Err(match outcome {
        Outcome::Failed(source) => SuperviseError::Failed { task, source, unfinished },
        Outcome::Panicked(message) => SuperviseError::Panicked { task, message, unfinished },
        Outcome::EndedEarly => SuperviseError::EndedEarly { task, unfinished },
    })
}

fn names(running: &Running) -> Vec<&'static str> {
    let running = running.lock().unwrap_or_else(PoisonError::into_inner);
    running.values().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests;
