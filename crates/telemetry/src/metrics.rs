//! The process's counters, in a registry of their own: two pipelines in one test process don't mix.
//!
//! Label values are `&'static str`: a value that comes from outside (a connection, a person, an answer's text)
//! can't become a label, so the number of series stays bounded.

mod family;

use std::future::Future;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::export::SpanCounts;
use crate::names;
use family::{Counters, Durations, Gauges, register};

/// The content type of [`Metrics::encode`].
pub const ENCODING: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Counters, gauges and histograms. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    events_accepted: Counters<1>,
    events_rejected: Counters<2>,
    events_duplicate: Counters<1>,
    webhook_checks: Counters<1>,
    scans: Counters<2>,
    scan_pages: Counters<1>,
    scan_contacts: Counters<1>,
    spool_messages: Gauge,
    stage_lag: Durations<2>,
    commands: Counters<1>,
    mapper_outcomes: Counters<1>,
    writer_outcomes: Counters<2>,
    skips: Counters<1>,
    conflicts: Counters<1>,
    parked: Counters<1>,
    brake_stops: Counters<1>,
    provider_requests: Counters<3>,
    provider_duration: Durations<2>,
    provider_throttled: Counters<1>,
    limiter_wait: Durations<1>,
    limiter_remaining: Gauges<1>,
    limiter_fallback: Gauge,
    event_to_write: Durations<1>,
    dead_letters: Counters<2>,
    queue_depth: Gauges<1>,
    backend_duration: Durations<1>,
    backend_errors: Counters<1>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A set in a registry of its own, everything at zero.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let add = &mut registry;
        register_process(add);
        Self {
            events_accepted: Counters::new(add, &names::EVENTS_ACCEPTED),
            events_rejected: Counters::new(add, &names::EVENTS_REJECTED),
            events_duplicate: Counters::new(add, &names::EVENTS_DUPLICATE),
            webhook_checks: Counters::new(add, &names::WEBHOOK_CHECKS),
            scans: Counters::new(add, &names::SCANS),
            scan_pages: Counters::new(add, &names::SCAN_PAGES),
            scan_contacts: Counters::new(add, &names::SCAN_CONTACTS),
            spool_messages: register(add, &names::SPOOL_MESSAGES, Gauge::default()),
            stage_lag: Durations::new(add, &names::STAGE_LAG),
            commands: Counters::new(add, &names::COMMANDS),
            mapper_outcomes: Counters::new(add, &names::MAPPER_OUTCOMES),
            writer_outcomes: Counters::new(add, &names::WRITER_OUTCOMES),
            skips: Counters::new(add, &names::SKIPS),
            conflicts: Counters::new(add, &names::CONFLICTS),
            parked: Counters::new(add, &names::PARKED_RECORDS),
            brake_stops: Counters::new(add, &names::BRAKE_STOPS),
            provider_requests: Counters::new(add, &names::PROVIDER_REQUESTS),
            provider_duration: Durations::new(add, &names::PROVIDER_DURATION),
            provider_throttled: Counters::new(add, &names::PROVIDER_THROTTLED),
            limiter_wait: Durations::new(add, &names::LIMITER_WAIT),
            limiter_remaining: Gauges::new(add, &names::LIMITER_REMAINING),
            limiter_fallback: register(add, &names::LIMITER_FALLBACK, Gauge::default()),
            event_to_write: Durations::new(add, &names::EVENT_TO_WRITE),
            dead_letters: Counters::new(add, &names::DEAD_LETTERS),
            queue_depth: Gauges::new(add, &names::QUEUE_DEPTH),
            backend_duration: Durations::new(add, &names::BACKEND_DURATION),
            backend_errors: Counters::new(add, &names::BACKEND_ERRORS),
            registry: Arc::new(registry),
        }
    }

    /// An event was stored.
    pub fn event_accepted(&self, provider: &'static str) {
        self.events_accepted.add([provider]);
    }

    /// A delivery was refused: `reason` is one of ingest's fixed words (`signature`, `too_large` ...).
    pub fn event_rejected(&self, provider: &'static str, reason: &'static str) {
        self.events_rejected.add([provider, reason]);
    }

    /// A delivery was stored before.
    pub fn event_duplicate(&self, provider: &'static str) {
        self.events_duplicate.add([provider]);
    }

    /// The webhooks of a connection that Tandem made were looked at.
    pub fn webhook_check(&self, outcome: &'static str) {
        self.webhook_checks.add([outcome]);
    }

    /// A backfill or sweep ended.
    pub fn scan_ended(&self, kind: &'static str, outcome: &'static str) {
        self.scans.add([kind, outcome]);
    }

    /// A page of contacts was read and stored.
    pub fn scan_page(&self, provider: &'static str, contacts: u64) {
        self.scan_pages.add([provider]);
        self.scan_contacts.add_many([provider], contacts);
    }

    /// How many events wait in the spool now.
    pub fn spool_messages(&self, waiting: u64) {
        self.spool_messages.set(signed(waiting));
    }

    /// How long a message waited for the work on it to start; only first deliveries tell.
    pub fn stage_lag(&self, stage: &'static str, lane: &'static str, waited: Duration) {
        self.stage_lag.add([stage, lane], waited);
    }

    /// The mapper made a command.
    pub fn command_made(&self, lane: &'static str) {
        self.commands.add([lane]);
    }

    /// The mapper settled an event.
    pub fn mapper_outcome(&self, outcome: &'static str) {
        self.mapper_outcomes.add([outcome]);
    }

    /// The writer did something about a record; `none` where it concerns no side.
    pub fn writer_outcome(&self, destination: &'static str, outcome: &'static str) {
        self.writer_outcomes.add([destination, outcome]);
    }

    /// An event or command needed no write.
    pub fn skipped(&self, reason: &'static str) {
        self.skips.add([reason]);
    }

    /// A field that both sides had changed went the way of the winner.
    pub fn conflict(&self, winner: &'static str) {
        self.conflicts.add([winner]);
    }

    /// A record was put before people. Codes come from documents, so that unknown ones are left out.
    pub fn parked(&self, code: &str) {
        let known = names::PARKED_RECORDS.labels.iter().flat_map(|label| label.values);
        if let Some(code) = known.copied().find(|known| *known == code) {
            self.parked.add([code]);
        }
    }

    /// A connection was stopped by the mass-change brake.
    pub fn brake_stopped(&self, lane: &'static str) {
        self.brake_stops.add([lane]);
    }

    /// A request was sent; `operation` is method and route template, `status` none where no answer came.
    pub fn provider_request(
        &self,
        provider: &'static str,
        operation: &'static str,
        (status, took): (Option<u16>, Duration),
    ) {
        self.provider_requests.add([provider, operation, status_class(status)]);
        self.provider_duration.add([provider, operation], took);
        if status == Some(429) {
            self.provider_throttled.add([provider]);
        }
    }

    /// How long a call waited for its permit.
    pub fn limiter_wait(&self, provider: &'static str, wait: Duration) {
        self.limiter_wait.add([provider], wait);
    }

    /// What is left today of the budget that has least.
    pub fn limiter_remaining(&self, provider: &'static str, requests: u64) {
        self.limiter_remaining.set([provider], signed(requests));
    }

    /// Whether budgets are kept in this process because their server is away.
    pub fn limiter_fallback(&self, is_away: bool) {
        self.limiter_fallback.set(is_away.into());
    }

    /// How long a change took from its arrival to the provider's answer.
    pub fn event_to_write(&self, destination: &'static str, took: Duration) {
        self.event_to_write.add([destination], took);
    }

    /// A message was set aside.
    pub fn dead_letter(&self, stage: &'static str, code: &'static str) {
        self.dead_letters.add([stage, code]);
    }

    /// How many messages wait in a stream now.
    pub fn queue_depth(&self, stream: &'static str, waiting: u64) {
        self.queue_depth.set([stream], signed(waiting));
    }

    /// Does the work of queue or store and notes how long it took; `is_failure` says which errors count.
    pub async fn timed<T, E>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, E>>,
        is_failure: impl FnOnce(&E) -> bool,
    ) -> Result<T, E> {
        let began = Instant::now();
        let result = work.await;
        self.backend_duration.add([operation], began.elapsed());
        if result.as_ref().is_err_and(is_failure) {
            self.backend_errors.add([operation]);
        }
        result
    }

    /// Everything in the text format that Prometheus reads, see [`ENCODING`].
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` can't fail; a metric that could not be written is left out.
        if encode(&mut text, &self.registry).is_err() {
            tracing::warn!("metrics were written in part only");
        }
        text
    }
}

/// What is told of the process, whichever pipeline is asked.
fn register_process(registry: &mut Registry) {
    static STARTED: LazyLock<f64> =
        LazyLock::new(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64());
    let SpanCounts { exported, dropped } = SpanCounts::of_process();
    register::<Counter>(registry, &names::SPANS_EXPORTED, exported);
    register::<Counter>(registry, &names::SPANS_DROPPED, dropped);
    Gauges::new(registry, &names::BUILD_INFO).set([env!("CARGO_PKG_VERSION")], 1);
    let started = Gauge::<f64, AtomicU64>::default();
    started.set(*STARTED);
    register(registry, &names::PROCESS_START, started);
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn status_class(status: Option<u16>) -> &'static str {
    match status {
        None => "none",
        Some(100..=199) => "1xx",
        Some(200..=299) => "2xx",
        Some(300..=399) => "3xx",
        Some(429) => "429",
        Some(400..=499) => "4xx",
        Some(500..=599) => "5xx",
        Some(_) => "other",
    }
}

#[cfg(test)]
mod tests;
