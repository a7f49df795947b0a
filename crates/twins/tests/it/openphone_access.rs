//! Keys that are refused, and the shapes in which refusals come.

use std::time::Duration;

use serde_json::json;
use tandem_twins::{Access, Young};

use crate::kit::{KEY, LIMIT, openphone, roomy_openphone};
use crate::openphone_kit::{office, talk};

const V1: &str = "/v1/contacts?maxResults=1";

#[tokio::test]
async fn a_young_key_is_refused_for_a_while() {
    for forbidden in [false, true] {
        let young = |lasts| Access { young: Some(Young { lasts, forbidden }), ..Access::default() };
        let mut config = office();
        config.workspaces[0].access = young(Duration::from_hours(1));
        let (twin, caller) = openphone(config).await;
        let status = if forbidden { 403 } else { 401 };
        assert_eq!(caller.get("/webhooks").await.status, status);
        assert_eq!(caller.get(V1).await.status, status);
        twin.set_access(None, young(Duration::from_millis(20)));
        let end = tokio::time::Instant::now() + LIMIT;
        while caller.get("/webhooks").await.status == status {
            assert!(tokio::time::Instant::now() < end, "it never grows up");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(caller.get(V1).await.status, 200);
    }
}

#[tokio::test]
async fn a_revoked_key_is_no_key() {
    let (twin, caller) = roomy_openphone().await;
    assert!(twin.set_access(None, Access { revoked: true, ..Access::default() }));
    let seen = caller.get(V1).await;
    assert_eq!((seen.status, seen.body["error"]["message"].is_string()), (401, true));
    assert_eq!(caller.get("/organization").await.status, 401);
    assert!(twin.set_access(Some("ORsandbox"), Access::default()));
    assert_eq!(caller.get(V1).await.status, 200);
    assert!(!twin.set_access(Some("ORnobody"), Access::default()));
}

#[tokio::test]
async fn a_lapsed_subscription_is_402_and_the_organization_says_why() {
    let (twin, caller) = roomy_openphone().await;
    twin.set_access(None, Access { lapsed: true, ..Access::default() });
    let seen = caller.send("POST", "/v1/messages", json!({})).await;
    assert_eq!((seen.status, &seen.body["code"]), (402, &json!("0201402")));
    assert_eq!(caller.get("/contacts").await.status, 402);
    let org = caller.get("/organization").await;
    assert_eq!((org.status, &org.body["data"]["subscriptionStatus"]), (200, &json!("expired")));
}

#[tokio::test]
async fn a_key_may_be_kept_from_making_webhooks() {
    let (twin, caller) = roomy_openphone().await;
    twin.set_access(None, Access { no_webhooks: true, ..Access::default() });
    let body = json!({ "url": "https://example.com/hook", "events": ["contact.updated"] });
    assert_eq!(caller.send("POST", "/webhooks", body).await.status, 403);
    let body = json!({ "url": "https://example.com/hook", "events": ["message.received"] });
    assert_eq!(caller.send("POST", "/v1/webhooks/messages", body).await.status, 403);
    assert_eq!(caller.get("/webhooks").await.status, 200);
}

#[tokio::test]
async fn errors_come_in_four_shapes() {
    let (twin, caller) = roomy_openphone().await;
    let v1 = caller.get("/v1/tasks/TKnone").await;
    assert_eq!((v1.status, &v1.body["code"], &v1.body["status"]), (404, &json!("0600404"), &json!(404)));
    assert!(v1.body["trace"].is_string() && v1.body["docs"].is_string());
    let gateway = caller.with(&[]).get("/v1/tasks?maxResults=1").await;
    assert!(gateway.body["error"]["key"].is_string() && gateway.body.get("code").is_none());
    let dated = caller.get("/tasks/TKnone").await;
    assert_eq!((dated.status, &dated.body["title"]), (404, &json!("Not Found")));
    assert!(dated.body.get("code").is_none() && dated.body.get("status").is_none());
    let page = caller.send("POST", "/messages", json!({})).await;
    assert_eq!(page.status, 404, "the dated surface does not send");
    assert!(page.text.starts_with("<!DOCTYPE html>"));
    assert_eq!(caller.with(&[KEY]).get("/conversations").await.status, 400, "the version is missing");
    let id = talk(&twin);
    let seen = caller.with(&[KEY]).get(&format!("/v1/conversations?maxResults=1&phoneNumbers={id}")).await;
    assert_eq!((seen.status, &seen.body["code"]), (400, &json!("1000400")));
    assert_eq!(seen.body["errors"][0]["path"], "/phoneNumbers");
}
