//! Webhooks of both twins: when they fire, what they say, how they are signed, retried, dropped and doubled.

use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tandem_twins::{
    Fault, Faults, GhlConfig, GhlTwin, On, OpenPhoneConfig, OpenPhoneTwin, RetryOn, RetryRules, WebhookFault,
};

use crate::kit::{Arrived, Caller, LIMIT, LOCATION, Receiver, ghl, openphone, roomy};

async fn ghl_with_hook(config: GhlConfig) -> (GhlTwin, Caller, Receiver) {
    let receiver = Receiver::start().await;
    let (twin, caller) = ghl(GhlConfig { rate: roomy(), webhook_url: Some(receiver.url.clone()), ..config }).await;
    (twin, caller, receiver)
}

async fn openphone_with_hook(mut config: OpenPhoneConfig) -> (OpenPhoneTwin, Caller, Receiver) {
    let receiver = Receiver::start().await;
    config.workspaces[0].webhook_url = Some(receiver.url.clone());
    let (twin, caller) = openphone(OpenPhoneConfig { rate: roomy(), ..config }).await;
    (twin, caller, receiver)
}

fn retries(on: RetryOn, times: u32) -> RetryRules {
    RetryRules { at_once: 1, ..RetryRules::doubling(on, Duration::from_millis(10), times) }
}

#[tokio::test]
async fn ghl_fires_one_event_per_kind_of_change() {
    let config = GhlConfig { retries: retries(RetryOn::AnyFailure, 1), ..GhlConfig::default() };
    let (twin, caller, receiver) = ghl_with_hook(config).await;
    let made = caller.send("POST", "/contacts/", json!({ "locationId": LOCATION, "firstName": "Ana" })).await;
    let id = made.body["contact"]["id"].as_str().unwrap().to_owned();
    let path = format!("/contacts/{id}");
    caller.send("PUT", &path, json!({ "firstName": "Ana" })).await;
    caller.send("PUT", &path, json!({ "lastName": "Garcia" })).await;
    caller.send("POST", &format!("{path}/tags"), json!({ "tags": ["vip"] })).await;
    twin.set_dnd(&id, true).unwrap();
    twin.edit_contact(&id, &json!({ "city": "Springfield", "addTags": ["lead"] })).unwrap();
    caller.delete(&path).await;
    assert!(twin.webhooks_idle(LIMIT).await);
    let mut types = receiver.types();
    types.sort();
    let mut expected = [
        "ContactCreate",
        "ContactUpdate",
        "ContactTagUpdate",
        "ContactDndUpdate",
        "ContactUpdate",
        "ContactTagUpdate",
        "ContactDelete",
    ];
    expected.sort_unstable();
    assert_eq!(types, expected);
    let report = twin.report().webhooks;
    assert_eq!((report.events, report.accepted, report.under_way), (7, 7, 0));
}

#[tokio::test]
async fn a_clock_that_is_ahead_shows_in_answers_and_in_the_times_of_signatures() {
    let clock_ahead = SignedDuration::from_mins(10);
    let (twin, caller, receiver) =
        openphone_with_hook(OpenPhoneConfig { clock_ahead, ..OpenPhoneConfig::default() }).await;
    let (ghl, ghl_caller) = ghl(GhlConfig { clock_ahead, ..GhlConfig::default() }).await;
    let wanted = Timestamp::now() + clock_ahead;
    let is_near = |time: Timestamp| (time - wanted).abs() < SignedDuration::from_secs(30);
    for seen in [caller.get("/organization").await, ghl_caller.get("/contacts/?locationId=SandboxLocation00001").await]
    {
        let dates: Vec<_> = seen.headers.get_all("date").iter().collect();
        assert_eq!(dates.len(), 1, "{seen:?}");
        let date = DateTimeParser::new().parse_timestamp(dates[0].to_str().unwrap()).unwrap();
        assert!(is_near(date), "{date}");
    }
    twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let second = receiver.arrived()[0].headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    assert!(is_near(Timestamp::from_second(second).unwrap()), "{second}");
    ghl.shutdown().await;
}

#[tokio::test]
async fn ghl_signs_the_raw_body_with_its_key() {
    let (twin, _caller, receiver) = ghl_with_hook(GhlConfig::default()).await;
    twin.create_contact(&json!({ "firstName": "Zoë", "tags": ["VIP"] })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let arrived = receiver.arrived().remove(0);
    let pem = twin.public_key_pem();
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(base64).unwrap();
    let key = UnparsedPublicKey::new(&ED25519, &der[der.len() - 32..]);
    let signature = STANDARD.decode(arrived.headers["x-ghl-signature"].as_bytes()).unwrap();
    key.verify(&arrived.raw, &signature).unwrap();
    assert!(key.verify(&[&arrived.raw[..], b" "].concat(), &signature).is_err());

    let body = &arrived.body;
    assert_eq!((&body["locationId"], &body["appId"]), (&json!(LOCATION), &json!("6878cec452e7c8d29d4dd3d9")));
    assert_eq!(body["webhookId"].as_str().unwrap().split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    assert!(body.get("data").is_none() && body.get("dateUpdated").is_none(), "flat, and without an update time");
    assert_eq!(body["tags"], json!(["vip"]));
}

#[tokio::test]
async fn sparse_bodies_leave_out_what_is_empty() {
    let (twin, _caller, receiver) = ghl_with_hook(GhlConfig { sparse_webhooks: true, ..GhlConfig::default() }).await;
    twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let body = receiver.arrived().remove(0).body;
    assert!(body.get("lastName").is_none() && body.get("tags").is_none() && body.get("email").is_none());
    assert_eq!(body["dnd"], false);
}

#[tokio::test]
async fn a_retry_repeats_id_and_body() {
    let config = GhlConfig { retries: retries(RetryOn::AnyFailure, 5), ..GhlConfig::default() };
    let (twin, _caller, receiver) = ghl_with_hook(config).await;
    receiver.answer_next(&[500, 302, 429]);
    twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let arrived = receiver.arrived();
    assert_eq!(arrived.len(), 4);
    assert!(arrived.iter().all(|one| one.raw == arrived[0].raw));
    let report = twin.report().webhooks;
    assert_eq!((report.events, report.attempts, report.accepted, report.given_up), (1, 4, 1, 0));
    assert_eq!((report.by_status[&500], report.by_status[&429]), (1, 1));
}

#[tokio::test]
async fn the_old_policy_retries_429_only() {
    let config = GhlConfig { retries: retries(RetryOn::OnlyTooMany, 5), ..GhlConfig::default() };
    let (twin, _caller, receiver) = ghl_with_hook(config).await;
    receiver.answer_next(&[429, 503]);
    twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(receiver.arrived().len(), 2);
    assert_eq!(twin.report().webhooks.given_up, 1);
}

#[tokio::test]
async fn retries_end() {
    let config = GhlConfig { retries: retries(RetryOn::AnyFailure, 2), ..GhlConfig::default() };
    let (twin, _caller, receiver) = ghl_with_hook(config).await;
    receiver.answer_next(&[500; 10]);
    twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(receiver.arrived().len(), 3);
    assert_eq!(twin.report().webhooks.given_up, 1);
}

fn verifies(arrived: &Arrived, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let header = |name: &str| arrived.headers[name].to_str().unwrap();
    let mut text = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp")).into_bytes();
    text.extend_from_slice(&arrived.raw);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    header("webhook-signature").split(' ').any(|entry| {
        let signature = STANDARD.decode(entry.strip_prefix("v1,").unwrap()).unwrap();
        hmac::verify(&key, &text, &signature).is_ok()
    })
}

#[tokio::test]
async fn openphone_fires_updated_on_create_and_change_and_signs_by_standard_webhooks() {
    let mut config = OpenPhoneConfig { retries: retries(RetryOn::AnyFailure, 3), ..OpenPhoneConfig::default() };
    let old = "whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0".to_owned();
    config.workspaces[0].webhook_secrets.push(old.clone());
    let current = config.workspaces[0].webhook_secrets[0].clone();
    let (twin, caller, receiver) = openphone_with_hook(config).await;
    receiver.answer_next(&[500]);
    let body = json!({ "defaultFields": { "firstName": "Ana", "phoneNumbers": [{ "name": "m", "value": "4155550100" }] },
        "customFields": [{ "key": "tags", "value": ["vip"] }] });
    let made = caller.send("POST", "/v1/contacts", body).await;
    let id = made.body["data"]["id"].as_str().unwrap().to_owned();
    assert!(twin.webhooks_idle(LIMIT).await);
    twin.edit_contact(&id, &json!({ "lastName": "Garcia" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    caller.delete(&format!("/contacts/{id}")).await;
    assert!(twin.webhooks_idle(LIMIT).await);
    let arrived = receiver.arrived();
    assert_eq!(receiver.types(), ["contact.updated", "contact.updated", "contact.updated", "contact.deleted"]);
    assert_eq!(arrived[0].headers["webhook-id"], arrived[1].headers["webhook-id"], "the retry keeps its id");
    assert_ne!(arrived[1].headers["webhook-id"], arrived[2].headers["webhook-id"]);
    assert!(arrived.iter().all(|one| verifies(one, &current) && verifies(one, &old)));
    assert!(!verifies(&arrived[0], "whsec_bm90LXRoZS1zZWNyZXQ="));

    let resource = &arrived[0].body["data"]["resource"];
    assert_eq!(resource["id"], id.as_str());
    assert_eq!(resource["phoneNumbers"], json!([{ "value": "+14155550100", "type": "phone-number" }]));
    assert_eq!(resource["customFields"][0]["value"], json!(["vip"]));
    assert_eq!(arrived[0].body["data"]["links"], json!({ "quo": null }));
}

#[tokio::test]
async fn contact_ids_can_be_prefixed_in_webhooks() {
    let (twin, _caller, receiver) =
        openphone_with_hook(OpenPhoneConfig { prefixed_webhook_ids: true, ..OpenPhoneConfig::default() }).await;
    let id = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(receiver.arrived()[0].body["data"]["resource"]["id"], format!("CT{id}"));
}

#[tokio::test]
async fn a_patch_that_changes_nothing_fires_nothing() {
    let (twin, caller, receiver) = openphone_with_hook(OpenPhoneConfig::default()).await;
    let id = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    caller.send("PATCH", &format!("/contacts/{id}"), json!({ "firstName": "Ana" })).await;
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(receiver.arrived().len(), 1);
}

fn webhook_ids(receiver: &Receiver) -> Vec<Value> {
    receiver.arrived().iter().map(|one| one.body["webhookId"].clone()).collect()
}

#[tokio::test]
async fn webhooks_are_dropped_doubled_and_delayed_on_demand() {
    let (twin, _caller, receiver) = ghl_with_hook(GhlConfig::default()).await;
    twin.faults(Faults::none().webhook(1.0, WebhookFault::Drop));
    twin.create_contact(&json!({ "firstName": "Dropped" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(receiver.arrived().len(), 0);

    twin.faults(Faults::none().webhook(1.0, WebhookFault::Double));
    twin.create_contact(&json!({ "firstName": "Doubled" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let ids = webhook_ids(&receiver);
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);

    let mut faults = Faults::none().webhook(1.0, WebhookFault::Delay { min_ms: 200, max_ms: 200 });
    faults.webhooks[0].times = Some(1);
    twin.faults(faults);
    twin.create_contact(&json!({ "firstName": "Late" })).unwrap();
    twin.create_contact(&json!({ "firstName": "Early" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let names: Vec<Value> = receiver.arrived()[2..].iter().map(|one| one.body["firstName"].clone()).collect();
    assert_eq!(names, [json!("Early"), json!("Late")]);
    let faults = twin.report().faults;
    assert_eq!((faults["webhook_drop"], faults["webhook_double"], faults["webhook_delay"]), (1, 1, 1));
}

#[tokio::test]
async fn writes_without_an_answer_fire_webhooks_too() {
    let (twin, caller, receiver) = ghl_with_hook(GhlConfig::default()).await;
    twin.faults(Faults::none().then(On::call("POST", "/contacts"), Fault::ResetAfter));
    let body = json!({ "locationId": LOCATION, "firstName": "Ana" });
    assert!(caller.try_send("POST", "/contacts/", Some(&body)).await.is_err());
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(receiver.types(), ["ContactCreate"]);
}
