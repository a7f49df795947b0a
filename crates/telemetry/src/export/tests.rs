use std::net::TcpListener;
use std::time::Instant;

use opentelemetry::Context;
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SdkTracer;
use tandem_testkit::{Collector, eventually_blocking, free_port};

use super::*;
use crate::Span;

const LIMIT: Duration = Duration::from_secs(20);
const MANY: u64 = 50_000;

struct Set {
    running: Running,
    tracer: SdkTracer,
    counts: SpanCounts,
}

fn start(endpoint: &str, sample: f64) -> Set {
    let endpoint: Url = endpoint.parse().unwrap();
    let export = Export { service: "tandem-test", queue: "memory", endpoint: Some(endpoint.clone()), sample };
    let counts = SpanCounts::default();
    let running = Running::start(&export, &endpoint, &counts).unwrap();
    let tracer = running.provider.tracer("tandem");
    Set { running, tracer, counts }
}

fn span(tracer: &SdkTracer, name: &'static str) -> Span {
    Span::of_tracer(tracer, &Context::new(), SpanKind::Internal, name)
}

/// Emits many spans; how long that took.
fn flood(set: &Set) -> Duration {
    let began = Instant::now();
    for _ in 0..MANY {
        span(&set.tracer, "one of many").failed("nothing");
    }
    began.elapsed()
}

#[test]
fn a_collector_gets_spans_with_their_service_and_the_rest_at_the_end() {
    let collector = Collector::start();
    let set = start(&collector.url(), 1.0);
    drop(span(&set.tracer, "first"));
    eventually_blocking("the first span", LIMIT, || collector.spans().pop());
    drop(span(&set.tracer, "last"));
    set.running.stop();
    let spans = collector.spans();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["first", "last"]);
    assert!(spans.iter().all(|span| span.service == "tandem-test"));
    assert_eq!((set.counts.exported.get(), set.counts.dropped.get()), (2, 0));
}

#[test]
fn who_started_a_trace_decides_whether_it_is_kept() {
    let collector = Collector::start();
    let set = start(&collector.url(), 0.0);
    let trace = span(&set.tracer, "not kept").trace();
    assert!(!trace.is_sampled());
    let parent = crate::TraceContext::random();
    let kept = Span::of_tracer(&set.tracer, &parent.into_context(), SpanKind::Internal, "kept");
    assert_eq!(kept.trace().trace_id(), parent.trace_id());
    drop(kept);
    set.running.stop();
    let names: Vec<String> = collector.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["kept"]);
}

/// What doesn't fit is dropped at once and counted, and the end is not held up.
fn costs_spans_and_nothing_else(endpoint: &str) {
    let set = start(endpoint, 1.0);
    let took = flood(&set);
    // A blocked emitter would take an export limit for every buffer full: a minute and more.
    assert!(took < Duration::from_secs(5), "{MANY} spans took {took:?}");
    let dropped = set.counts.dropped.get();
    assert!(dropped > MANY / 2, "only {dropped} were dropped");
    let stopping = Instant::now();
    set.running.stop();
    let stopped = stopping.elapsed();
    assert!(stopped < SHUTDOWN_LIMIT + Duration::from_secs(2), "the end took {stopped:?}");
    assert_eq!(set.counts.exported.get(), 0);
}

#[test]
fn a_collector_that_never_answers_costs_spans_and_nothing_else() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    costs_spans_and_nothing_else(&format!("http://{}", silent.local_addr().unwrap()));
}

#[test]
fn a_collector_that_is_not_there_costs_spans_and_nothing_else() {
    costs_spans_and_nothing_else(&format!("http://127.0.0.1:{}", free_port()));
}

/// The other way round, it would wait for the whole limit.
#[test]
fn the_end_does_not_wait_for_a_collector_that_is_known_to_be_away() {
    let set = start(&format!("http://127.0.0.1:{}", free_port()), 1.0);
    drop(span(&set.tracer, "lost"));
    eventually_blocking("a lost span", LIMIT, || (set.counts.dropped.get() > 0).then_some(()));
    drop(span(&set.tracer, "lost as well"));
    let stopping = Instant::now();
    set.running.stop();
    let stopped = stopping.elapsed();
    assert!(stopped < SHUTDOWN_LIMIT, "the end took {stopped:?}");
}

#[test]
fn a_collector_that_comes_later_gets_what_ends_from_then_on() {
    let port = free_port();
    let set = start(&format!("http://127.0.0.1:{port}"), 1.0);
    drop(span(&set.tracer, "lost"));
    eventually_blocking("a lost span", LIMIT, || (set.counts.dropped.get() > 0).then_some(()));
    assert!(set.running.way.is_closed());
    let collector = Collector::start_on(port);
    drop(span(&set.tracer, "found"));
    let found = eventually_blocking("the span", LIMIT, || collector.spans().pop());
    assert_eq!(found.name, "found");
    eventually_blocking("the way to be open", LIMIT, || (!set.running.way.is_closed()).then_some(()));
    set.running.stop();
}

#[test]
fn nothing_is_set_up_without_an_address() {
    let export = Export { service: "tandem-test", queue: "memory", endpoint: None, sample: 1.0 };
    let exporting = export_spans(&export).unwrap();
    assert!(exporting.running.is_none());
    exporting.shutdown();
}
