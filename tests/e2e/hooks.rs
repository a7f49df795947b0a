//! A connection without configured webhook secrets: Tandem makes the OpenPhone webhook itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tandem::Part;
use tandem_providers::openphone::API_VERSION;
use tandem_tests::{Cluster, ClusterOptions, Parrot, Process, ProcessOptions, eventually, http};
use tandem_twins::{GhlTwin, OpenPhoneTwin};

const LIMIT: Duration = Duration::from_secs(30);
/// 32 bytes.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const ACCEPTED: &str = "tandem_events_accepted_total{provider=\"openphone\"}";
const FINE: &str = "tandem_webhook_checks_total{outcome=\"fine\"}";
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
    counted("the webhook to be made", address, &[MENDED]).await;
}

/// Waits until one of these has counted.
async fn counted(what: &str, address: SocketAddr, series: &[&str]) {
    tandem_testkit::eventually(what, LIMIT, async || {
        for one in series {
            if http::metric(address, one).await.unwrap_or_default() >= 1.0 {
                return Some(());
            }
        }
        None
    })
    .await;
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

/// The secrets that the provider told, the oldest first.
fn told(parrot: &Parrot) -> Vec<String> {
    let heard = parrot.heard();
    let bodies = heard.iter().filter_map(|(_, answer)| answer.split_once("\r\n\r\n"));
    let bodies = bodies.filter_map(|(_, body)| serde_json::from_str::<Value>(body).ok());
    let secret = |body: Value| {
        let text = body.to_string();
        let secret = text.split_once("whsec_")?.1;
        Some(secret.chars().take_while(|one| one.is_ascii_alphanumeric() || "+/=".contains(*one)).collect())
    };
    bodies.filter_map(secret).collect()
}

/// What a delivery that is signed with this is answered.
async fn answered(address: SocketAddr, secret: &str, id: &str) -> u16 {
    let body =
        json!({ "id": id, "type": "contact.updated", "data": { "resource": { "id": "6a145ff26212a192852c856e" } } });
    let (body, seconds) = (body.to_string(), std::time::UNIX_EPOCH.elapsed().unwrap().as_secs());
    let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64_STANDARD.decode(secret).unwrap());
    let tag = hmac::sign(&key, format!("{id}.{seconds}.{body}").as_bytes());
    let (signature, time) = (format!("v1,{}", BASE64_STANDARD.encode(tag)), seconds.to_string());
    let headers = [("webhook-id", id), ("webhook-timestamp", &time), ("webhook-signature", &signature)];
    http::send(address, "POST /webhooks/openphone/acme", &headers, body.as_bytes()).await.unwrap().status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_gone_is_made_again_and_both_secrets_are_taken() {
    let mut process = Process::prepare(ProcessOptions::default()).await.unwrap();
    forget_secret(process.folder.path());
    reachable_at(process.address, &mut process.environment);
    let parrot = Parrot::before(process.openphone.address()).await.unwrap();
    process.environment.insert("TANDEM_PROVIDERS__OPENPHONE__BASE_URL".to_owned(), parrot.url());
    process.openphone.set_webhook_url(None);
    process.up();
    is_made(process.address).await;
    let secrets = told(&parrot);
    let [first] = secrets.as_slice() else { panic!("{} secrets", secrets.len()) };
    assert_eq!(answered(process.address, first, "one").await, 200);

    // By somebody else; it is looked for at the start and every hour.
    let requests = process.openphone.requests();
    let path = requests.iter().find(|request| request.method == "PATCH").map(|request| request.path.clone()).unwrap();
    let line = format!("DELETE {path}");
    let version = API_VERSION;
    let headers = [("authorization", "sandbox-key"), ("quo-api-version", version.to_str().unwrap())];
    let removed = http::send(process.openphone.address(), &line, &headers, b"").await.unwrap();
    assert!((200..300).contains(&removed.status), "{removed:?}");
    for start in ["two", "three"] {
        process.kill();
        process.up();
        tandem_testkit::eventually("two secrets", LIMIT, async || (told(&parrot).len() == 2).then_some(())).await;
        let second = told(&parrot).pop().unwrap();
        assert_ne!(&second, first);
        let of = |which: &str| format!("{start}-{which}");
        tandem_testkit::eventually("the new one", LIMIT, async || {
            (answered(process.address, &second, &of("new")).await == 200).then_some(())
        })
        .await;
        assert_eq!(answered(process.address, first, &of("old")).await, 200, "deliveries may still be on their way");
        counted("a look", process.address, &[FINE, MENDED]).await;
        let nobodys = BASE64_STANDARD.encode([3; 32]);
        assert_eq!(answered(process.address, &nobodys, &of("nobody's")).await, 401);
    }
    assert_eq!(process.openphone.report().calls("POST /webhooks"), 2);
    is_told_of_edits((&process.ghl, &process.openphone), process.address).await;
}
