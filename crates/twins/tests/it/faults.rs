//! Faults: each kind does what it says to the caller and to the truth, and is counted.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tandem_twins::{Chance, Fault, Faults, GhlTwin, On, OpenPhoneTwin, Scripted};

use crate::kit::{Caller, LOCATION, eventually, roomy_ghl, roomy_openphone};

fn next_create(openphone: &OpenPhoneTwin, fault: Fault) {
    openphone.script(Scripted::next(On::call("POST", "/v1/contacts"), fault));
}

fn body() -> Value {
    json!({ "defaultFields": { "firstName": "Ana" } })
}

async fn within(caller: &Caller, limit: Duration) -> Option<reqwest::Result<crate::kit::Seen>> {
    let body = body();
    tokio::time::timeout(limit, caller.try_send("POST", "/v1/contacts", Some(&body))).await.ok()
}

const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn errors_come_before_or_after_the_work() {
    let (twin, caller) = roomy_openphone().await;
    next_create(&twin, Fault::ErrorBefore);
    let seen = caller.send("POST", "/v1/contacts", body()).await;
    assert_eq!((seen.status, &seen.body["code"]), (500, &json!("0801500")));
    assert_eq!(twin.contacts().len(), 0);
    next_create(&twin, Fault::ErrorAfter);
    assert_eq!(caller.send("POST", "/v1/contacts", body()).await.status, 500);
    assert_eq!(twin.contacts().len(), 1);
    assert_eq!(caller.send("POST", "/v1/contacts", body()).await.status, 201, "a script strikes once");
}

#[tokio::test]
async fn resets_come_before_or_after_the_work() {
    let (twin, caller) = roomy_openphone().await;
    for (fault, contacts) in [(Fault::ResetBefore, 0), (Fault::ResetAfter, 1)] {
        next_create(&twin, fault);
        let error = within(&caller, Duration::from_secs(5)).await.unwrap().unwrap_err();
        assert!(!error.is_timeout() && error.status().is_none(), "{error:?}");
        assert_eq!(twin.contacts().len(), contacts);
    }
    let report = twin.report();
    assert_eq!((report.requests, report.unanswered), (2, 2));
    assert_eq!((report.faults["reset_before"], report.faults["reset_after"]), (1, 1));
}

#[tokio::test]
async fn timeouts_come_before_or_after_the_work() {
    let (twin, caller) = roomy_openphone().await;
    for (fault, contacts) in [(Fault::TimeoutBefore, 0), (Fault::TimeoutAfter, 1)] {
        next_create(&twin, fault);
        assert!(within(&caller, SHORT).await.is_none());
        assert_eq!(twin.contacts().len(), contacts);
    }
    twin.shutdown().await;
}

#[tokio::test]
async fn a_late_write_is_applied_after_the_caller_gave_up() {
    let (twin, caller) = roomy_openphone().await;
    next_create(&twin, Fault::LateApply { after_ms: 300 });
    assert!(within(&caller, SHORT).await.is_none());
    assert_eq!(twin.contacts().len(), 0);
    eventually("the late write", || twin.contacts().len() == 1).await;
    assert_eq!(twin.report().writes.created_by_api, 1);
}

#[tokio::test]
async fn latency_delays_and_does_not_stop_when_the_caller_leaves() {
    let (twin, caller) = roomy_openphone().await;
    let slow = Fault::Latency { min_ms: 200, max_ms: 220 };
    next_create(&twin, slow.clone());
    let began = Instant::now();
    assert_eq!(caller.send("POST", "/v1/contacts", body()).await.status, 201);
    assert!(began.elapsed() >= Duration::from_millis(200));
    next_create(&twin, slow);
    assert!(within(&caller, Duration::from_millis(50)).await.is_none());
    eventually("the work goes on", || twin.contacts().len() == 2).await;
}

#[tokio::test]
async fn a_429_comes_with_or_without_retry_after() {
    let (twin, caller) = roomy_openphone().await;
    next_create(&twin, Fault::TooMany { retry_after_secs: Some(3) });
    next_create(&twin, Fault::TooMany { retry_after_secs: None });
    let first = caller.send("POST", "/v1/contacts", body()).await;
    assert_eq!((first.status, first.headers["retry-after"].to_str().unwrap()), (429, "3"));
    let second = caller.send("POST", "/v1/contacts", body()).await;
    assert_eq!((second.status, second.headers.get("retry-after")), (429, None));
    assert_eq!(twin.report().rate.refused, 0, "the budget was not the reason");
}

async fn ghl_create(caller: &Caller) -> u16 {
    caller.send("POST", "/contacts/", json!({ "locationId": LOCATION, "firstName": "Ana" })).await.status
}

#[tokio::test]
async fn ghl_can_refuse_and_create_all_the_same() {
    let (twin, caller): (GhlTwin, Caller) = roomy_ghl().await;
    twin.faults(Faults::none().chance(1.0, Fault::RefuseButCreate));
    assert_eq!(ghl_create(&caller).await, 422);
    assert_eq!(twin.contacts().len(), 1);
    assert_eq!(caller.get(&format!("/locations/{LOCATION}")).await.status, 200, "only creates are touched");
    twin.faults(Faults::none());
    assert_eq!(ghl_create(&caller).await, 201);
    assert_eq!(twin.report().faults["refuse_but_create"], 1);
}

#[tokio::test]
async fn chances_follow_their_seed() {
    let run = async |seed: u64| {
        let (twin, caller) = roomy_openphone().await;
        let on = On::call("GET", "/organization");
        let chances = vec![Chance { fault: Fault::ErrorBefore, chance: 0.5, on }];
        twin.faults(Faults { seed, chances, ..Faults::none() });
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(caller.get("/organization").await.status);
        }
        statuses
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
}
