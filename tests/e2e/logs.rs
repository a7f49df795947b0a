//! What the program prints and shows never holds a secret or anything about a person, whatever goes wrong.

mod search;
mod whole;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tandem_testkit::Collector;
use tandem_tests::{Process, ProcessOptions, Signer, eventually, http, quick_ghl, quick_openphone};
use tandem_twins::{
    CustomField, Fault, GhlConfig, GhlLocation, On, OpenPhoneConfig, Scripted, UnknownOption, Workspace,
};

const LIMIT: Duration = Duration::from_secs(30);
const SEED: [u8; 32] = [9; 32];
/// In every secret and in everything about the person, so that one word finds all of them.
const CANARY: &str = "canary";
const TOKEN: &str = "pit-canary-token-41c9";
const KEY: &str = "canary-api-key-88d0";
const SECRET: &[u8] = b"canary-webhook-secret-0123456789";
/// The end of the person's phone number.
const PHONE: &str = "5550177";

fn secret() -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(SECRET))
}

fn person() -> Value {
    json!({
        "firstName": "Canaryna", "lastName": "Van Canary", "companyName": "Canary & Sons", "phone": "(415) 555-0177",
        "email": "Canary.Person@example.com", "tags": ["customer"],
    })
}

fn options(format: &str, collector: &Collector) -> ProcessOptions {
    let mut workspace = Workspace::new(KEY);
    workspace.webhook_secrets = vec![secret()];
    workspace.custom_fields = vec![CustomField::tags(&["customer"], UnknownOption::Refuse)];
    let locations = vec![GhlLocation::new("SandboxLocation00001", TOKEN)];
    ProcessOptions {
        ghl: Some(GhlConfig { locations, signing_seed: Some(SEED), ..quick_ghl() }),
        openphone: Some(OpenPhoneConfig { workspaces: vec![workspace], ..quick_openphone() }),
        environment: vec![
            ("GHL_TOKEN", TOKEN.to_owned()),
            ("QUO_KEY", KEY.to_owned()),
            ("QUO_SECRET", secret()),
            ("TANDEM_TELEMETRY__LOG", "debug".to_owned()),
            ("TANDEM_TELEMETRY__LOG_FORMAT", format.to_owned()),
            ("TANDEM_TELEMETRY__OTLP_ENDPOINT", collector.url()),
        ],
        is_unthrottled: true,
        ..ProcessOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_log_holds_no_secret_and_nobody() {
    prints_no_canary("text").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_log_holds_no_secret_and_nobody() {
    prints_no_canary("json").await;
}

async fn prints_no_canary(format: &str) {
    let collector = Collector::start();
    let mut process = Process::start(options(format, &collector)).await.unwrap();
    let id = process.ghl.create_contact(&person()).unwrap();
    let first = has_first_name(&process, "Canaryna").await;
    assert!(first.to_string().contains("canary.person@example.com"), "the canaries are not on their way");

    let mut shown = every_bad_webhook(process.address).await;
    trouble_with_providers(&process, &id).await;
    refused_values(&process, &id).await;
    shown.push(http::send(process.address, "GET /metrics", &[], b"").await.unwrap().body);
    shown.push(http::send(process.address, "GET /ready", &[], b"").await.unwrap().body);
    refused_credentials(&mut process, &id).await;
    shown.push(http::send(process.address, "GET /metrics", &[], b"").await.unwrap().body);
    assert!(process.stop().success());
    secret_in_the_file(&mut process);

    shown.extend(spans(&collector));
    nothing_in(&process.output(), &shown);
}

/// Everything that was exported, of every kind of trouble.
fn spans(collector: &Collector) -> Vec<String> {
    let spans = collector.spans();
    let told: BTreeSet<&str> = spans.iter().map(|span| span.attribute("error.type")).collect();
    for expected in ["400", "401", "429", "500", "timeout"] {
        assert!(told.contains(expected), "no span tells of {expected}: {told:?}");
    }
    spans.into_iter().map(|span| span.whole).collect()
}

fn nothing_in(printed: &[String], shown: &[String]) {
    let is_debug = |line: &&String| line.contains("DEBUG");
    assert!(printed.iter().filter(is_debug).count() > 20, "not the debug log: {printed:#?}");
    assert!(printed.iter().any(|line| line.contains("accepted contact.created")), "{printed:#?}");
    for line in printed.iter().chain(shown) {
        let text = line.to_lowercase();
        let encoded = BASE64_STANDARD.encode(SECRET).to_lowercase();
        for canary in [CANARY, PHONE, "555-0177", &encoded] {
            assert!(!text.contains(canary), "{canary} in: {line}");
        }
    }
}

async fn has_first_name(process: &Process, name: &str) -> Value {
    let find = || process.openphone.contacts().into_iter().find(|one| one["defaultFields"]["firstName"] == name);
    eventually(name, LIMIT, find).await
}

/// Each is refused or skipped; returns what the sender was told.
async fn every_bad_webhook(address: SocketAddr) -> Vec<String> {
    let signer = Signer::new(SEED).unwrap();
    let body = |more: Value| {
        let mut body = person();
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body.to_string().into_bytes()
    };
    let ours =
        body(json!({ "type": "ContactUpdate", "locationId": "SandboxLocation00001", "webhookId": "w", "id": "x" }));
    let strange =
        body(json!({ "type": "ContactUpdate", "locationId": "canaryLocation", "webhookId": "w2", "id": "x" }));
    let large = body(json!({ "type": "ContactUpdate", "companyName": "canary".repeat(200_000) }));
    let ghl = "POST /webhooks/ghl";
    let requests = [
        http::render(ghl, &[], &ours),
        http::render(ghl, &[("x-ghl-signature", "canary signature")], &ours),
        http::render(ghl, &[("x-ghl-signature", &signer.sign(b"something else"))], &ours),
        signer.delivery(&strange),
        signer.delivery(&large),
        signer.delivery(br#"{"type":"ContactUpdate","firstName":"Canaryna"#),
        signer.delivery(br#"{"firstName":"Canaryna","phone":"+14155550177"}"#),
        signer.delivery(&body(json!({ "type": 5, "webhookId": ["canary"] }))),
        http::render("POST /webhooks/openphone/acme", &[("webhook-signature", "v1,canary")], &ours),
        http::render("POST /webhooks/openphone/canary-person", &[], &ours),
        http::render("POST /webhooks/openphone/acme", &[("openphone-signature", "hmac;1;1;canary")], &ours),
        http::render("POST /canary?email=canary.person@example.com", &[], b""),
    ];
    let mut told = Vec::new();
    for request in requests {
        let reply = http::Connection::open(address).await.unwrap().send(&request).await.unwrap();
        let is_skipped = reply.body.contains("skipped");
        assert!(is_skipped || (400..500).contains(&reply.status), "{reply:?}");
        told.push(reply.body);
    }
    told
}

/// Errors, resets, limits and silence on reads and writes.
async fn trouble_with_providers(process: &Process, id: &str) {
    let faults = [Fault::ErrorBefore, Fault::ResetBefore, Fault::TooMany { retry_after_secs: Some(1) }];
    for (number, fault) in faults.into_iter().enumerate() {
        process.ghl.script(Scripted::next(On::call("GET", "/contacts"), fault.clone()));
        process.openphone.script(Scripted::next(On::call("PATCH", "/v1/contacts"), fault));
        renamed(process, id, &format!("Canary{number}")).await;
    }
    for (number, fault) in [Fault::ErrorAfter, Fault::ResetAfter, Fault::TimeoutAfter].into_iter().enumerate() {
        process.openphone.script(Scripted::next(On::call("PATCH", "/v1/contacts"), fault));
        renamed(process, id, &format!("Canary1{number}")).await;
    }
}

async fn renamed(process: &Process, id: &str, name: &str) {
    process.ghl.edit_contact(id, &json!({ "firstName": name })).unwrap();
    has_first_name(process, name).await;
}

/// OpenPhone says no, in words that may repeat the value.
async fn refused_values(process: &Process, id: &str) {
    let before = process.openphone.report().answers(400);
    process.ghl.add_tags(id, &["canary-tag"]).unwrap();
    eventually("a refusal", LIMIT, || (process.openphone.report().answers(400) > before).then_some(())).await;
}

async fn refused_credentials(process: &mut Process, id: &str) {
    assert!(process.stop().success());
    for (name, value) in [("GHL_TOKEN", "pit-canary-old-token"), ("QUO_KEY", "canary-old-key")] {
        process.environment.insert(name.to_owned(), value.to_owned());
    }
    process.up();
    process.ghl.edit_contact(id, &json!({ "firstName": "Canarylate" })).unwrap();
    eventually("a 401", LIMIT, || (process.ghl.report().answers(401) > 0).then_some(())).await;
}

/// The complaint about a secret in the file doesn't repeat it.
fn secret_in_the_file(process: &mut Process) {
    let path = process.folder.path().join("tandem.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("${GHL_TOKEN}", "pit-canary-literal")).unwrap();
    process.spawn();
    assert_eq!(process.wait().code(), Some(64));
}
