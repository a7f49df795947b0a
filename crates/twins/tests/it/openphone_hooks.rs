//! Webhooks that callers make: management, deliveries, rotation, and the older generation.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_twins::{Faults, WebhookFault};

use crate::kit::{Caller, LIMIT, Receiver, openphone};
use crate::openphone_kit::{ANA, NUMBER, SECOND, hook, of_type, office, verifies, verifies_legacy};

const URL: &str = "https://example.com/hook";

async fn post(caller: &Caller, path: &str) -> (u16, Value) {
    let seen = caller.try_send("POST", path, None).await.unwrap();
    (seen.status, seen.body)
}

#[tokio::test]
async fn webhooks_are_made_read_changed_and_deleted() {
    let (_twin, caller) = openphone(office()).await;
    let body = json!({ "url": URL, "events": ["contact.updated"], "label": "sync", "status": "disabled" });
    let made = caller.send("POST", "/webhooks", body).await.body["data"].clone();
    assert!(made["key"].as_str().unwrap().starts_with("whsec_"));
    assert!(made["id"].as_str().unwrap().chars().all(|c| c.is_ascii_digit()));
    assert_eq!((&made["resourceIds"], &made["apiVersion"]), (&json!(["*"]), &json!("2026-03-30")));
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let read = caller.get(&path).await.body["data"].clone();
    assert_eq!((&read["status"], &read["label"]), (&json!("disabled"), &json!("sync")));
    assert!(read.get("key").is_none(), "the key is shown once");
    assert_eq!(caller.get("/webhooks").await.body["data"], json!([read]));
    let change = json!({ "events": ["task.created"], "status": "enabled", "label": null, "resourceIds": [NUMBER] });
    let changed = caller.send("PATCH", &path, change).await.body["data"].clone();
    assert_eq!((&changed["events"], &changed["status"]), (&json!(["task.created"]), &json!("enabled")));
    assert_eq!((&changed["resourceIds"], &changed["label"]), (&json!([NUMBER]), &Value::Null));
    for cleared in [json!([]), Value::Null] {
        let seen = caller.send("PATCH", &path, json!({ "resourceIds": cleared })).await;
        assert_eq!(seen.body["data"]["resourceIds"], json!(["*"]));
    }
    assert_eq!(caller.delete(&path).await.status, 204);
    assert_eq!(caller.get(&path).await.status, 404);
}

#[tokio::test]
async fn bodies_are_checked_and_fifty_are_enough() {
    let (_twin, caller) = openphone(office()).await;
    for body in [
        json!({ "events": ["contact.updated"] }),
        json!({ "url": "no link", "events": ["contact.updated"] }),
        json!({ "url": URL, "events": [] }),
        json!({ "url": URL, "events": ["contact.created"] }),
        json!({ "url": URL, "events": ["call.completed"], "resourceIds": ["PNnone"] }),
        json!({ "url": URL, "events": ["call.completed"], "status": "paused" }),
    ] {
        assert_eq!(caller.send("POST", "/webhooks", body.clone()).await.status, 400, "{body}");
    }
    for _ in 0..50 {
        hook(&caller, URL, &["contact.updated"]).await;
    }
    let body = json!({ "url": URL, "events": ["contact.updated"] });
    assert_eq!(caller.send("POST", "/webhooks", body).await.status, 400);
}

#[tokio::test]
async fn a_webhook_gets_what_it_asked_for_under_an_id_of_its_own() {
    let (twin, caller) = openphone(office()).await;
    let (all, one) = (Receiver::start().await, Receiver::start().await);
    let (_, key) = hook(&caller, &all.url, &["contact.updated", "message.received"]).await;
    let body = json!({ "url": one.url, "events": ["contact.updated", "message.received"], "resourceIds": [SECOND] });
    let id = caller.send("POST", "/webhooks", body).await.body["data"]["id"].as_str().unwrap().to_owned();
    let contact = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    twin.create_message(&json!({ "participants": [ANA], "text": "Hi", "phoneNumberId": NUMBER })).unwrap();
    twin.delete_contact(&contact).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(of_type(&all.arrived(), "message.received").len(), 1);
    assert_eq!(one.types(), ["contact.updated"], "contacts are not bound to numbers, messages are");
    let (mine, other) = (&of_type(&all.arrived(), "contact.updated")[0], &one.arrived()[0]);
    assert_eq!(mine["id"], other.body["id"], "the event is shared");
    assert!(all.arrived().iter().all(|arrived| arrived.headers["webhook-id"] != other.headers["webhook-id"]));
    assert!(all.arrived().iter().all(|arrived| verifies(arrived, &key)));
    caller.send("PATCH", &format!("/webhooks/{id}"), json!({ "status": "disabled" })).await;
    twin.create_contact(&json!({ "firstName": "Ben" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(one.arrived().len(), 1);
}

#[tokio::test]
async fn after_a_rotation_both_keys_sign_for_a_while() {
    for (overlap, both) in [(Duration::from_hours(1), true), (Duration::ZERO, false)] {
        let mut config = office();
        config.rotation_overlap = overlap;
        let (twin, caller) = openphone(config).await;
        let receiver = Receiver::start().await;
        let (id, old) = hook(&caller, &receiver.url, &["contact.updated"]).await;
        let (status, body) = post(&caller, &format!("/webhooks/{id}/rotate")).await;
        assert_eq!(status, 200);
        let new = body["data"]["key"].as_str().unwrap().to_owned();
        assert_ne!(new, old);
        twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
        assert!(twin.webhooks_idle(LIMIT).await);
        let arrived = receiver.arrived().remove(0);
        assert_eq!((verifies(&arrived, &new), verifies(&arrived, &old)), (true, both));
    }
}

#[tokio::test]
async fn the_log_tells_of_failed_deliveries_and_a_retry_delivers_them() {
    let mut config = office();
    config.retries.waits = vec![Duration::from_millis(5)];
    let (twin, caller) = openphone(config).await;
    let receiver = Receiver::start().await;
    let (id, key) = hook(&caller, &receiver.url, &["contact.updated", "contact.deleted"]).await;
    receiver.answer_next(&[500, 503]);
    let contact = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let log = format!("/webhooks/{id}/events");
    let failed = caller.get(&format!("{log}?status=failed")).await.body["data"].clone();
    let row = &failed[0];
    assert_eq!((&row["eventType"], &row["resourceId"]), (&json!("contact.updated"), &json!(contact)));
    assert_eq!((failed.as_array().unwrap().len(), &row["nextAttemptAt"]), (1, &Value::Null));
    let delivery = row["id"].as_str().unwrap();
    assert_eq!(delivery, receiver.arrived()[0].headers["webhook-id"].to_str().unwrap());
    let one = format!("{log}/{delivery}");
    let detail = caller.get(&one).await.body["data"].clone();
    let codes: Vec<&Value> = detail["attempts"].as_array().unwrap().iter().map(|a| &a["responseStatusCode"]).collect();
    assert_eq!(codes, [&json!(500), &json!(503)]);
    assert_eq!(detail["requestBody"], receiver.arrived()[0].body);

    assert_eq!(post(&caller, &format!("{one}/retry")).await.0, 202);
    assert!(twin.webhooks_idle(LIMIT).await);
    let arrived = receiver.arrived();
    assert_eq!((arrived.len(), &arrived[2].headers["webhook-id"]), (3, &arrived[0].headers["webhook-id"]));
    assert!(verifies(&arrived[2], &key));
    let detail = caller.get(&one).await.body["data"].clone();
    assert_eq!(detail["attempts"][2]["triggerType"], "manual");
    assert_eq!(caller.get(&format!("{log}?status=success")).await.body["data"][0]["id"], delivery);
    assert_eq!(caller.get(&format!("{log}?eventType=contact.deleted")).await.body["data"], json!([]));
    assert_eq!(caller.get(&format!("{log}?status=lost")).await.status, 400);
    assert_eq!(post(&caller, &format!("{log}/msg_none/retry")).await.0, 404);
}

#[tokio::test]
async fn a_lost_delivery_is_in_the_log_as_failed() {
    let (twin, caller) = openphone(office()).await;
    let receiver = Receiver::start().await;
    let (id, _) = hook(&caller, &receiver.url, &["contact.updated"]).await;
    twin.faults(Faults::none().webhook(1.0, WebhookFault::Drop));
    twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    assert!(receiver.arrived().is_empty());
    let failed = caller.get(&format!("/webhooks/{id}/events?status=failed")).await;
    assert_eq!(failed.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn test_events_are_signed_and_shown() {
    let (twin, caller) = openphone(office()).await;
    let receiver = Receiver::start().await;
    let (id, key) = hook(&caller, &receiver.url, &["contact.updated"]).await;
    for kind in ["contact.updated", "task.created", "message.received", "call.summary.completed"] {
        let seen = caller.send("POST", &format!("/webhooks/{id}/events/test"), json!({ "eventType": kind })).await;
        assert_eq!((seen.status, &seen.body["type"]), (200, &json!(kind)));
        assert!(twin.webhooks_idle(LIMIT).await);
        let arrived = receiver.arrived().pop().unwrap();
        assert_eq!(arrived.body, seen.body);
        assert!(verifies(&arrived, &key));
    }
    let unknown = json!({ "eventType": "integration.created" });
    assert_eq!(caller.send("POST", &format!("/webhooks/{id}/events/test"), unknown).await.status, 400);
}

#[tokio::test]
async fn v1_webhooks_carry_messages_and_calls_in_the_older_form() {
    let (twin, caller) = openphone(office()).await;
    let (receiver, silent) = (Receiver::start().await, Receiver::start().await);
    let make = async |path: &str, url: &str, body: Value| {
        let mut whole = json!({ "url": url });
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        caller.send("POST", &format!("/v1/webhooks/{path}"), whole).await
    };
    let made = make("messages", &receiver.url, json!({ "events": ["message.received"], "resourceIds": ["*"] })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let (id, key) = (made.body["data"]["id"].as_str().unwrap(), made.body["data"]["key"].as_str().unwrap());
    assert!(id.starts_with("WH"));
    let calls = json!({ "events": ["call.completed"], "resourceIds": [NUMBER], "userId": "USben" });
    make("calls", &receiver.url, calls).await;
    make("calls", &silent.url, json!({ "events": ["call.completed"] })).await;
    assert_eq!(make("calls", &receiver.url, json!({ "events": ["contact.updated"] })).await.status, 400);
    assert_eq!(make("contacts", &receiver.url, json!({ "events": ["contact.updated"] })).await.status, 404);
    twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    twin.create_message(&json!({ "participants": [ANA], "text": "Hi" })).unwrap();
    twin.create_call(&json!({ "participants": [ANA], "duration": 5 })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let arrived = receiver.arrived();
    assert_eq!(arrived.len(), 2);
    assert!(silent.arrived().is_empty(), "made without numbers it delivers nothing");
    let message = arrived.iter().find(|one| one.body["type"] == "message.received").unwrap();
    assert_eq!((&message.body["apiVersion"], &message.body["data"]["object"]["text"]), (&json!("v4"), &json!("Hi")));
    assert!(verifies_legacy(message, key));
    assert!(message.headers.get("webhook-signature").is_none());
    let list = caller.get("/v1/webhooks").await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 2, "others' webhooks stay hidden");
    assert_eq!(caller.get("/v1/webhooks?userId=USben").await.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(caller.get("/webhooks").await.body["data"], json!([]), "the generations don't see each other");
    assert_eq!(caller.delete(&format!("/v1/webhooks/{id}")).await.status, 204);
    assert_eq!(caller.get(&format!("/v1/webhooks/{id}")).await.status, 404);
}
