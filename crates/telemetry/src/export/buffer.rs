//! The bound on spans that wait, kept here because the batch processor behind it drops what is too much in silence.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::SpanCounts;

/// Spans that ended and were not taken to the collector yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    pub(super) fn leave(&self, count: usize) {
        self.0.fetch_sub(count, Ordering::AcqRel);
    }

    /// False when there is no room.
    fn enter(&self, most: usize) -> bool {
        if self.0.fetch_add(1, Ordering::AcqRel) < most {
            return true;
        }
        self.leave(1);
        false
    }
}

#[derive(Debug)]
pub(super) struct Bounded<P> {
    next: P,
    most: usize,
    waiting: Waiting,
    counts: SpanCounts,
}

impl<P> Bounded<P> {
    pub(super) fn new(next: P, most: usize, waiting: Waiting, counts: &SpanCounts) -> Self {
        Self { next, most, waiting, counts: counts.clone() }
    }
}

impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.next.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.enter(self.most) {
            self.next.on_end(span);
        } else {
            self.counts.dropped.inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}
