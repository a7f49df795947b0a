//! A disk that is full or read-only: webhooks are asked to come back, nothing is stored half, and it goes on by itself.

mod small_disk;

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tandem_embedded::{Database, Options};
use tandem_ingest::{Config, Connection, Deps, Sink};
use tandem_limits::Limits;
use tandem_proto::{ConnectionId, Consumer, Envelope};
use tandem_providers::ghl::PublicKey;
use tandem_queue::{Queue, Settings};
use tandem_service::{Health, Supervisor};
use tandem_telemetry::Metrics;
use tandem_testkit::eventually;
use tandem_tests::{Process, ProcessOptions, Signer, http, quick_ghl};
use tandem_twins::{GhlConfig, GhlTwin};

use crate::kill::judge::differences;
use small_disk::SmallDisk;

const LIMIT: Duration = Duration::from_mins(1);
const SEED: [u8; 32] = [7; 32];

/// Enough text that a small disk is soon full.
fn person(number: usize) -> serde_json::Value {
    json!({ "firstName": format!("Ana{number}"), "lastName": "Example", "companyName": "x".repeat(2_000) })
}

fn refused(ghl: &GhlTwin) -> u64 {
    ghl.report().webhooks.by_status.get(&429).copied().unwrap_or_default()
}

async fn status(address: std::net::SocketAddr, path: &str) -> Option<u16> {
    Some(http::send(address, &format!("GET {path}"), &[], b"").await.ok()?.status)
}

async fn has_status(address: std::net::SocketAddr, path: &str, wanted: u16) {
    let what = format!("{path} answers {wanted}");
    eventually(&what, LIMIT, async || status(address, path).await.filter(|status| *status == wanted)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_is_answered_429_and_forgotten_once_there_is_room() {
    let Some(disk) = SmallDisk::mount(3) else { return };
    let mut process = on(&disk).await;
    process.up();
    let mut people = 0;
    fill(&process, &disk, &mut people).await;

    has_status(process.address, "/ready", 503).await;
    has_status(process.address, "/live", 200).await;
    told_to_come_back(&process).await;
    let lines = process.output();
    let line = lines.iter().find(|line| line.contains("are answered 429")).unwrap();
    assert!(line.contains("ERROR") && line.contains("full"), "{line}");

    disk.free();
    has_status(process.address, "/ready", 200).await;
    all_arrived(&process, people).await;
    assert!(process.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_again_on_a_full_disk_it_loses_nothing() {
    let Some(disk) = SmallDisk::mount(3) else { return };
    let mut process = on(&disk).await;
    process.up();
    let mut people = 0;
    fill(&process, &disk, &mut people).await;
    process.kill();
    process.spawn();
    process.ghl.create_contact(&person(people)).unwrap();
    people += 1;
    // It may come up, or end with an error and be started again by whoever looks after it.
    let came_up = eventually("it comes up or ends", LIMIT, async || {
        let is_up = status(process.address, "/live").await.is_some();
        let said = process.output().iter().any(|line| line.contains("opening the"));
        (is_up || said).then_some(is_up)
    });
    let came_up = came_up.await;
    disk.free();
    if !came_up {
        assert_eq!(process.wait().code(), Some(1));
        process.up();
    }
    all_arrived(&process, people).await;
    assert!(process.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_disk_is_refused_at_the_start_with_a_clear_error() {
    let Some(disk) = SmallDisk::mount(3) else { return };
    let mut process = on(&disk).await;
    process.up();
    process.ghl.create_contact(&person(0)).unwrap();
    all_arrived(&process, 1).await;
    assert!(process.stop().success());

    disk.read_only(true);
    process.spawn();
    process.ghl.create_contact(&person(1)).unwrap();
    assert_eq!(process.wait().code(), Some(1));
    let lines = process.output().join("\n");
    assert!(lines.contains(&disk.path().display().to_string()), "it doesn't name the folder: {lines}");
    assert!(lines.to_lowercase().contains("read-only") || lines.contains("readonly"), "nor the reason: {lines}");

    disk.read_only(false);
    process.up();
    all_arrived(&process, 2).await;
    assert!(process.stop().success());
}

async fn on(disk: &SmallDisk) -> Process {
    Process::prepare(ProcessOptions {
        ghl: Some(GhlConfig { signing_seed: Some(SEED), ..quick_ghl() }),
        environment: vec![("TANDEM_DATA_DIR", disk.path().display().to_string())],
        is_unthrottled: true,
        ..ProcessOptions::default()
    })
    .await
    .unwrap()
}

/// Fills the disk, and lets people work until a webhook is refused: room inside the database's files is still used.
async fn fill(process: &Process, disk: &SmallDisk, people: &mut usize) {
    process.ghl.create_contact(&person(*people)).unwrap();
    *people += 1;
    all_arrived(process, *people).await;
    eventually("a webhook is refused", LIMIT, || {
        disk.fill();
        process.ghl.create_contact(&person(*people)).unwrap();
        *people += 1;
        ready((refused(&process.ghl) > 0).then_some(()))
    })
    .await;
}

/// The answer to one delivery of our own, which has what the twin doesn't show.
async fn told_to_come_back(process: &Process) {
    let signer = Signer::new(SEED).unwrap();
    let numbers = AtomicUsize::new(0);
    let reply = eventually("a refusal of our own", LIMIT, async || {
        let id = format!("own-{}", numbers.fetch_add(1, Ordering::Relaxed));
        let body = json!({
            "type": "ContactUpdate", "locationId": "SandboxLocation00001", "id": "nobody", "webhookId": id,
            "companyName": "x".repeat(20_000),
        });
        let delivery = signer.delivery(body.to_string().as_bytes());
        let reply = http::Connection::open(process.address).await.ok()?.send(&delivery).await.ok()?;
        (reply.status == 429).then_some(reply)
    });
    let reply = reply.await;
    assert_eq!(reply.header("retry-after"), Some("10"), "{reply:?}");
    assert!(!reply.body.to_lowercase().contains("sql"), "{reply:?}");
}

/// Every webhook was accepted in the end, and everybody is in OpenPhone once.
async fn all_arrived(process: &Process, people: usize) {
    assert!(process.ghl.webhooks_idle(LIMIT).await, "webhooks are still on their way: {:?}", process.ghl.report());
    eventually("both sides are equal", LIMIT, async || {
        differences(&process.ghl, &process.openphone).is_empty().then_some(())
    })
    .await;
    let (ghl, openphone) = (process.ghl.report(), process.openphone.report());
    assert_eq!(ghl.webhooks.given_up, 0);
    assert_eq!(openphone.writes.created_by_api, people as u64);
    assert_eq!((openphone.duplicates, openphone.wiped), (vec![], vec![]));
}

/// Needs no mount: the database is told to be small.
#[tokio::test(flavor = "multi_thread")]
async fn full_database_is_answered_429_and_every_event_is_there_once_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { dir: folder.path().to_owned(), max_pages: Some(100) };
    let queue = Queue::embedded(&Database::open(&options).unwrap(), Settings::default()).unwrap();
    let ghl = GhlTwin::start(quick_ghl()).await.unwrap();
    let (address, _supervisor) = serve(&ghl, &queue).await;
    ghl.set_webhook_url(Some(format!("http://{address}/webhooks/ghl")));
    has_status(address, "/ready", 200).await;

    let mut people = BTreeSet::new();
    eventually("a webhook is refused", LIMIT, || {
        people.insert(ghl.create_contact(&person(people.len())).unwrap());
        ready((refused(&ghl) > 0).then_some(()))
    })
    .await;
    has_status(address, "/ready", 503).await;

    let mut found = Vec::new();
    while found.len() < people.len() {
        let taken = queue.pull(Consumer::MapperLive, 10, LIMIT).await.unwrap();
        assert!(!taken.is_empty(), "events are missing: {} of {}", found.len(), people.len());
        for delivery in taken {
            found.push(Envelope::decode(&delivery.message.body).unwrap().header.subject);
            delivery.ack().await.unwrap();
        }
    }
    assert!(ghl.webhooks_idle(LIMIT).await);
    has_status(address, "/ready", 200).await;
    assert!(queue.pull(Consumer::MapperLive, 10, Duration::ZERO).await.unwrap().is_empty(), "stored twice");
    assert_eq!((found.len(), found.into_iter().collect::<BTreeSet<_>>()), (people.len(), people));
}

/// Ingest and the health routes, as the pipeline puts them together.
async fn serve(ghl: &GhlTwin, queue: &Queue) -> (std::net::SocketAddr, Supervisor) {
    let config = Config {
        connections: vec![Connection {
            id: ConnectionId::new("acme").unwrap(),
            location_id: "SandboxLocation00001".to_owned(),
            openphone_secrets: vec![],
        }],
        ghl_keys: vec![PublicKey::from_pem(&ghl.public_key_pem()).unwrap()],
        ghl_app_id: None,
        max_in_flight: 64,
    };
    let metrics = Metrics::new();
    let mut supervisor = Supervisor::new(Duration::from_secs(1));
    let asked = queue.clone();
    let health = Health::new(metrics.clone(), supervisor.readiness()).check("queue", move || {
        let queue = asked.clone();
        async move { queue.healthy().await }
    });
    let sink = Sink::direct(queue.clone());
    let deps = Deps { sink, limits: Limits::in_process(), metrics, tokens: None, hooks: None };
    let routes = tandem_ingest::router(config, deps).merge(health.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    supervisor.start("ingest", tandem_service::serve(listener, routes, supervisor.shutdown()));
    (address, supervisor)
}
