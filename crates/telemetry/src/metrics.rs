//! The process's counters, in a registry of their own: two pipelines in one test process don't mix.
//!
//! Label values are `&'static str`: a value that comes from outside (a connection, a person, an answer's text)
//! can't become a label, so the number of series stays bounded.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

use crate::names::{self, Description, Kind};

/// The content type of [`Metrics::encode`].
pub const ENCODING: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels<const N: usize> = [(&'static str, &'static str); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Durations = Family<Labels<1>, Histogram, Buckets>;

/// Counters, gauges and histograms. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    events_accepted: Counters<1>,
    events_rejected: Counters<2>,
    events_duplicate: Counters<1>,
    commands: Counters<2>,
    mapper_outcomes: Counters<1>,
    writer_outcomes: Counters<2>,
    skips: Counters<1>,
    provider_requests: Counters<3>,
    provider_throttled: Counters<1>,
    limiter_wait: Durations,
    event_to_write: Durations,
    dead_letters: Counters<2>,
    queue_depth: Family<Labels<1>, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// An empty set in a registry of its own.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let add = &mut registry;
        Self {
            events_accepted: register(add, &names::EVENTS_ACCEPTED, Counters::default()),
            events_rejected: register(add, &names::EVENTS_REJECTED, Counters::default()),
            events_duplicate: register(add, &names::EVENTS_DUPLICATE, Counters::default()),
            commands: register(add, &names::COMMANDS, Counters::default()),
            mapper_outcomes: register(add, &names::MAPPER_OUTCOMES, Counters::default()),
            writer_outcomes: register(add, &names::WRITER_OUTCOMES, Counters::default()),
            skips: register(add, &names::SKIPS, Counters::default()),
            provider_requests: register(add, &names::PROVIDER_REQUESTS, Counters::default()),
            provider_throttled: register(add, &names::PROVIDER_THROTTLED, Counters::default()),
            limiter_wait: register(add, &names::LIMITER_WAIT, Durations::new_with_constructor(Buckets)),
            event_to_write: register(add, &names::EVENT_TO_WRITE, Durations::new_with_constructor(Buckets)),
            dead_letters: register(add, &names::DEAD_LETTERS, Counters::default()),
            queue_depth: register(add, &names::QUEUE_DEPTH, Family::default()),
            registry: Arc::new(registry),
        }
    }

    /// An event was stored.
    pub fn event_accepted(&self, provider: &'static str) {
        count(&self.events_accepted, &names::EVENTS_ACCEPTED, [provider]);
    }

    /// A delivery was refused: `reason` is one of ingest's fixed words (`signature`, `too_large` ...).
    pub fn event_rejected(&self, provider: &'static str, reason: &'static str) {
        count(&self.events_rejected, &names::EVENTS_REJECTED, [provider, reason]);
    }

    /// A delivery was stored before.
    pub fn event_duplicate(&self, provider: &'static str) {
        count(&self.events_duplicate, &names::EVENTS_DUPLICATE, [provider]);
    }

    /// The mapper made a command.
    pub fn command_made(&self, destination: &'static str, lane: &'static str) {
        count(&self.commands, &names::COMMANDS, [destination, lane]);
    }

    /// The mapper settled an event.
    pub fn mapper_outcome(&self, outcome: &'static str) {
        count(&self.mapper_outcomes, &names::MAPPER_OUTCOMES, [outcome]);
    }

    /// The writer settled a command.
    pub fn writer_outcome(&self, destination: &'static str, outcome: &'static str) {
        count(&self.writer_outcomes, &names::WRITER_OUTCOMES, [destination, outcome]);
    }

    /// An event or command needed no write.
    pub fn skipped(&self, reason: &'static str) {
        count(&self.skips, &names::SKIPS, [reason]);
    }

    /// A request was sent; `operation` is method and route template, `status` none where no answer came.
    pub fn provider_request(&self, provider: &'static str, operation: &'static str, status: Option<u16>) {
        let labels = [provider, operation, status_class(status)];
        count(&self.provider_requests, &names::PROVIDER_REQUESTS, labels);
        if status == Some(429) {
            count(&self.provider_throttled, &names::PROVIDER_THROTTLED, [provider]);
        }
    }

    /// How long a call waited for its permit.
    pub fn limiter_wait(&self, provider: &'static str, wait: Duration) {
        measure(&self.limiter_wait, &names::LIMITER_WAIT, provider, wait);
    }

    /// How long a change took from its arrival to the provider's answer.
    pub fn event_to_write(&self, destination: &'static str, took: Duration) {
        measure(&self.event_to_write, &names::EVENT_TO_WRITE, destination, took);
    }

    /// A message was set aside.
    pub fn dead_letter(&self, stage: &'static str, code: &'static str) {
        count(&self.dead_letters, &names::DEAD_LETTERS, [stage, code]);
    }

    /// How many messages wait in a stream now.
    pub fn queue_depth(&self, stream: &'static str, waiting: u64) {
        let labels = labels(&names::QUEUE_DEPTH, [stream]);
        self.queue_depth.get_or_create(&labels).set(i64::try_from(waiting).unwrap_or(i64::MAX));
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

/// 1 ms to 10 minutes: from a local queue hop to a provider that is down for a while.
#[derive(Debug, Clone, Copy)]
struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0])
    }
}

fn register<M: Metric + Clone>(registry: &mut Registry, description: &Description, metric: M) -> M {
    let Description { name, kind, help, .. } = *description;
    match kind {
        Kind::Counter | Kind::Gauge => registry.register(name, help, metric.clone()),
        Kind::Seconds => registry.register_with_unit(name, help, Unit::Seconds, metric.clone()),
    }
    metric
}

fn count<const N: usize>(family: &Counters<N>, description: &Description, values: [&'static str; N]) {
    family.get_or_create(&labels(description, values)).inc();
}

fn measure(family: &Durations, description: &Description, value: &'static str, took: Duration) {
    family.get_or_create(&labels(description, [value])).observe(took.as_secs_f64());
}

fn labels<const N: usize>(description: &Description, values: [&'static str; N]) -> Labels<N> {
    let mut keys = description.labels.iter();
    values.map(|value| (keys.next().copied().unwrap_or("label"), value))
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
