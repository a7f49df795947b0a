//! OpenPhone's webhook from end to end, with the provider's signed test event.

use std::net::SocketAddr;

use serde_json::json;
use tandem_tests::http;
use tandem_twins::{Access, OpenPhoneTwin};

use super::*;

const HOOK: (&str, &str) = ("webhooks", "webhook of OpenPhone");
const DELIVERY: (&str, &str) = ("webhooks", "delivery by OpenPhone");

/// A call to the twin's API with the key of the workspace, by somebody who doesn't share Tandem's budget.
async fn call(openphone: &OpenPhoneTwin, line: &str, body: &Value) -> Value {
    let address: SocketAddr = openphone.address();
    let headers =
        [("authorization", "sandbox-key"), ("quo-api-version", "2026-03-30"), ("content-type", "application/json")];
    let body = body.to_string();
    let reply = tandem_testkit::eventually("a slot at the twin", LIMIT, async || {
        let reply = http::send(address, line, &headers, body.as_bytes()).await.unwrap();
        (reply.status != 429).then_some(reply)
    })
    .await;
    assert!(reply.status < 300, "{reply:?}");
    serde_json::from_str(&reply.body).unwrap_or_default()
}

/// After a rotation the old key doesn't sign any more.
fn strict() -> OpenPhoneConfig {
    OpenPhoneConfig { rotation_overlap: Duration::ZERO, ..quick_openphone() }
}

/// A webhook that a person made by the API, with its key in the configuration. The process runs.
async fn by_hand(more: &Value) -> (Process, String) {
    let mut process = prepared(quick_ghl(), strict()).await;
    process.openphone.set_webhook_url(None);
    let url = format!("http://{}/webhooks/openphone/acme", process.address);
    let mut hook = json!({ "url": url, "events": ["contact.updated", "contact.deleted"], "resourceIds": ["*"] });
    for (key, value) in more.as_object().unwrap() {
        hook[key] = value.clone();
    }
    let made = call(&process.openphone, "POST /webhooks", &hook).await;
    let key = made["data"]["key"].as_str().unwrap().to_owned();
    process.environment.insert("QUO_SECRET".to_owned(), key);
    process.up();
    (process, made["data"]["id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_replaced_elsewhere_is_named_and_so_is_the_way_back() {
    let (process, id) = by_hand(&json!({})).await;
    let (code, fine) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "{fine:#}");
    assert_check(&fine, HOOK, "pass", &format!("webhook {id} delivers to"), &[]);
    assert_check(&fine, DELIVERY, "pass", "was delivered and taken", &[]);
    call(&process.openphone, &format!("POST /webhooks/{id}/rotate"), &Value::Null).await;
    let (code, report) = report(&process, &[]).await;
    assert_eq!((code, failures(&report)), (Some(1), vec![DELIVERY]), "{report:#}");
    let message = "signs with a secret that isn't known here, so it was replaced elsewhere";
    let hint = ["/rotate", "connections[0].openphone.webhook_secrets", "restart Tandem"];
    assert_check(&report, DELIVERY, "fail", message, &hint);
    assert!(!report.to_string().contains("whsec_"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_webhook_of_our_own_making_tandem_looks_after_the_secret_itself() {
    let mut process = prepared(quick_ghl(), strict()).await;
    without_secrets(&process);
    process.up();
    // It is made while the check looks.
    let (code, fine) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "{fine:#}");
    let hooks = call(&process.openphone, "GET /webhooks", &Value::Null).await;
    let id = hooks["data"][0]["id"].as_str().unwrap();
    call(&process.openphone, &format!("POST /webhooks/{id}/rotate"), &Value::Null).await;
    let (code, report) = report(&process, &[]).await;
    assert_eq!((code, failures(&report)), (Some(1), vec![DELIVERY]), "{report:#}");
    let hint = ["Tandem has it replaced by itself", "DELETE /webhooks/{id}", "restart Tandem"];
    assert_check(&report, DELIVERY, "fail", "so it was replaced elsewhere", &hint);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_off_or_tells_too_little_is_named() {
    let (process, id) = by_hand(&json!({ "status": "disabled" })).await;
    let (_, off) = report(&process, &[]).await;
    let message = format!("webhook {id} is disabled: nothing is delivered");
    assert_check(&off, HOOK, "fail", &message, &[&format!("PATCH /webhooks/{id}")]);
    assert_check(&off, DELIVERY, "skipped", "there is no webhook that delivers here", &[]);
    let change = json!({ "status": "enabled", "events": ["contact.updated"] });
    call(&process.openphone, &format!("PATCH /webhooks/{id}"), &change).await;
    let (_, sparse) = report(&process, &[]).await;
    assert_check(&sparse, HOOK, "fail", "doesn't tell of contact.deleted", &[]);
    let change = json!({ "events": ["contact.updated", "contact.deleted"], "url": "http://127.0.0.1:9/webhooks/openphone/acme" });
    call(&process.openphone, &format!("PATCH /webhooks/{id}"), &change).await;
    let (_, moved) = report(&process, &[]).await;
    let message = format!("webhook {id} delivers to http://127.0.0.1:9/webhooks/openphone/acme");
    assert_check(&moved, HOOK, "fail", &message, &["http.public_url"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_the_api_does_not_show_is_no_failure() {
    let mut process = prepared(quick_ghl(), quick_openphone()).await;
    process.up();
    let (code, report) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "{report:#}");
    let hint = ["connections[0].openphone.webhook_secrets", "Tandem makes one"];
    assert_check(&report, HOOK, "warn", "one that was made in OpenPhone's app is not shown", &hint);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_make_webhooks_is_named_where_tandem_makes_them() {
    let mut process = prepared(quick_ghl(), quick_openphone()).await;
    without_secrets(&process);
    assert!(process.openphone.set_access(None, Access { no_webhooks: true, ..Access::default() }));
    process.up();
    let (code, report) = report(&process, &[]).await;
    assert_eq!((code, failures(&report)), (Some(1), vec![HOOK]), "{report:#}");
    assert_check(&report, HOOK, "fail", "none delivers to", &["the log of ingest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_to_deliver_where_nobody_would_take_it() {
    let (mut process, _) = by_hand(&json!({})).await;
    assert!(process.stop().success());
    let (code, report) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_check(&report, HOOK, "pass", "delivers to", &[]);
    assert_check(&report, DELIVERY, "skipped", "no Tandem is running that would take a delivery", &[]);
    assert_eq!(process.openphone.report().calls("POST /webhooks/{webhookId}/events/test"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_instead_of_tandem_is_named() {
    let (mut process, id) = by_hand(&json!({})).await;
    // The webhook delivers where a process without this connection listens: the twin itself.
    let address = process.ghl.address();
    let change = json!({ "url": format!("http://{address}/webhooks/openphone/acme") });
    call(&process.openphone, &format!("PATCH /webhooks/{id}"), &change).await;
    process.environment.insert("TANDEM_HTTP__PUBLIC_URL".to_owned(), format!("http://{address}"));
    assert!(process.stop().success());
    process.up();
    let (_, elsewhere) = report(&process, &[]).await;
    assert_check(&elsewhere, DELIVERY, "fail", "is answered 404", &["restart Tandem with this configuration", "proxy"]);
    let nowhere = format!("http://127.0.0.1:{}", tandem_testkit::free_port());
    let change = json!({ "url": format!("{nowhere}/webhooks/openphone/acme") });
    call(&process.openphone, &format!("PATCH /webhooks/{id}"), &change).await;
    process.environment.insert("TANDEM_HTTP__PUBLIC_URL".to_owned(), nowhere);
    assert!(process.stop().success());
    process.up();
    let (_, silent) = report(&process, &[]).await;
    assert_check(&silent, DELIVERY, "fail", "OpenPhone gets no answer at", &["from the Internet"]);
}
