//! `tandem backfill` and `tandem sweep`: ask for a scan, and show how it goes.
//!
//! The work is done by whoever runs ingest. Where the store is at NATS, it is asked for there; an embedded store belongs to the
//! running `tandem up`, which is asked over HTTP. A Tandem elsewhere is asked over its management API.

mod desk;
mod dry;

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tandem_ingest::{Asked, Job, ScanKind, ScanStatus};
use tandem_proto::ConnectionId;
use tandem_service::Config;
use tokio::time::{Instant, sleep};

use crate::Target;
use crate::voice::Voice;
use desk::Desk;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Whoever runs ingest looks every second.
const TAKEN_WITHIN: Duration = Duration::from_secs(15);

/// Asks for the scan and waits for its end; true if all went well, or somebody had enough of waiting.
///
/// # Errors
/// The connection is unknown, nothing that runs can be asked, or it stopped answering.
pub async fn run(
    target: &Target,
    connection: &str,
    kind: ScanKind,
    (is_dry, json): (bool, bool),
) -> anyhow::Result<bool> {
    let (desk, id) = Desk::open(target, connection).await?;
    if is_dry {
        return dry::run(&id, &desk, kind, json).await;
    }
    let Asked { job, is_new } = desk.ask(kind).await?;
    let watch = Watch { desk, id, voice: Voice::new(json), job };
    watch.introduce(is_new, kind);
    let ended = tokio::select! {
        ended = watch.until_the_end() => ended?,
        _ = tokio::signal::ctrl_c() => {
            watch.voice.say(&watch.goes_on());
            return Ok(true);
        }
    };
    watch.conclude(&ended, json)?;
    Ok(ended.job.as_ref().is_some_and(|job| job.ended.as_ref().is_some_and(|ended| ended.failure.is_none())))
}

/// Lets a connection go on that the mass-change brake has stopped, and leaves the brake off for so many minutes.
///
/// # Errors
/// The connection is unknown, or nothing that runs can be asked.
pub async fn resume(target: &Target, connection: &str, minutes: u32, json: bool) -> anyhow::Result<()> {
    let (desk, id) = Desk::open(target, connection).await?;
    let was_stopped = desk.release(minutes).await?;
    if json {
        writeln!(io::stdout(), "{}", json!({ "connection": id, "was_stopped": was_stopped, "minutes": minutes }))?;
        return Ok(());
    }
    let before = if was_stopped { "goes on" } else { "was not stopped" };
    Voice::new(false).say(&format!("The connection {id} {before}; for {minutes} minutes nothing stops it."));
    Ok(())
}

/// The connection of that name.
pub(crate) fn connection_of(config: &Config, connection: &str) -> anyhow::Result<ConnectionId> {
    let found = config.connections.iter().find(|one| one.id.as_str() == connection);
    let found = found.with_context(|| {
        let known: Vec<&str> = config.connections.iter().map(|one| one.id.as_str()).collect();
        format!("there is no connection {connection} in the configuration; known: {}", known.join(", "))
    })?;
    Ok(found.id.clone())
}

/// One scan, watched.
struct Watch {
    desk: Desk,
    id: ConnectionId,
    voice: Voice,
    job: Job,
}

impl Watch {
    fn introduce(&self, is_new: bool, wanted: ScanKind) {
        let (id, kind) = (&self.id, self.job.kind.name());
        match (is_new, self.job.kind == wanted) {
            (true, _) => self.voice.say(&format!("The {kind} of {id} is asked for.")),
            (false, true) => self.voice.say(&format!("A {kind} of {id} is under way already; this is how it goes.")),
            (false, false) => self.voice.say(&format!(
                "A {kind} of {id} is under way; this is how it goes. Run `tandem {} {id}` again when it is over.",
                wanted.name()
            )),
        }
    }

    fn goes_on(&self) -> String {
        let kind = self.job.kind.name();
        format!("The {kind} goes on without this command; `tandem {kind} {}` shows it again.", self.id)
    }

    /// The scan's last state, when everything that it read is worked off too.
    async fn until_the_end(&self) -> anyhow::Result<ScanStatus> {
        self.until_taken().await?;
        let read = self.until_read().await?;
        if read.job.as_ref().and_then(|job| job.ended.as_ref()).is_some_and(|ended| ended.failure.is_some()) {
            return Ok(read);
        }
        self.until_written(read).await
    }

    async fn until_taken(&self) -> anyhow::Result<()> {
        let asked = Instant::now();
        let mut has_said = false;
        while self.look().await?.job.is_some_and(|job| job.is_under_way() && job.begun_at.is_none()) {
            if asked.elapsed() > TAKEN_WITHIN && !has_said {
                self.voice.say("Nobody takes it up: is `tandem up`, or tandem-ingest, running? It waits for that.");
                has_said = true;
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn until_read(&self) -> anyhow::Result<ScanStatus> {
        let mut progress = self.voice.progress("contacts read", 0);
        let mut trouble = None;
        loop {
            let status = self.look().await?;
            let Some(job) = &status.job else { return Ok(status) };
            let (read, known) = job.contacts();
            progress.expect(usize::try_from(known).unwrap_or(usize::MAX));
            progress.set(usize::try_from(read).unwrap_or(usize::MAX));
            if let Some(news) = job.trouble.as_ref().filter(|_| job.trouble != trouble) {
                self.voice.say(&format!("  it waits: {news}"));
            }
            trouble.clone_from(&job.trouble);
            if !job.is_under_way() {
                progress.finish();
                return Ok(status);
            }
            sleep(LOOK).await;
        }
    }

    async fn until_written(&self, mut status: ScanStatus) -> anyhow::Result<ScanStatus> {
        let mut most = status.unread + status.unwritten;
        if most == 0 {
            return Ok(status);
        }
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let mut progress = self.voice.progress("contacts worked off", number(most));
        loop {
            let left = status.unread + status.unwritten;
            most = most.max(left);
            progress.expect(number(most));
            progress.set(number(most - left));
            if left == 0 {
                progress.finish();
                return Ok(status);
            }
            sleep(LOOK).await;
            // The scan itself is over: a later one is another story.
            status = ScanStatus { job: status.job, ..self.look().await? };
        }
    }

    async fn look(&self) -> anyhow::Result<ScanStatus> {
        self.desk.status().await
    }

    fn conclude(&self, status: &ScanStatus, json: bool) -> anyhow::Result<()> {
        let Some(job) = &status.job else { anyhow::bail!("the scan is gone from the store") };
        if json {
            writeln!(io::stdout(), "{}", summary(&self.id, job))?;
            return Ok(());
        }
        let (kind, id) = (job.kind.name(), &self.id);
        match job.ended.as_ref().and_then(|ended| ended.failure.as_ref()) {
            Some(why) => self.voice.say(&format!("The {kind} of {id} could not be finished: {why}")),
            None => self.voice.say(&format!(
                "The {kind} of {id} is done: {} contacts in GHL and {} in OpenPhone were compared{}.",
                job.read.ghl.contacts,
                job.read.openphone.contacts,
                if job.found > 0 { format!("; {} more records needed a look", job.found) } else { String::new() },
            )),
        }
        Ok(())
    }
}

fn summary(id: &ConnectionId, job: &Job) -> serde_json::Value {
    let ended = job.ended.as_ref();
    let (at, failure) = (ended.map(|ended| ended.at), ended.and_then(|ended| ended.failure.as_ref()));
    json!({
        "connection": id, "kind": job.kind.name(), "id": job.id, "ok": at.is_some() && failure.is_none(),
        "asked_at": job.asked_at, "begun_at": job.begun_at, "ended_at": at, "failure": failure,
        "ghl": { "pages": job.read.ghl.pages, "contacts": job.read.ghl.contacts },
        "openphone": { "pages": job.read.openphone.pages, "contacts": job.read.openphone.contacts },
        "records_found": job.found,
    })
}
