//! Spans to an OpenTelemetry collector, over gRPC, from a thread and a runtime of their own.
//!
//! A collector that is slow, hangs or is gone costs spans and nothing else: the buffer is bounded, what doesn't fit is
//! counted and dropped, each export has a time limit, and the log gets one line when it breaks and one when it works
//! again.

mod buffer;
mod courier;
mod thread;

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, Value};
use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use url::Url;

use crate::span::{EXPORTED, Exported};
use buffer::Bounded;
use courier::{Courier, Way};
use thread::Thread;

pub(crate) use courier::SpanCounts;

/// Spans that may wait for the collector.
const MOST_WAITING: usize = 2048;
/// Spans sent at once.
const BATCH: usize = 512;
/// Longest time a finished span stays here.
const DELAY: Duration = Duration::from_secs(1);
/// Longest time one export may take.
const EXPORT_LIMIT: Duration = Duration::from_secs(3);
/// Longest time the end of the process waits for the last spans.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(3);
/// The same, where the collector was not reached before.
const HOPELESS_LIMIT: Duration = Duration::from_millis(300);

/// What is exported where.
#[derive(Debug, Clone)]
pub struct Export {
    /// The service's name as the trace viewer shows it.
    pub service: &'static str,
    /// The queue it works with: `nats` or `embedded`.
    pub queue: &'static str,
    /// The collector's OTLP address over gRPC; none means that nothing is exported.
    pub endpoint: Option<Url>,
    /// The share of new traces that is exported, from 0 to 1. Who started a trace has decided for those that follow.
    pub sample: f64,
}

/// Why spans can't be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The address, or the system's root certificates.
    #[error("telemetry.otlp_endpoint: spans can't be sent there")]
    Endpoint(#[from] ExporterBuildError),
    /// The thread for it.
    #[error("starting the thread that exports spans")]
    Thread(#[from] std::io::Error),
    /// It was set up before.
    #[error("spans are exported already")]
    Twice,
}

/// Sends what waits when it is dropped.
#[derive(Debug)]
#[must_use = "the last spans are sent when this is dropped"]
pub struct Exporting {
    running: Option<Running>,
}

/// An exporter that runs, and what it is fed by.
#[derive(Debug)]
struct Running {
    provider: SdkTracerProvider,
    thread: Thread,
    way: Way,
}

/// Sends this process's spans to the collector from now on. No collector is waited for.
///
/// # Errors
/// The address can't be used, or this was called before.
pub fn export_spans(export: &Export) -> Result<Exporting, ExportError> {
    let Some(endpoint) = &export.endpoint else { return Ok(Exporting { running: None }) };
    let running = Running::start(export, endpoint, &SpanCounts::of_process())?;
    let exported = Exported { tracer: running.provider.tracer("tandem"), queue: export.queue };
    EXPORTED.set(exported).map_err(|_| ExportError::Twice)?;
    tracing::info!("spans are exported to {}", address(endpoint));
    Ok(Exporting { running: Some(running) })
}

impl Exporting {
    /// Sends what waits, for a few seconds at most. Spans that end later are lost.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Exporting {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

impl Running {
    fn start(export: &Export, endpoint: &Url, counts: &SpanCounts) -> Result<Self, ExportError> {
        let thread = Thread::start()?;
        let exporter = {
            // Its connection is driven by the thread's runtime, so that the pipeline's never waits for it.
            let _inside = thread.handle().enter();
            exporter(endpoint)?
        };
        let waiting = buffer::Waiting::default();
        let courier = Courier::new(exporter, (thread.handle().clone(), address(endpoint)), waiting.clone(), counts);
        let way = courier.way();
        let limits = BatchConfigBuilder::default()
            .with_max_queue_size(MOST_WAITING)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(DELAY);
        let batches = BatchSpanProcessor::builder(courier).with_batch_config(limits.build()).build();
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(export.sample))))
            .with_resource(resource(export.service))
            .with_span_processor(Bounded::new(batches, MOST_WAITING, waiting, counts))
            .build();
        Ok(Self { provider, thread, way })
    }

    fn stop(self) {
        let limit = if self.way.is_closed() { HOPELESS_LIMIT } else { SHUTDOWN_LIMIT };
        if let Err(error) = self.provider.shutdown_with_timeout(limit) {
            tracing::debug!(%error, "the last spans were not sent");
        }
        self.thread.stop();
    }
}

fn exporter(endpoint: &Url) -> Result<SpanExporter, ExporterBuildError> {
    let builder = SpanExporter::builder().with_tonic().with_endpoint(endpoint.as_str()).with_timeout(EXPORT_LIMIT);
    // Only where it is used: a small container may have no root certificates.
    let is_tls = endpoint.scheme() == "https";
    let builder = if is_tls { builder.with_tls_config(ClientTlsConfig::new().with_enabled_roots()) } else { builder };
    builder.build()
}

fn resource(service: &'static str) -> Resource {
    let instance = format!("{:016x}", rand::random::<u64>());
    Resource::builder_empty()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", Value::from(instance)))
        .build()
}

/// For people: without a path, which may be a key.
fn address(endpoint: &Url) -> String {
    endpoint.origin().ascii_serialization()
}

#[cfg(test)]
mod tests;
