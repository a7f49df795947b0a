use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

fn kept() -> (SdkTracer, Kept) {
    let kept = Kept::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
    (provider.tracer("test"), kept)
}

fn plan(name: &'static str) -> Plan {
    Plan { kind: SpanKind::Internal, name: name.into(), began: None }
}

#[test]
fn exported_ids_are_those_that_messages_carry() {
    let (tracer, kept) = kept();
    let first = Span::begin(Some(&tracer), &Context::new(), plan("first"));
    let carried = first.trace().to_string();
    drop(first);
    let parent = TraceContext::parse(&carried).unwrap();
    let second = Span::begin(Some(&tracer), &parent.into_context(), plan("second"));
    let other = TraceContext::random();
    second.link(&other.to_string());
    second.failed("late");
    let trace = second.trace();
    drop(second);

    let spans = kept.0.lock().unwrap().clone();
    assert_eq!(TraceContext::of(&spans[0].span_context).unwrap(), parent);
    assert_eq!(TraceContext::of(&spans[1].span_context).unwrap(), trace);
    assert_eq!((trace.trace_id(), spans[1].parent_span_id.to_string()), (parent.trace_id(), parent.span_id()));
    assert_eq!(TraceContext::of(&spans[1].links.links[0].span_context).unwrap(), other);
    assert_eq!(spans[1].attributes, [KeyValue::new("error.type", "late")]);
    assert_eq!(spans[1].status, Status::error(""));
}

#[tokio::test]
async fn without_an_exporter_there_are_ids_all_the_same() {
    let webhook = Span::begin(None, &Context::new(), plan("webhook"));
    let trace = webhook.trace();
    let (here, child) = webhook
        .run(async {
            // Across a point where another task may run on this thread.
            tokio::task::yield_now().await;
            (TraceContext::current().unwrap(), Span::begin(None, &Context::current(), plan("child")).trace())
        })
        .await;
    assert_eq!((here, child.trace_id()), (trace, trace.trace_id()));
    assert_ne!(child.span_id(), trace.span_id());
    assert_eq!(TraceContext::current(), None);
}

#[test]
fn a_foreign_header_that_makes_no_sense_starts_a_trace() {
    let taken =
        Taken { stream: "EVENTS", consumer: "mapper-live", id: "ghl:w1", deliveries: 1, traceparent: "nonsense" };
    let (one, other) = (Span::process(&taken).trace(), Span::process(&taken).trace());
    assert_ne!(one.trace_id(), other.trace_id());
    let message = TraceContext::random().to_string();
    let next = Span::process(&Taken { traceparent: &message, ..taken }).trace();
    assert!(message.contains(&next.trace_id()) && !message.contains(&next.span_id()));
}

#[test]
fn after_the_exporter_ended_spans_still_have_ids() {
    let provider = SdkTracerProvider::builder().with_simple_exporter(Kept::default()).build();
    let tracer = provider.tracer("test");
    provider.shutdown().unwrap();
    let parent = TraceContext::random();
    let late = Span::begin(Some(&tracer), &parent.into_context(), plan("late"));
    assert_eq!(late.trace().trace_id(), parent.trace_id());
}

/// What a whole change costs where nothing is exported: five spans with their attributes.
#[test]
fn without_an_exporter_spans_cost_next_to_nothing() {
    // The quickest of several rounds: whatever else the machine does meanwhile only adds to the others.
    let took = (0..10).map(|_| a_thousand_changes()).min().unwrap_or_default();
    assert!(took.as_millis() < 100, "5,000 spans took {took:?}");
}

fn a_thousand_changes() -> std::time::Duration {
    let began = std::time::Instant::now();
    for _ in 0..1_000 {
        let webhook = Span::webhook("/webhooks/ghl");
        webhook.status(200, false);
        let sent = Sent { stream: "EVENTS", kind: "event", lane: "live", id: "ghl:w1", connection: "acme" };
        let event = Span::send(&sent);
        let traceparent = &event.trace().to_string();
        let taken = Taken { stream: "EVENTS", consumer: "mapper-live", id: "ghl:w1", deliveries: 1, traceparent };
        let mapped = Span::process(&taken);
        mapped.concerns("acme", Some("723be3e17048d725"));
        mapped.outcome("hinted");
        let call =
            Call { provider: "ghl", template: "GET /contacts/{id}", server: ("localhost", 1), connection: "acme" };
        Span::call(&call).status(404, true);
        drop(Span::waited("ghl", std::time::Duration::from_millis(3)));
    }
    began.elapsed()
}
