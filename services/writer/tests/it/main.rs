//! The writer alone, against a provider that can't be reached.

#![expect(clippy::unwrap_used, reason = "test code")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tandem_contact::{PerSide, Side};
use tandem_credentials::GhlCredential;
use tandem_limits::{BudgetKey, BudgetRate, Limits};
use tandem_mapping::Mapping;
use tandem_outbound::{Client, ClientConfig};
use tandem_proto::topology::command_subject;
use tandem_proto::{ConnectionId, Consumer, Envelope, Header, Lane, Payload, RecordId, Stream, v1};
use tandem_providers::ghl::{ApiVersion, GhlView};
use tandem_providers::openphone::{OpenPhoneView, TagTarget};
use tandem_queue::{NewMessage, Queue, Settings};
use tandem_reconcile::{Document, Rules, Timing, adopt, hint};
use tandem_records::Records;
use tandem_store::{Expected, Store};
use tandem_telemetry::Metrics;
use tandem_writer::{Config, Connection, Deps, GhlSide, OpenPhoneSide};
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(30);

/// A connection whose providers are a port that nobody listens on.
fn connection(id: &ConnectionId, rules: &Rules, limits: &Limits) -> Connection {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = ClientConfig {
        base_url: format!("http://127.0.0.1:{port}").parse().unwrap(),
        timeout: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(1),
    };
    let client = Client::new(config).unwrap();
    let budget = BudgetKey("test".to_owned());
    limits.register(budget.clone(), BudgetRate { requests: 1000, per: Duration::from_secs(1), per_day: Some(5000) });
    let view = GhlView::plain("l1", "US", "https://app.example.com");
    let version = ApiVersion::new("2021-07-28").unwrap();
    let ghl = GhlSide {
        client: client.clone(),
        credential: GhlCredential::Private("t".to_owned().into()),
        connect_url: None,
        version,
        view,
        budget: budget.clone(),
    };
    let openphone = OpenPhoneSide {
        client,
        api_key: "k".to_owned().into(),
        view: OpenPhoneView::plain("US", TagTarget::NotRepresentable),
        budget,
    };
    Connection::new(id.clone(), Mapping::default(), (rules.clone(), None, None), ghl, openphone)
}

async fn publish_command(queue: &Queue, document: &Document) {
    let header = Header {
        id: "1".to_owned(),
        source: "mapper".to_owned(),
        connection: document.connection.clone(),
        ..Header::default()
    };
    let command = v1::Command { record_id: document.id.to_string(), lane: v1::Lane::Live.into(), is_firing: false };
    let message = NewMessage {
        stream: Stream::Commands,
        lane: Lane::Live,
        subject: command_subject(Lane::Live, &document.connection, &document.id),
        id: header.message_id(),
        body: Envelope { header, payload: Payload::Command(command) }.encode().into(),
    };
    queue.publish(message).await.unwrap();
}

/// A writer with one command in its queue.
struct Bench {
    acme: ConnectionId,
    document: Document,
    queue: Queue,
    limits: Limits,
    deps: Deps,
}

impl Bench {
    async fn new() -> Self {
        let rules = Mapping::default().rules(PerSide { ghl: Timing::default(), openphone: Timing::default() });
        let (queue, limits, metrics) = (Queue::memory(Settings::default()), Limits::in_process(), Metrics::new());
        let (records, acme) = (Records::new(Store::memory()), ConnectionId::new("acme").unwrap());
        let now = Timestamp::now();
        let mut document = Document::new(acme.clone(), RecordId::new("r1").unwrap(), now);
        adopt(&mut document, &rules, Side::Ghl, "c1", now);
        hint(&mut document, Side::Ghl);
        records.save(&document, Expected::Absent).await.unwrap();
        publish_command(&queue, &document).await;
        let connections = BTreeMap::from([(acme.clone(), Arc::new(connection(&acme, &rules, &limits)))]);
        let deps = Deps {
            queue: queue.clone(),
            records,
            limits: limits.clone(),
            metrics,
            connections,
            rehearsal: None,
            notifier: None,
            shutdown: CancellationToken::new(),
        };
        Self { acme, document, queue, limits, deps }
    }
}

#[tokio::test(start_paused = true)]
async fn who_stops_does_not_wait_for_a_slot_and_gives_the_command_back() {
    let bench = Bench::new().await;
    let begun = tokio::time::Instant::now();
    // Soon enough to wait for.
    bench.limits.cool_down(&BudgetKey("test".to_owned()), begun + Duration::from_secs(9)).await;
    let writer = tokio::spawn(tandem_writer::run(Config::default(), bench.deps.clone()));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!writer.is_finished());
    bench.deps.shutdown.cancel();
    writer.await.unwrap().unwrap();
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(3) && took < Duration::from_secs(5), "ended after {took:?}");
    let again = bench.queue.pull(Consumer::WriterLive, 1, Duration::from_secs(1)).await.unwrap();
    assert_eq!(again.len(), 1, "whoever has a slot goes on with it");
    let record = bench.deps.records.load(&bench.acme, &bench.document.id).await.unwrap().unwrap().document;
    assert_eq!(record.attempts, 0, "it was nobody's fault");
}

#[tokio::test]
async fn a_command_that_fails_every_time_becomes_a_dead_letter_and_its_record_stays_as_it_is() {
    let Bench { acme, document, queue, deps, .. } = Bench::new().await;
    let (records, metrics, stop) = (deps.records.clone(), deps.metrics.clone(), deps.shutdown.clone());
    let config =
        Config { max_attempts: 3, backoff: (Duration::from_millis(1), Duration::from_millis(5)), ..Config::default() };
    let writer = tokio::spawn(tandem_writer::run(config, deps));

    let until = Instant::now() + LIMIT;
    let letter = loop {
        if let Some(letter) = queue.browse(Stream::Dead, 0, 10).await.unwrap().pop() {
            break letter;
        }
        assert!(Instant::now() < until, "no dead letter after {LIMIT:?}");
        tokio::task::yield_now().await;
    };
    stop.cancel();
    writer.await.unwrap().unwrap();
    let Payload::DeadLetter(letter) = Envelope::decode(&letter.body).unwrap().payload else { panic!("no dead letter") };
    assert_eq!((letter.stage.as_str(), letter.code.as_str()), ("writer", "attempts_exhausted"));
    assert!(letter.reason.contains("no connection to the provider"), "{}", letter.reason);
    let record = records.load(&acme, &document.id).await.unwrap().unwrap().document;
    assert!(record.hint.ghl, "what has to be done is still noted");
    assert_eq!(record.attempts, 3);

    let told = metrics.encode();
    for (series, wanted) in [
        (r#"tandem_dead_letters_total{stage="writer",code="attempts_exhausted"}"#, 1..=1),
        (r#"tandem_provider_requests_total{provider="ghl",operation="GET /contacts/{id}",status="none"}"#, 4..=4),
        (r#"tandem_stage_lag_seconds_count{stage="writer",lane="live"}"#, 1..=1),
        (r#"tandem_limiter_remaining_today{provider="openphone"}"#, 4990..=5000),
    ] {
        let value = told.lines().find_map(|line| line.strip_prefix(series)?.trim().parse::<u64>().ok());
        assert!(value.is_some_and(|value| wanted.contains(&value)), "{series} is {value:?}, not {wanted:?}");
    }
}
