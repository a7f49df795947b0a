//! One write on its way to the writer thread, with the place its answer goes to.

use rusqlite::Connection;

use crate::Error;

/// When a write is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// After the commit that holds it has reached the disk.
    Full,
    /// Without waiting for the disk.
    Relaxed,
}

/// A write with its types erased.
pub(crate) trait Job: Send {
    fn durability(&self) -> Durability;

    /// Runs the statements inside the open transaction and keeps the outcome for [`Job::answer`].
    fn run(&mut self, sql: &Connection) -> Result<(), Error>;

    /// Tells the caller how it went. `committed` overrules a success that the disk didn't take.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

/// A write: a closure over the connection, and where its outcome goes.
pub(crate) struct Write<T, F, R> {
    job: Option<F>,
    outcome: Result<T, Error>,
    respond: R,
    durability: Durability,
}

impl<T, F, R> Write<T, F, R> {
    pub(crate) fn new(job: F, respond: R, durability: Durability) -> Self {
        Self { job: Some(job), outcome: Err(Error::Closed), respond, durability }
    }
}

impl<T, F, R> Job for Write<T, F, R>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Error> + Send,
    R: FnOnce(Result<T, Error>) + Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn run(&mut self, sql: &Connection) -> Result<(), Error> {
        let Some(job) = self.job.take() else { return Ok(()) };
        self.outcome = job(sql);
        self.outcome.as_ref().map(|_| ()).map_err(Error::clone)
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        (self.respond)(committed.and(self.outcome));
    }
}
