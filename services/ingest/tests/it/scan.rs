//! Scans between both providers' stand-ins and a queue in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tandem_credentials::GhlCredential;
use tandem_ingest::{
    Ended, GhlReader, Job, OpenPhoneReader, ScanConfig, ScanConnection, ScanDeps, ScanKind, ask, keep_scans,
    scan_status,
};
use tandem_limits::{BudgetKey, BudgetRate, Limits};
use tandem_outbound::{Client, ClientConfig};
use tandem_proto::{ConnectionId, Consumer, Envelope, Lane, Payload, Stream, v1};
use tandem_providers::ghl::{self, ApiVersion};
use tandem_queue::{Delivery, Queue, Settings};
use tandem_records::Records;
use tandem_store::{Expected, Store};
use tandem_telemetry::Metrics;
use tandem_twins::{Access, Fault, GhlConfig, GhlTwin, On, OpenPhoneConfig, OpenPhoneTwin, Rate, Scripted};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::eventually::eventually;

const LOCATION: &str = "SandboxLocation00001";

struct World {
    ghl: GhlTwin,
    openphone: OpenPhoneTwin,
    deps: ScanDeps,
    connection: ScanConnection,
    taken: Arc<Mutex<Vec<v1::Event>>>,
}

/// One process's part.
struct Keeper {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

/// Takes whatever is published, as the mapper would.
async fn take(queue: Queue, taken: Arc<Mutex<Vec<v1::Event>>>) {
    loop {
        for delivery in queue.pull(Consumer::MapperBulk, 50, Duration::from_secs(1)).await.unwrap() {
            taken.lock().unwrap().push(event_of(&delivery));
            delivery.ack().await.unwrap();
        }
    }
}

fn acme() -> ConnectionId {
    ConnectionId::new("acme").unwrap()
}

fn client(base_url: &str) -> Client {
    let seconds = Duration::from_secs(2);
    let config = ClientConfig { base_url: base_url.parse().unwrap(), timeout: seconds, connect_timeout: seconds };
    Client::new(config).unwrap()
}

fn event_of(delivery: &Delivery) -> v1::Event {
    let envelope = Envelope::decode(&delivery.message.body).unwrap();
    let Payload::Event(event) = envelope.payload else { panic!("no event") };
    assert_eq!((event.origin(), delivery.message.lane), (v1::Origin::Scan, Lane::Bulk));
    event
}

impl World {
    async fn start() -> Self {
        let rate = Rate { requests: 1000, per: Duration::from_secs(1), per_day: None, enforce: true };
        let ghl = GhlTwin::start(GhlConfig { rate, ..GhlConfig::default() }).await.unwrap();
        let openphone = OpenPhoneTwin::start(OpenPhoneConfig { rate, ..OpenPhoneConfig::default() }).await.unwrap();
        let (store, queue) = (Store::memory(), Queue::memory(Settings::default()));
        let limits = Limits::in_process();
        let budget = BudgetKey("all".to_owned());
        limits.register(budget.clone(), BudgetRate { requests: 500, per: Duration::from_secs(1), per_day: None });
        let records = Records::new(store.clone());
        let reader = GhlReader {
            client: client(&ghl.base_url()),
            credential: GhlCredential::Private("pit-sandbox".into()),
            version: ApiVersion::new("2021-07-28").unwrap(),
            location: ghl::Id::new(LOCATION).unwrap(),
            names_fields: false,
            budget: budget.clone(),
        };
        let openphone_reader =
            OpenPhoneReader { client: client(&openphone.base_url()), api_key: "sandbox-key".into(), budget };
        let connection = ScanConnection { id: acme(), ghl: reader, openphone: openphone_reader };
        let deps = ScanDeps { store, records, queue, limits, metrics: Metrics::new() };
        Self { ghl, openphone, deps, connection, taken: Arc::default() }
    }

    /// With somebody who takes the events.
    async fn start_taking() -> Self {
        let world = Self::start().await;
        world.take_events();
        world
    }

    /// Somebody in the mapper's place takes all events.
    fn take_events(&self) {
        tokio::spawn(take(self.deps.queue.clone(), Arc::clone(&self.taken)));
    }

    fn people(&self, count: usize) {
        for number in 0..count {
            let name = format!("Person{number}");
            self.ghl.create_contact(&json!({ "firstName": name, "email": format!("p{number}@example.com") })).unwrap();
            self.openphone.create_contact(&json!({ "firstName": name })).unwrap();
        }
    }

    fn keep(&self, sweep_every: Option<Duration>) -> Keeper {
        let shutdown = CancellationToken::new();
        let config = ScanConfig { connections: vec![self.connection.clone()], sweep_every, is_alone: false };
        let task = tokio::spawn(keep_scans(config, self.deps.clone(), shutdown.clone()));
        Keeper { shutdown, task }
    }

    async fn ask(&self, kind: ScanKind) -> Job {
        ask(&self.deps.store, &acme(), kind, Timestamp::now()).await.unwrap().job
    }

    async fn job(&self) -> Job {
        scan_status(&self.deps.store, &self.deps.queue, &acme()).await.unwrap().job.unwrap()
    }

    async fn ended(&self) -> (Job, Ended) {
        eventually("the end of the scan", async || self.job().await.ended.is_some()).await;
        let job = self.job().await;
        let ended = job.ended.clone().unwrap();
        (job, ended)
    }

    /// How often each contact of a side came by EVENTS.
    fn events(&self, side: v1::Side) -> BTreeMap<String, usize> {
        let mut found = BTreeMap::new();
        for event in self.taken.lock().unwrap().iter().filter(|event| event.side() == side) {
            *found.entry(event.contact_id.clone()).or_default() += 1;
        }
        found
    }

    /// Changes what the store knows of the scan, as nobody would.
    async fn tamper(&self, change: impl Fn(&mut Value)) {
        let key = format!("scan/{}", acme());
        let entry = self.deps.store.get(&key).await.unwrap().unwrap();
        let mut record: Value = serde_json::from_slice(&entry.value).unwrap();
        change(&mut record);
        self.deps.store.put(&key, record.to_string(), Expected::Revision(entry.revision)).await.unwrap();
    }
}

impl Keeper {
    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_reads_and_everybody_is_stored_once() {
    let world = World::start_taking().await;
    world.people(130);
    let keepers = [world.keep(None), world.keep(None)];
    world.ask(ScanKind::Backfill).await;
    let (job, ended) = world.ended().await;
    assert_eq!((ended.failure, job.read.ghl.contacts, job.read.openphone.contacts), (None, 130, 130));
    assert_eq!((job.read.ghl.pages, job.read.openphone.pages), (4, 3), "the search, two full pages and the last");
    for side in [v1::Side::Ghl, v1::Side::Openphone] {
        let events = world.events(side);
        assert_eq!((events.len(), events.values().max()), (130, Some(&1)), "{side:?}");
    }
    let (ghl, openphone) = (world.ghl.report(), world.openphone.report());
    assert_eq!((ghl.requests, openphone.requests), (4, 3), "{:?} {:?}", ghl.by_template, openphone.by_template);
    for keeper in keepers {
        keeper.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_scan_goes_on_elsewhere_at_once() {
    let world = World::start_taking().await;
    world.people(10);
    let slow = Scripted::next(On::call("GET", "/contacts/"), Fault::Latency { min_ms: 1_500, max_ms: 1_500 });
    world.ghl.script(slow);
    let first = world.keep(None);
    world.ask(ScanKind::Backfill).await;
    eventually("the list is asked for", async || world.ghl.report().calls("GET /contacts/") == 1).await;
    first.stop().await;
    assert!(world.job().await.is_under_way());
    let stopped = std::time::Instant::now();
    let second = world.keep(None);
    let (_, ended) = world.ended().await;
    assert_eq!(ended.failure, None);
    assert!(stopped.elapsed() < Duration::from_secs(20), "the lease of the one that stopped was waited for");
    assert_eq!(world.ghl.report().calls("POST /contacts/search"), 1, "what was read is not read again");
    assert_eq!(world.ghl.report().calls("GET /contacts/"), 3);
    assert_eq!(world.events(v1::Side::Ghl).len(), 10);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_that_is_not_taken_any_more_begins_that_side_again() {
    let world = World::start_taking().await;
    world.people(120);
    let slow = Scripted::next(On::call("GET", "/v1/contacts"), Fault::Latency { min_ms: 1_500, max_ms: 1_500 });
    // The first page at once, the second slowly: there it is stopped.
    world.openphone.script(Scripted::next(On::call("GET", "/v1/contacts"), Fault::Latency { min_ms: 0, max_ms: 0 }));
    world.openphone.script(slow);
    let first = world.keep(None);
    world.ask(ScanKind::Backfill).await;
    eventually("the second page is asked for", async || world.openphone.report().calls("GET /v1/contacts") == 2).await;
    first.stop().await;
    world.tamper(|record| record["job"]["place"]["cursor"] = json!("forgotten")).await;
    let second = world.keep(None);
    let (job, ended) = world.ended().await;
    assert_eq!(ended.failure, None, "{job:?}");
    let events = world.events(v1::Side::Openphone);
    assert_eq!((events.len(), events.values().max()), (120, Some(&1)), "the queue drops what it has");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waiting_does_not_mend_ends_it_with_the_reason_and_leaves_nothing_behind() {
    let world = World::start_taking().await;
    world.people(5);
    let keeper = world.keep(None);
    assert!(world.openphone.set_access(None, Access { lapsed: true, ..Access::default() }));
    world.ask(ScanKind::Sweep).await;
    let (_, ended) = world.ended().await;
    assert!(ended.failure.as_deref().is_some_and(|why| why.contains("the subscription is not active")), "{ended:?}");
    assert_eq!(world.ghl.report().requests, 0);

    // A key that is refused may be replaced: that is waited for.
    assert!(world.openphone.set_access(None, Access { revoked: true, ..Access::default() }));
    world.ask(ScanKind::Sweep).await;
    eventually("the refusal is known", async || world.job().await.trouble.is_some()).await;
    assert!(world.job().await.trouble.unwrap().contains("check the connection's credential"));
    assert!(world.openphone.set_access(None, Access::default()));
    let (job, ended) = world.ended().await;
    assert_eq!((ended.failure, job.trouble, job.read.ghl.contacts), (None, None, 5));
    eventually("pages are let go", async || world.deps.store.count("scan-page/").await.unwrap() == 0).await;
    keeper.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_read_while_thousands_of_contacts_wait() {
    let world = World::start().await;
    world.people(3);
    for number in 0..5_001 {
        let id = format!("waiting:{number}");
        let message = tandem_queue::NewMessage {
            stream: Stream::Events,
            lane: Lane::Bulk,
            subject: "event.bulk.acme.ghl".to_owned(),
            id: tandem_proto::MessageId(id),
            body: Vec::new().into(),
        };
        world.deps.queue.publish(message).await.unwrap();
    }
    let keeper = world.keep(None);
    world.ask(ScanKind::Backfill).await;
    eventually("the scan waits", async || world.job().await.trouble.is_some()).await;
    assert_eq!(world.openphone.report().requests, 0);
    // Room enough for OpenPhone; GHL is not looked at before all of that is known.
    let take = async |count: usize| {
        for delivery in world.deps.queue.pull(Consumer::MapperBulk, count, Duration::ZERO).await.unwrap() {
            delivery.ack().await.unwrap();
        }
    };
    take(10).await;
    eventually("the search", async || world.ghl.report().calls("POST /contacts/search") == 1).await;
    eventually("the scan waits again", async || world.job().await.trouble.is_some()).await;
    assert_eq!(world.ghl.report().calls("GET /contacts/"), 0);
    take(10_000).await;
    eventually("GHL is read", async || world.ghl.report().calls("GET /contacts/") == 2).await;
    take(10).await;
    assert_eq!(world.ended().await.1.failure, None);
    keeper.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_due_comes_by_itself_and_plans_the_next() {
    let world = World::start_taking().await;
    world.people(2);
    let day = Duration::from_hours(24);
    let keeper = world.keep(Some(day));
    let key = format!("scan/{}", acme());
    eventually("the first sweep is planned", async || world.deps.store.get(&key).await.unwrap().is_some()).await;
    keeper.stop().await;
    world.tamper(|record| record["sweep_due"] = json!(Timestamp::now())).await;
    let keeper = world.keep(Some(day));
    eventually("a sweep", async || {
        scan_status(&world.deps.store, &world.deps.queue, &acme()).await.unwrap().job.is_some()
    })
    .await;
    let (job, ended) = world.ended().await;
    assert_eq!((job.kind, ended.failure), (ScanKind::Sweep, None));
    world
        .tamper(|record| {
            let due: Timestamp = serde_json::from_value(record["sweep_due"].clone()).unwrap();
            let wait = due.duration_since(Timestamp::now()).as_hours();
            assert!((21..=27).contains(&wait), "the next one is due in {wait} hours");
        })
        .await;
    keeper.stop().await;
}
