//! One change is one trace: from the webhook through both queues to the provider's answer, as a collector receives it.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tandem_embedded::{Database, Options};
use tandem_proto::{Envelope, Stream};
use tandem_queue::{Queue, Settings};
use tandem_testkit::{Collector, ReceivedSpan, free_port};
use tandem_tests::{Cluster, ClusterOptions, Process, ProcessOptions, eventually};
use tandem_twins::{Fault, Faults};

const LIMIT: Duration = Duration::from_secs(30);

fn telemetry(endpoint: String) -> Vec<(&'static str, String)> {
    vec![("TANDEM_TELEMETRY__OTLP_ENDPOINT", endpoint), ("TANDEM_TELEMETRY__LOG_FORMAT", "json".to_owned())]
}

async fn process(endpoint: String) -> Process {
    let environment = telemetry(endpoint);
    Process::start(ProcessOptions { environment, ..ProcessOptions::default() }).await.unwrap()
}

fn person() -> Value {
    json!({ "firstName": "Ana", "lastName": "Lima", "phone": "+14155550123", "email": "ana@example.com" })
}

fn named<'a>(spans: &'a [ReceivedSpan], name: &str) -> Vec<&'a ReceivedSpan> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn only<'a>(spans: &'a [ReceivedSpan], name: &str) -> &'a ReceivedSpan {
    let found = named(spans, name);
    assert_eq!(found.len(), 1, "{name} in {spans:#?}");
    found[0]
}

/// From a span to the first of its trace.
fn ancestry<'a>(spans: &'a [ReceivedSpan], last: &'a ReceivedSpan) -> Vec<&'a ReceivedSpan> {
    let parent = |span: &&ReceivedSpan| spans.iter().find(|one| one.span_id == span.parent_id);
    let chain: Vec<&ReceivedSpan> = std::iter::successors(Some(last), parent).collect();
    assert!(chain.iter().all(|span| span.trace_id == last.trace_id));
    chain
}

/// The one change of the test, from its create back to its webhook.
fn is_one_trace(spans: &[ReceivedSpan], services: [&str; 3], system: &str) {
    let create = only(spans, "POST /v1/contacts");
    let chain = ancestry(spans, create);
    let steps: Vec<(&str, &str, &str)> =
        chain.iter().map(|span| (span.service.as_str(), span.kind.as_str(), span.name.as_str())).collect();
    let [ingest, mapper, writer] = services;
    let expected = [
        (writer, "client", "POST /v1/contacts"),
        (writer, "consumer", "process COMMANDS"),
        (mapper, "producer", "send command.live"),
        (mapper, "consumer", "process EVENTS"),
        (ingest, "producer", "send event.live"),
        (ingest, "server", "POST /webhooks/ghl"),
    ];
    assert_eq!(steps, expected);
    assert_eq!(chain[5].parent_id, "", "the webhook starts the trace");

    let attributes = |span: &ReceivedSpan, expected: &[(&str, &str)]| {
        for (key, value) in expected {
            assert_eq!(span.attribute(key), *value, "{key} of {span:#?}");
        }
    };
    attributes(create, &[("http.request.method", "POST"), ("http.response.status_code", "201")]);
    attributes(create, &[("url.template", "/v1/contacts"), ("server.address", "127.0.0.1")]);
    attributes(create, &[("tandem.provider", "openphone"), ("tandem.connection", "acme"), ("error.type", "")]);
    attributes(chain[1], &[("messaging.system", system), ("messaging.destination.name", "COMMANDS")]);
    attributes(chain[1], &[("messaging.consumer.group.name", "writer-live"), ("messaging.operation.type", "process")]);
    attributes(chain[1], &[("tandem.connection", "acme"), ("tandem.outcome", "done")]);
    assert_eq!(chain[1].attribute("messaging.message.id"), chain[2].attribute("messaging.message.id"));
    attributes(chain[3], &[("messaging.consumer.group.name", "mapper-live"), ("tandem.outcome", "hinted")]);
    attributes(chain[3], &[("tandem.delivery", "1"), ("tandem.connection", "acme")]);
    assert_eq!(chain[3].attribute("messaging.message.id"), chain[4].attribute("messaging.message.id"));
    attributes(chain[5], &[("http.route", "/webhooks/ghl"), ("http.response.status_code", "200")]);
    assert!(chain.iter().all(|span| !span.is_error), "{chain:#?}");

    let read = only(spans, "GET /contacts/{id}");
    assert_eq!((&read.parent_id, read.attribute("tandem.provider")), (&chain[1].span_id, "ghl"));
}

/// Trace ids by log line, of lines that hold the text.
fn logged(lines: &[String], text: &str) -> Vec<String> {
    let line = |line: &String| serde_json::from_str::<Value>(line).ok();
    let is_it = |line: &Value| line["message"].as_str().is_some_and(|message| message.contains(text));
    let trace = |line: Value| line["trace_id"].as_str().unwrap_or_default().to_owned();
    lines.iter().filter_map(line).filter(is_it).map(trace).collect()
}

/// Trace ids of everything in a stream, after the end of the process.
async fn traces_in(process: &Process, stream: Stream) -> BTreeSet<String> {
    let database = Database::open(&Options::in_dir(process.data_dir())).unwrap();
    let queue = Queue::embedded(&database, Settings::default()).unwrap();
    let messages = queue.browse(stream, 0, 1000).await.unwrap();
    let trace = |body: &[u8]| Envelope::decode(body).unwrap().header.traceparent[3..35].to_owned();
    let traces = messages.iter().map(|message| trace(&message.body)).collect();
    database.close().await.unwrap();
    traces
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_one_trace_from_the_webhook_to_the_answer() {
    let collector = Collector::start();
    let mut process = process(collector.url()).await;
    let id = process.ghl.create_contact(&person()).unwrap();
    eventually("the contact", LIMIT, || process.openphone.contacts().pop()).await;
    assert!(process.ghl.contact(&id).is_some());
    assert!(process.stop().success());

    let spans = collector.spans();
    let trace_id = &only(&spans, "POST /v1/contacts").trace_id;
    is_one_trace(&collector.trace(trace_id), ["tandem"; 3], "embedded");
    // What people are shown leads to the trace.
    assert_eq!(logged(&process.output(), "accepted contact.created"), [trace_id.as_str()]);
    assert_eq!(logged(&process.output(), "created openphone"), [trace_id.as_str()]);
    assert_eq!(traces_in(&process, Stream::Journal).await, BTreeSet::from([trace_id.clone()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_one_trace_through_three_processes() {
    let collector = Collector::start();
    let environment = telemetry(collector.url());
    let mut cluster = Cluster::start(ClusterOptions { environment, ..ClusterOptions::default() }).await.unwrap();
    cluster.ghl.create_contact(&person()).unwrap();
    eventually("the contact", LIMIT, || cluster.openphone.contacts().pop()).await;
    for service in &mut cluster.services {
        assert!(service.program.stop().success());
    }
    let spans = collector.spans();
    let trace_id = &only(&spans, "POST /v1/contacts").trace_id;
    is_one_trace(&collector.trace(trace_id), ["tandem-ingest", "tandem-mapper", "tandem-writer"], "nats");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_were_merged_are_linked() {
    let collector = Collector::start();
    let mut process = process(collector.url()).await;
    process.ghl.faults(Faults::none().chance(1.0, Fault::ErrorBefore));
    let id = process.ghl.create_contact(&person()).unwrap();
    hinted(&process, 1).await;
    let failed = || (process.ghl.report().faults.values().sum::<u64>() > 0).then_some(());
    eventually("a read that fails", LIMIT, failed).await;
    process.ghl.edit_contact(&id, &json!({ "firstName": "Anna" })).unwrap();
    hinted(&process, 2).await;
    process.ghl.faults(Faults::none());
    eventually("the contact", LIMIT, || process.openphone.contacts().pop()).await;
    assert!(process.stop().success());

    let spans = collector.spans();
    let create = only(&spans, "POST /v1/contacts");
    let writer = ancestry(&spans, create)[1];
    let webhooks: BTreeSet<&str> = named(&spans, "POST /webhooks/ghl").iter().map(|span| &*span.trace_id).collect();
    assert_eq!(webhooks.len(), 2);
    assert!(webhooks.contains(&*create.trace_id), "the write is in the trace of one of them");
    assert_eq!(writer.links.iter().map(String::as_str).collect::<BTreeSet<_>>(), webhooks);
    let failed = spans.iter().find(|span| span.name == "GET /contacts/{id}" && span.is_error).unwrap();
    assert_eq!(failed.attribute("error.type"), failed.attribute("http.response.status_code"));
}

async fn hinted(process: &Process, events: u32) {
    let until = Instant::now() + LIMIT;
    let series = r#"tandem_mapper_outcomes_total{outcome="hinted"}"#;
    while process.metric(series).await.unwrap_or_default() < f64::from(events) {
        assert!(Instant::now() < until, "{events} events were not mapped");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A collector that is of no use is told of once, and holds up neither the work nor the end.
async fn works_without(endpoint: String) {
    let mut process = process(endpoint).await;
    for number in 0..20 {
        let phone = format!("+1415555{:04}", 100 + number);
        process.ghl.create_contact(&json!({ "firstName": format!("P{number}"), "phone": phone })).unwrap();
    }
    eventually("the contacts", LIMIT, || (process.openphone.contacts().len() == 20).then_some(())).await;
    let dropped = "tandem_spans_dropped_total";
    let until = Instant::now() + LIMIT;
    while process.metric(dropped).await.unwrap_or_default() == 0.0 {
        assert!(Instant::now() < until, "no span was given up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let stopping = Instant::now();
    assert!(process.stop().success());
    assert!(stopping.elapsed() < Duration::from_secs(8), "the end took {:?}", stopping.elapsed());
    let told = process.output().iter().filter(|line| line.contains("spans can't be exported")).count();
    assert_eq!(told, 1, "{:#?}", process.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_holds_up_nothing() {
    works_without(format!("http://127.0.0.1:{}", free_port())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_holds_up_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    works_without(format!("http://{}", silent.local_addr().unwrap())).await;
}
