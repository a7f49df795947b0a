//! Twenty connections, and what a busy provider does to a run.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::json;
use tandem_twins::{Fault, Faults, GhlLocation, Workspace};

use super::*;

const COUNT: usize = 20;

/// So many pairs, each with a location and a workspace of its own.
async fn many() -> Process {
    let mut ghl = quick_ghl();
    let mut openphone = quick_openphone();
    let secrets = openphone.workspaces[0].webhook_secrets.clone();
    ghl.locations = (0..COUNT).map(|number| GhlLocation::new(&location(number), &format!("pit-{number}"))).collect();
    let workspace = |number| Workspace {
        org_id: format!("OR{number}"),
        webhook_secrets: secrets.clone(),
        ..Workspace::new(&format!("key-{number}"))
    };
    openphone.workspaces = (0..COUNT).map(workspace).collect();
    let mut process = prepared(ghl, openphone).await;
    process.openphone.set_webhook_url(None);
    let file = process.folder.path().join("tandem.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let (head, _) = text.split_once("connections:").unwrap();
    let mut text = format!("{head}connections:\n");
    for number in 0..COUNT {
        let (token, key) = (format!("TOKEN_{number}"), format!("KEY_{number}"));
        writeln!(
            text,
            "  - id: c{number}\n    ghl: {{ location_id: {}, private_token: \"${{{token}}}\" }}\n    openphone: {{ api_key: \"${{{key}}}\" }}",
            location(number)
        )
        .unwrap();
        process.environment.extend([(token, format!("pit-{number}")), (key, format!("key-{number}"))]);
    }
    std::fs::write(&file, text).unwrap();
    process.up();
    process
}

fn location(number: usize) -> String {
    format!("SandboxLocation{number:05}")
}

fn of<'a>(report: &'a Value, connection: &str) -> Vec<&'a Value> {
    checks(report).iter().filter(|check| check["connection"] == connection).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_connections_are_checked_within_a_minute_and_the_limits() {
    let process = many().await;
    let began = Instant::now();
    let (code, report) = report(&process, &["--write"]).await;
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert_eq!(code, Some(0), "{report:#}");
    for number in 0..COUNT {
        let name = format!("c{number}");
        let rows = of(&report, &name);
        let passed = rows.iter().filter(|check| check["status"] == "pass").count();
        assert_eq!((passed, rows.len()), (23, 24), "{rows:#?}");
    }
    assert_within_limits(&process);
    assert!(process.ghl.webhooks_idle(LIMIT).await && process.openphone.webhooks_idle(LIMIT).await);
    assert!(process.ghl.contacts().is_empty() && process.openphone.contacts().is_empty());

    let (_, one) = super::report(&process, &["--connection", "c7"]).await;
    assert!(of(&one, "c7").len() > 10 && of(&one, "c8").is_empty(), "{one:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hardly_answers_does_not_hold_up_the_end() {
    let process = prepared(quick_ghl(), quick_openphone()).await;
    process.ghl.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    let slow = |from, to| Faults::none().chance(1.0, Fault::Latency { min_ms: from, max_ms: to });
    process.openphone.faults(slow(4_600, 4_700));
    process.ghl.faults(Faults::none().chance(1.0, Fault::TimeoutBefore));
    let began = Instant::now();
    let (code, report) = report(&process, &["--write"]).await;
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert_eq!(code, Some(1), "{report:#}");
    assert_check(&report, ("ghl", "token"), "fail", "no answer in time from GHL", &["curl -sS"]);
    assert_check(&report, ("ghl", "read a contact"), "skipped", "GHL gives no answer", &[]);
    assert!(checks(&report).iter().any(|check| check["message"] == "no time left"), "{report:#}");
    process.openphone.faults(Faults::none());
    assert!(process.openphone.contacts().is_empty(), "{:?}", process.openphone.contacts());
}
