//! The administration that visitors reach with `curl`.

use serde_json::json;

use crate::kit::{LIMIT, Receiver, roomy_ghl, roomy_openphone};

#[tokio::test]
async fn a_person_edits_over_http_without_key_and_budget() {
    let (twin, caller) = roomy_openphone().await;
    let visitor = caller.with(&[]);
    let made = visitor
        .send("POST", "/_twin/people/contacts", json!({ "firstName": "Ana", "emails": ["ana@example.com"] }))
        .await;
    assert_eq!(made.status, 201);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/_twin/people/contacts/{id}");
    assert_eq!(visitor.send("PATCH", &path, json!({ "lastName": "Garcia" })).await.status, 200);
    let contact = visitor.get(&format!("/_twin/contacts/{id}")).await.body;
    assert_eq!(contact["defaultFields"]["lastName"], "Garcia");
    assert_eq!(contact["defaultFields"]["emails"][0]["value"], "ana@example.com");
    assert_eq!(contact["source"], json!(null));
    assert_eq!(visitor.get("/_twin/contacts").await.body["contacts"].as_array().unwrap().len(), 1);
    let history = visitor.get(&format!("/_twin/contacts/{id}/history")).await.body;
    assert_eq!(history[0]["fields"], json!(["lastName"]));
    assert_eq!(visitor.delete(&path).await.status, 200);
    let gone = visitor.send("PATCH", &path, json!({})).await;
    assert_eq!((gone.status, gone.body["problem"].is_string()), (400, true));
    assert_eq!(twin.report().requests, 0, "people are not requests");
}

#[tokio::test]
async fn faults_and_reports_over_http() {
    let (_twin, caller) = roomy_ghl().await;
    let visitor = caller.with(&[]);
    let faults = json!({ "seed": 7, "chances": [{ "chance": 1.0, "fault": { "kind": "error_before" } }] });
    assert_eq!(visitor.send("POST", "/_twin/faults", faults).await.status, 200);
    assert_eq!(caller.get("/contacts/abc").await.status, 500);
    assert_eq!(visitor.delete("/_twin/faults").await.status, 200);
    let next =
        json!({ "fault": { "kind": "too_many", "retry_after_secs": 2 }, "on": { "path": "/contacts" }, "times": 1 });
    assert_eq!(visitor.send("POST", "/_twin/faults/script", next).await.status, 200);
    assert_eq!(caller.get("/contacts/abc").await.headers["retry-after"], "2");
    let bad = visitor.send("POST", "/_twin/faults", json!({ "chanses": [] })).await;
    assert_eq!(bad.status, 400);
    let report = visitor.get("/_twin/report").await.body;
    assert_eq!((&report["requests"], &report["by_template"]["GET /contacts/{contactId}"]), (&json!(2), &json!(2)));
    assert_eq!(report["faults"], json!({ "error_before": 1, "too_many": 1 }));
    assert_eq!(visitor.get("/_twin/requests").await.body[0]["status"], 500);
}

#[tokio::test]
async fn webhooks_can_be_pointed_somewhere() {
    let (twin, caller) = roomy_ghl().await;
    let receiver = Receiver::start().await;
    let visitor = caller.with(&[]);
    assert_eq!(visitor.send("POST", "/_twin/webhooks", json!({ "url": receiver.url })).await.status, 200);
    visitor.send("POST", "/_twin/people/contacts", json!({ "firstName": "Ana" })).await;
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(receiver.types(), ["ContactCreate"]);
}
