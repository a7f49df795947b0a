//! One worker on one scan: take it up, page by page, until it is over or somebody else has it.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::Side;
use tandem_reconcile::Brake;
use tandem_records::Doing;
use tandem_store::{Error, Expected};
use tandem_telemetry::chain;
use tokio_util::sync::CancellationToken;

use super::calls::{ScanConnection, Trouble};
use super::job::{Job, ScanKind, Setback, Step};
use super::ledger::{self, Pages, Record};
use super::pages::{Reader, plan};
use super::{ScanDeps, due};

/// What a page leads to is written by then, however many people there are.
const IMPORT_LASTS: Duration = Duration::from_hours(12);
/// Between two words that we are still at it: a third of what is believed of somebody silent.
const BEAT: Duration = Duration::from_secs(10);

/// Who works, and for whom.
#[derive(Clone, Copy)]
pub(super) struct Worker<'a> {
    pub(super) owner: &'a str,
    pub(super) connection: &'a ScanConnection,
    pub(super) deps: &'a ScanDeps,
    pub(super) sweep_every: Option<Duration>,
    pub(super) shutdown: &'a CancellationToken,
    /// Nobody is told of it.
    pub(super) is_rehearsal: bool,
}

/// Why a worker leaves its scan.
#[derive(Debug, thiserror::Error)]
enum Leave {
    /// Somebody else changed it.
    #[error("somebody else works on it")]
    Lost,
    /// What it is kept in fails.
    #[error("the store can't be reached")]
    Store(#[source] Error),
    /// The process ends.
    #[error("the process is stopping")]
    Stopping,
}

impl From<Error> for Leave {
    fn from(error: Error) -> Self {
        if matches!(error, Error::Conflict { .. }) { Self::Lost } else { Self::Store(error) }
    }
}

/// A scan in hand, and what its next save names.
struct Held {
    record: Record,
    expected: Expected,
}

impl Worker<'_> {
    /// Works on the connection's scan for as long as it can.
    pub(super) async fn run(self) {
        match self.work().await {
            Ok(()) | Err(Leave::Lost | Leave::Stopping) => {}
            Err(error @ Leave::Store(_)) => {
                tracing::warn!(connection.id = %self.connection.id, error = %chain(&error), "a scan waits");
            }
        }
    }

    async fn work(self) -> Result<(), Leave> {
        let (store, id) = (&self.deps.store, &self.connection.id);
        let (record, expected) = ledger::load(store, id).await?;
        let mut held = Held { record, expected };
        let Some(job) = held.record.job.as_mut().filter(|job| job.is_under_way()) else { return Ok(()) };
        let (kind, is_new) = (job.kind, job.begun_at.is_none());
        job.take(self.owner, || plan(self.connection), Timestamp::now());
        let what = if is_new { "begins" } else { "goes on" };
        self.save(&mut held).await?;
        if !self.is_rehearsal {
            tracing::info!(connection.id = %id, scan = kind.name(), "the {} of connection {id} {what}", kind.name());
        }
        if is_new && let Some(job) = &held.record.job {
            self.pages(job).clear(false).await?;
        }
        let ended = self.pages_of(&mut held).await;
        if let Err(Leave::Stopping) = ended {
            if let Some(job) = &mut held.record.job {
                job.release();
            }
            self.save(&mut held).await?;
        }
        ended
    }

    async fn pages_of(self, held: &mut Held) -> Result<(), Leave> {
        let mut reader = Reader::new(self.connection, self.deps);
        loop {
            let Some(job) = held.record.job.clone() else { return Ok(()) };
            let now = Timestamp::now();
            match job.next(now) {
                Step::Over => return Ok(()),
                Step::Wait(until) => {
                    let wait = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                    self.beating(held, tokio::time::sleep(wait)).await?;
                }
                Step::Read { part, page, cursor } => {
                    let read = reader.page(&job, (part, page, cursor.as_deref()));
                    let read = self.beating(held, read).await?;
                    self.note(held, read).await?;
                }
            }
        }
    }

    /// Does the work while saying now and then that we are still at it.
    async fn beating<T>(self, held: &mut Held, work: impl Future<Output = T>) -> Result<T, Leave> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return Err(Leave::Stopping),
                done = &mut work => return Ok(done),
                () = tokio::time::sleep(BEAT) => {
                    if let Some(job) = &mut held.record.job {
                        job.renew(self.owner, Timestamp::now());
                    }
                    self.save(held).await?;
                }
            }
        }
    }

    /// Moves the place, or notes what went wrong.
    async fn note(self, held: &mut Held, read: Result<super::job::PageDone, Trouble>) -> Result<(), Leave> {
        let Some(job) = &mut held.record.job else { return Ok(()) };
        let now = Timestamp::now();
        job.renew(self.owner, now);
        match read {
            Ok(page) => {
                job.page_done(page, now);
                if job.kind == ScanKind::Backfill {
                    self.expect_changes(now).await;
                }
            }
            Err(trouble) => {
                let setback = trouble.setback();
                self.tell(&setback, &trouble);
                job.failed(&setback, trouble.words(), (now, rand::random()));
            }
        }
        if !job.is_under_way() {
            return self.over(held, now).await;
        }
        self.save(held).await
    }

    /// Somebody asked for the first import, so that what it overwrites is meant. Without this word it may be stopped on its way.
    async fn expect_changes(self, now: Timestamp) {
        let change = |brake: &mut Brake| brake.importing_until = Some(now + IMPORT_LASTS);
        if let Err(error) = self.deps.records.change_brake(&self.connection.id, change).await {
            tracing::warn!(connection.id = %self.connection.id, error = %chain(&error), "the brake isn't told of the first import");
        }
    }

    fn tell(self, setback: &Setback, trouble: &Trouble) {
        let (id, error) = (&self.connection.id, chain(trouble));
        match setback {
            Setback::Later(_) => tracing::debug!(connection.id = %id, error, "a scan of connection {id} waits"),
            Setback::Again | Setback::Stale | Setback::Never => {
                tracing::warn!(connection.id = %id, error, "a page of connection {id} could not be read");
            }
        }
    }

    async fn over(self, held: &mut Held, now: Timestamp) -> Result<(), Leave> {
        let Some(job) = held.record.job.clone() else { return Ok(()) };
        let failure = job.ended.as_ref().and_then(|ended| ended.failure.as_deref());
        held.record.sweep_due = due::after(self.sweep_every, failure.is_some(), (now, rand::random()));
        self.save(held).await?;
        if !self.is_rehearsal {
            self.tell_the_end(&job, failure.is_some());
            self.want_things().await;
        }
        Ok(self.pages(&job).clear(true).await?)
    }

    /// Tasks and notes of everybody who was read are read too, by those who do so anyway.
    async fn want_things(self) {
        let turns = self.deps.records.turns();
        for doing in [Doing::ReadTasks(Side::Ghl), Doing::ReadTasks(Side::OpenPhone), Doing::ReadNotes] {
            if let Err(error) = turns.want(&self.connection.id, doing).await {
                tracing::warn!(connection.id = %self.connection.id, error = %chain(&error),
                    "tasks and notes are read when it is their time, not at once");
            }
        }
    }

    fn tell_the_end(self, job: &Job, is_failure: bool) {
        let (id, kind) = (&self.connection.id, job.kind.name());
        self.deps.metrics.scan_ended(kind, if is_failure { "failed" } else { "done" });
        if is_failure {
            tracing::error!(connection.id = %id, scan = kind, "the {kind} of connection {id} could not be finished; what it \
                has read is kept in step, and `tandem {kind} {id}` tries it again");
            return;
        }
        let (ghl, openphone) = (job.read.ghl.contacts, job.read.openphone.contacts);
        tracing::info!(connection.id = %id, scan = kind, ghl, openphone, found = job.found,
            "the {kind} of connection {id} has read everybody: {ghl} contacts in GHL, {openphone} in OpenPhone");
    }

    async fn save(self, held: &mut Held) -> Result<(), Leave> {
        let save = ledger::save(&self.deps.store, &self.connection.id, &held.record, held.expected);
        held.expected = save.await?;
        Ok(())
    }

    fn pages<'a>(&'a self, job: &'a Job) -> Pages<'a> {
        Pages { store: &self.deps.store, connection: &self.connection.id, job: &job.id }
    }
}
