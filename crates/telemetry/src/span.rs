//! Spans: one piece of work each, in the trace of the change it belongs to.
//!
//! A span always has ids, because messages and the journal carry them on; with [`crate::export_spans`] they are also
//! the ids of the exported span. Without it a span is nothing but its ids.

mod kinds;

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::OnceLock;
use std::time::SystemTime;

use opentelemetry::trace::{
    FutureExt as _, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _, WithContext,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::SdkTracer;

use crate::TraceContext;
pub use kinds::{Call, Sent, Taken};

/// Where spans go; empty while nothing is exported. One per process, as the log.
pub(crate) static EXPORTED: OnceLock<Exported> = OnceLock::new();

/// What spans are made with.
#[derive(Debug)]
pub(crate) struct Exported {
    pub(crate) tracer: SdkTracer,
    /// The `messaging.system` that this process works with.
    pub(crate) queue: &'static str,
}

/// A piece of work under way; it ends with this value.
#[derive(Debug)]
#[must_use = "the span ends when this is dropped"]
pub struct Span {
    context: Context,
}

/// What a span is before it starts.
struct Plan {
    kind: SpanKind,
    name: Cow<'static, str>,
    /// Now, unless it began before anybody knew it was worth a span.
    began: Option<SystemTime>,
}

impl Span {
    /// Its ids, for message headers and requests.
    pub fn trace(&self) -> TraceContext {
        // Both ways of starting one give valid ids.
        TraceContext::of(self.context.span().span_context()).unwrap_or_else(TraceContext::random)
    }

    /// Runs the work inside the span: log lines carry its ids, and spans that start meanwhile are its children.
    pub fn run<F: Future>(&self, work: F) -> WithContext<F> {
        work.with_context(self.context.clone())
    }

    /// Another trace that this work belongs to as well; what is no `traceparent` is left out.
    pub fn link(&self, traceparent: &str) {
        if let Ok(other) = TraceContext::parse(traceparent) {
            self.context.span().add_link(other.into(), Vec::new());
        }
    }

    /// The work failed; `reason` is one of a few fixed words or a status.
    pub fn failed(&self, reason: impl Display) {
        self.text("error.type", reason);
        if self.is_recording() {
            self.context.span().set_status(Status::error(""));
        }
    }

    fn under(parent: &Context, plan: Plan) -> Self {
        Self::begin(EXPORTED.get().map(|exported| &exported.tracer), parent, plan)
    }

    /// Under the work that is running, or the first of a trace.
    fn here(plan: Plan) -> Self {
        Context::map_current(|current| Self::under(current, plan))
    }

    fn begin(tracer: Option<&SdkTracer>, parent: &Context, plan: Plan) -> Self {
        if let Some(tracer) = tracer {
            let mut builder = tracer.span_builder(plan.name).with_kind(plan.kind);
            builder.start_time = plan.began;
            let context = parent.with_span(builder.start_with_context(tracer, parent));
            // Not so after the exporter was shut down.
            if context.span().span_context().is_valid() {
                return Self { context };
            }
        }
        let parent_trace = TraceContext::of(parent.span().span_context());
        let trace = parent_trace.map_or_else(TraceContext::random, |parent| parent.child());
        Self { context: trace.into_context() }
    }

    /// With a tracer of the test's own.
    #[cfg(test)]
    pub(crate) fn of_tracer(tracer: &SdkTracer, parent: &Context, kind: SpanKind, name: &'static str) -> Self {
        Self::begin(Some(tracer), parent, Plan { kind, name: name.into(), began: None })
    }

    fn is_recording(&self) -> bool {
        self.context.span().is_recording()
    }

    fn set(&self, key: &'static str, value: impl Into<Value>) {
        self.context.span().set_attribute(KeyValue::new(key, value));
    }

    /// Nothing is formatted where nobody looks.
    fn text(&self, key: &'static str, value: impl Display) {
        if self.is_recording() {
            self.set(key, value.to_string());
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.context.span().end();
    }
}

impl TraceContext {
    /// The ids of the work that is running here; none outside of any.
    pub fn current() -> Option<Self> {
        Context::map_current(|current| Self::of(current.span().span_context()))
    }

    fn of(span: &SpanContext) -> Option<Self> {
        let ids = (span.trace_id().to_bytes(), span.span_id().to_bytes());
        span.is_valid().then(|| Self::from_ids(ids, span.trace_flags().to_u8()))
    }

    pub(crate) fn into_context(self) -> Context {
        Context::new().with_remote_span_context(self.into())
    }
}

#[cfg(test)]
mod tests;
