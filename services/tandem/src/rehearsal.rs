//! `--dry-run`: a scan over a copy of everything that would be changed, to see what it would do.
//!
//! Mapper and writer are the real ones. The store is one over the real store that keeps writes to itself, the queue is in memory,
//! and the writer takes every write to have been done as it is meant. Reads at the providers are real, and out of the same budgets.

mod report;

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tandem_contact::Side;
use tandem_credentials::Tokens;
use tandem_ingest::{Job, ScanDeps, ScanKind, rehearse_scan, scan_status};
use tandem_limits::Limits;
use tandem_proto::{ConnectionId, Envelope, Header, Lane, Payload, Stream, topology, v1};
use tandem_queue::{NewMessage, Queue, Settings};
use tandem_records::Records;
use tandem_service::Config;
use tandem_store::Store;
use tandem_telemetry::Metrics;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::assemble;
use crate::live::{self, Current};
pub(crate) use report::{Item, Totals};

/// Between two looks how far it is.
const LOOK: Duration = Duration::from_millis(300);
/// What is still put off after that, is: a provider that is down, or a wait that nobody sees the end of.
const PUT_OFF: Duration = Duration::from_mins(3);

/// One line of a dry run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// How far it is.
    Progress {
        /// Contacts read.
        read: u64,
        /// As far as is known.
        of: u64,
        /// What is still to be looked at or decided.
        left: u64,
    },
    /// What would be done.
    Item(Item),
    /// It is over.
    Totals(Totals),
    /// It could not be finished.
    Failed(String),
}

/// What a dry run stands on.
#[derive(Clone)]
pub(crate) struct Stage<'a> {
    pub(crate) config: &'a Config,
    pub(crate) store: Store,
    pub(crate) limits: &'a Limits,
    pub(crate) tokens: Option<&'a Tokens>,
}

impl Stage<'_> {
    /// Plays the scan, and tells what it would do, until nobody listens any more.
    pub(crate) async fn play(&self, connection: &ConnectionId, kind: ScanKind, lines: &mpsc::Sender<String>) {
        let told = match Box::pin(self.played(connection, kind, lines)).await {
            Ok(told) => told,
            Err(error) => vec![Line::Failed(format!("{error:#}"))],
        };
        for line in told {
            if tell(lines, &line).await.is_err() {
                return;
            }
        }
    }

    async fn played(
        &self,
        connection: &ConnectionId,
        kind: ScanKind,
        lines: &mpsc::Sender<String>,
    ) -> anyhow::Result<Vec<Line>> {
        let mut copy = self.copy(connection)?;
        let deps = &copy.deps;
        let scans = assemble::scans(self.config, self.limits, self.tokens)?;
        let reader = scans.connections.into_iter().find(|one| one.id == *connection).context("no such connection")?;
        let job = tokio::select! {
            job = rehearse_scan(&reader, deps, kind, &copy.ending) => job.context("reading everybody")?,
            stopped = progress(deps, connection, lines) => return stopped.map(|_| Vec::new()),
        };
        let job = job.context("the scan was stopped")?;
        if let Some(why) = job.ended.as_ref().and_then(|ended| ended.failure.clone()) {
            return Ok(vec![Line::Failed(why)]);
        }
        settled(deps, Some((connection, lines))).await?;
        let told = report::of(deps, connection, &job).await?;
        copy.end().await;
        Ok(told)
    }

    /// Plays what follows when something is heard of one contact. What is left is the copy, with all that would be stored in it.
    pub(crate) async fn play_one(
        &self,
        connection: &ConnectionId,
        (side, contact): (Side, &str),
    ) -> anyhow::Result<ScanDeps> {
        let mut copy = self.copy(connection)?;
        copy.deps.queue.publish(news(connection, side, contact)).await?;
        settled(&copy.deps, None).await?;
        copy.end().await;
        Ok(copy.deps)
    }

    /// Mapper and writer over a copy of everything that they would change.
    fn copy(&self, connection: &ConnectionId) -> anyhow::Result<Copy> {
        let store = Store::overlay(self.store.clone());
        let (queue, metrics) = (Queue::memory(Settings::default()), Metrics::new());
        let records = Records::new(store.clone());
        let deps = ScanDeps { store, records, queue, limits: self.limits.clone(), metrics };
        let ending = CancellationToken::new();
        let mut parts = JoinSet::new();
        let ScanDeps { queue, records, limits, metrics, .. } = deps.clone();
        let mapper = tandem_mapper::Deps { queue: queue.clone(), records: records.clone(), metrics: metrics.clone() };
        let mapping = tandem_mapper::run(assemble::mapper(self.config), mapper, ending.clone());
        parts.spawn(async move { anyhow::Ok(mapping.await?) });
        let mut connections = assemble::connections(self.config, self.limits, self.tokens)?;
        connections.retain(|id, _| id == connection);
        let rehearsal = Some(tandem_writer::Rehearsal::default());
        let writer = tandem_writer::Deps {
            queue,
            records,
            limits,
            metrics,
            connections,
            rehearsal,
            notifier: None,
            shutdown: ending.clone(),
        };
        let writing = tandem_writer::run(tandem_writer::Config::default(), writer);
        parts.spawn(async move { anyhow::Ok(writing.await?) });
        Ok(Copy { deps, parts, _ended: ending.clone().drop_guard(), ending })
    }
}

/// Ends with itself, whichever way that comes about.
struct Copy {
    deps: ScanDeps,
    parts: JoinSet<anyhow::Result<()>>,
    ending: CancellationToken,
    _ended: DropGuard,
}

impl Copy {
    async fn end(&mut self) {
        self.ending.cancel();
        while self.parts.join_next().await.is_some() {}
    }
}

/// "Something happened to this contact", as a webhook would tell it.
fn news(connection: &ConnectionId, side: Side, contact: &str) -> NewMessage {
    let (name, wire, body) = match side {
        Side::Ghl => ("ContactUpdate", v1::Side::Ghl, json!({ "type": "ContactUpdate", "id": contact })),
        Side::OpenPhone => {
            let body = json!({ "id": "preview", "type": "contact.updated", "data": { "resource": { "id": contact }, "context": {} } });
            ("contact.updated", v1::Side::Openphone, body)
        }
    };
    let event = v1::Event {
        side: wire.into(),
        provider_type: name.to_owned(),
        contact_id: contact.to_owned(),
        body: body.to_string().into_bytes(),
        lane: v1::Lane::Live.into(),
        ..v1::Event::default()
    };
    let header = Header {
        id: format!("preview-{contact}"),
        source: "preview".to_owned(),
        r#type: "contact.updated".to_owned(),
        time_ms: Timestamp::now().as_millisecond(),
        subject: contact.to_owned(),
        connection: connection.clone(),
        ..Header::default()
    };
    NewMessage {
        stream: Stream::Events,
        lane: Lane::Live,
        subject: topology::event_subject(Lane::Live, connection, side.name()),
        id: header.message_id(),
        body: Envelope { header, payload: Payload::Event(event) }.encode().into(),
    }
}

/// Tells how far it is, until nobody listens.
async fn progress(
    deps: &ScanDeps,
    connection: &ConnectionId,
    lines: &mpsc::Sender<String>,
) -> anyhow::Result<std::convert::Infallible> {
    loop {
        sleep(LOOK).await;
        tell(lines, &line(deps, connection).await?).await?;
    }
}

async fn line(deps: &ScanDeps, connection: &ConnectionId) -> anyhow::Result<Line> {
    let status = scan_status(&deps.store, &deps.queue, connection).await?;
    let (read, of) = status.job.as_ref().map(Job::contacts).unwrap_or_default();
    Ok(Line::Progress { read, of, left: status.unread + status.unwritten })
}

/// Waits until everything is decided, or put off; tells meanwhile how far it is, where somebody listens.
async fn settled(deps: &ScanDeps, told: Option<(&ConnectionId, &mpsc::Sender<String>)>) -> anyhow::Result<()> {
    let mut moved = Instant::now();
    loop {
        let (events, commands) = (deps.queue.depth(Stream::Events).await?, deps.queue.depth(Stream::Commands).await?);
        let busy = events.waiting + events.in_flight + commands.waiting + commands.in_flight;
        if busy > 0 {
            moved = Instant::now();
        }
        if busy + events.delayed + commands.delayed == 0 || moved.elapsed() > PUT_OFF {
            return Ok(());
        }
        if let Some((connection, lines)) = told {
            tell(lines, &line(deps, connection).await?).await?;
        }
        sleep(LOOK).await;
    }
}

async fn tell(lines: &mpsc::Sender<String>, line: &Line) -> anyhow::Result<()> {
    let text = serde_json::to_string(line)?;
    lines.send(text).await.context("nobody listens any more")
}

/// Plays one dry run after the other as they are asked for, each with the mappings that hold then.
pub(crate) async fn play_all(
    (current, limits, store): (&Current, &Limits, &Store),
    tokens: Option<&Tokens>,
    mut asked: mpsc::Receiver<tandem_ingest::Rehearsal>,
    shutdown: &CancellationToken,
) {
    let mut current = current.clone();
    loop {
        let rehearsal = tokio::select! {
            () = shutdown.cancelled() => return,
            rehearsal = asked.recv() => rehearsal,
        };
        let Some(tandem_ingest::Rehearsal { connection, kind, lines }) = rehearsal else { return };
        let Some(config) = live::first(&mut current).await else { return };
        let stage = Stage { config: &config, store: store.clone(), limits, tokens };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = Box::pin(stage.play(&connection, kind, &lines)) => {}
        }
    }
}
