//! A connection without configured webhook secrets: Tandem makes the OpenPhone webhook itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tandem::Part;
use tandem_tests::{Cluster, ClusterOptions, Process, ProcessOptions, eventually, http};
use tandem_twins::{GhlTwin, OpenPhoneTwin};

const LIMIT: Duration = Duration::from_secs(30);
/// 32 bytes.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const ACCEPTED: &str = "tandem_events_accepted_total{provider=\"openphone\"}";
const MENDED: &str = "tandem_webhook_checks_total{outcome=\"mended\"}";

/// Takes the secret out of the configuration.
fn forget_secret(folder: &Path) {
    let file = folder.join("tandem.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let bare = text.replace(", webhook_secrets: [\"${QUO_SECRET}\"]", "");
    assert_ne!(bare, text);
    std::fs::write(&file, bare).unwrap();
}

fn reachable_at(address: SocketAddr, environment: &mut BTreeMap<String, String>) {
    let more = [("TANDEM_ENCRYPTION_KEY", KEY.to_owned()), ("TANDEM_HTTP__PUBLIC_URL", format!("http://{address}"))];
    environment.extend(more.map(|(name, value)| (name.to_owned(), value)));
}

async fn across(openphone: &OpenPhoneTwin, check: impl Fn(&Value) -> bool) -> Value {
    eventually("the contact in OpenPhone", LIMIT, || openphone.contacts().into_iter().find(&check)).await
}

/// What people do in OpenPhone comes in, and the pair goes on.
async fn is_told_of_edits((ghl, openphone): (&GhlTwin, &OpenPhoneTwin), address: SocketAddr) {
    let accepted = async || http::metric(address, ACCEPTED).await.unwrap_or_default();
    let id = ghl.create_contact(&json!({ "firstName": "Jo", "lastName": "Park", "phone": "+14155550109" })).unwrap();
    let there = across(openphone, |contact| contact["defaultFields"]["firstName"] == "Jo").await;
    assert!(openphone.webhooks_idle(LIMIT).await);
    let before = accepted().await;
    openphone.edit_contact(there["id"].as_str().unwrap(), &json!({ "firstName": "Joanna" })).unwrap();
    assert!(openphone.webhooks_idle(LIMIT).await);
    assert!(accepted().await > before, "the edit in OpenPhone did not arrive");
    ghl.edit_contact(&id, &json!({ "lastName": "Parker" })).unwrap();
    let contact = across(openphone, |contact| contact["defaultFields"]["lastName"] == "Parker").await;
    assert_eq!(contact["defaultFields"]["firstName"], "Joanna");
}

async fn is_made(address: SocketAddr) {
    let limit = std::time::Instant::now() + LIMIT;
    while http::metric(address, MENDED).await.unwrap_or_default() < 1.0 {
        assert!(std::time::Instant::now() < limit, "no webhook was made");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_makes_its_webhook_and_keeps_it_over_a_kill() {
    let mut process = Process::prepare(ProcessOptions::default()).await.unwrap();
    forget_secret(process.folder.path());
    reachable_at(process.address, &mut process.environment);
    process.openphone.set_webhook_url(None);
    process.up();
    is_made(process.address).await;
    is_told_of_edits((&process.ghl, &process.openphone), process.address).await;
    process.kill();
    process.up();
    let contact = process.openphone.contacts().remove(0);
    process.openphone.edit_contact(contact["id"].as_str().unwrap(), &json!({ "firstName": "Josefa" })).unwrap();
    assert!(process.openphone.webhooks_idle(LIMIT).await);
    assert!(process.metric(ACCEPTED).await.unwrap_or_default() >= 1.0);
    let report = process.openphone.report();
    assert_eq!((report.calls("POST /webhooks"), report.calls("POST /webhooks/{webhookId}/rotate")), (1, 0));
    let printed = process.output().join("\n");
    assert!(printed.contains("the OpenPhone webhook of connection acme is made"), "{printed}");
    assert!(!printed.contains("whsec_"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_ingests_one_makes_the_webhook_and_both_take_what_it_delivers() {
    let services = [(Part::Ingest, 2), (Part::Mapper, 1), (Part::Writer, 1)];
    let mut cluster = Cluster::prepare(ClusterOptions { services, ..ClusterOptions::default() }).await.unwrap();
    forget_secret(cluster.folder.path());
    cluster.openphone.set_webhook_url(None);
    // The one that is delivered to need not be the one that made it.
    let address = cluster.first(Part::Ingest).address;
    for service in &mut cluster.services {
        reachable_at(address, &mut service.environment);
    }
    cluster.up().await;
    let webhooks = || cluster.openphone.report().calls("PATCH /webhooks/{webhookId}");
    eventually("the webhook", LIMIT, || (webhooks() > 0).then_some(())).await;
    is_told_of_edits((&cluster.ghl, &cluster.openphone), address).await;
    assert_eq!(cluster.openphone.report().calls("POST /webhooks"), 1);
}
