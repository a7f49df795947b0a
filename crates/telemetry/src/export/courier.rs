//! Takes batches to the collector, counts what became of them, and tells when that begins or ends to work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use opentelemetry_otlp::SpanExporter as Otlp;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prometheus_client::metrics::counter::Counter;
use tokio::runtime::Handle;

use super::EXPORT_LIMIT;
use super::buffer::Waiting;

/// What became of the spans; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpanCounts {
    pub(crate) exported: Counter,
    pub(crate) dropped: Counter,
}

impl SpanCounts {
    /// Those of [`super::export_spans`].
    pub(crate) fn of_process() -> Self {
        static COUNTS: LazyLock<SpanCounts> = LazyLock::new(SpanCounts::default);
        COUNTS.clone()
    }
}

#[derive(Debug)]
pub(super) struct Courier {
    otlp: Arc<Otlp>,
    runtime: Handle,
    address: String,
    waiting: Waiting,
    counts: SpanCounts,
    way: Way,
}

/// Whether the collector was reached the last time; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    is_closed: Arc<AtomicBool>,
}

impl Way {
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Notes how it is; true when it was different before.
    fn turns(&self, is_closed: bool) -> bool {
        self.is_closed.swap(is_closed, Ordering::Relaxed) != is_closed
    }
}

impl Courier {
    pub(super) fn new(otlp: Otlp, (runtime, address): (Handle, String), waiting: Waiting, counts: &SpanCounts) -> Self {
        Self { otlp: Arc::new(otlp), runtime, address, waiting, counts: counts.clone(), way: Way::default() }
    }

    pub(super) fn way(&self) -> Way {
        self.way.clone()
    }

    /// On the runtime that drives the connection: the batch processor's own thread has none, and no timer either.
    async fn deliver(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let otlp = Arc::clone(&self.otlp);
        let delivery = async move { tokio::time::timeout(EXPORT_LIMIT, otlp.export(batch)).await };
        match self.runtime.spawn(delivery).await {
            Ok(Ok(delivered)) => delivered,
            Ok(Err(_late)) => Err(OTelSdkError::Timeout(EXPORT_LIMIT)),
            Err(gone) => Err(OTelSdkError::InternalFailure(gone.to_string())),
        }
    }

    /// One line when it breaks and one when it works again.
    fn tell(&self, delivered: &OTelSdkResult) {
        if !self.way.turns(delivered.is_err()) {
            return;
        }
        let address = &self.address;
        if let Err(error) = delivered {
            tracing::warn!("spans can't be exported to {address} and are dropped until they can: {error}");
        } else {
            tracing::info!("spans are exported to {address} again");
        }
    }
}

impl SpanExporter for Courier {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.waiting.leave(count);
        let delivered = self.deliver(batch).await;
        let counter = if delivered.is_ok() { &self.counts.exported } else { &self.counts.dropped };
        counter.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
        self.tell(&delivered);
        delivered
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    /// Called before the first batch only, while nothing else holds the exporter.
    fn set_resource(&mut self, resource: &Resource) {
        if let Some(otlp) = Arc::get_mut(&mut self.otlp) {
            otlp.set_resource(resource);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Way;

    #[test]
    fn only_changes_are_told() {
        let way = Way::default();
        let turns: Vec<bool> = [false, true, true, true, false, false].map(|closed| way.turns(closed)).into();
        assert_eq!(turns, [false, true, false, false, true, false]);
        assert!(!way.is_closed());
    }
}
