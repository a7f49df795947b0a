//! With everything in order; what is written with `--write`, what is not without, and that nothing is left behind.

use serde_json::{Value, json};
use tandem_tests::{Program, Shape, Stack, eventually};
use tandem_twins::{Fault, On, Report, Scripted};

use super::*;

/// Requests that change nothing.
const READS: [&str; 13] = [
    "POST /contacts/search",
    "GET /contacts/",
    "GET /contacts/{contactId}",
    "GET /contacts/search/duplicate",
    "GET /locations/{locationId}",
    "GET /organization",
    "GET /v1/contacts",
    "GET /v1/contacts/{id}",
    "GET /v1/contact-custom-fields",
    "GET /v1/phone-numbers",
    "GET /webhooks",
    "GET /webhooks/{webhookId}/events",
    "GET /webhooks/{webhookId}/events/{deliveryId}",
];

fn nothing_is_left(process: &Process) {
    for (side, contacts) in [("GHL", process.ghl.contacts()), ("OpenPhone", process.openphone.contacts())] {
        assert!(contacts.is_empty(), "left in {side}: {contacts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_everything_in_order_all_is_tried_and_nothing_is_left_behind() {
    let process = running().await;
    let (code, report) = report(&process, &["--write"]).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(
        (&report["ok"], &report["failed"], &report["warned"]),
        (&json!(true), &json!(0), &json!(0)),
        "{report:#}"
    );
    let skipped: Vec<&Value> = checks(&report).iter().filter(|check| check["status"] == "skipped").collect();
    assert_eq!(skipped.len(), 1, "{skipped:#?}");
    assert_eq!(skipped[0]["name"], "webhooks of GHL");
    assert_check(&report, ("servers", "running Tandem"), "pass", "did the checks below", &[]);
    assert_check(
        &report,
        ("webhooks", "delivery by OpenPhone"),
        "pass",
        "signed test event was delivered and taken",
        &[],
    );

    assert!(process.ghl.webhooks_idle(LIMIT).await && process.openphone.webhooks_idle(LIMIT).await);
    nothing_is_left(&process);
    let (ghl, openphone) = (process.ghl.report(), process.openphone.report());
    assert_eq!((ghl.writes.created_by_api, ghl.writes.deleted_by_api), (1, 1), "the pipeline made a copy");
    assert_eq!((openphone.writes.created_by_api, openphone.writes.deleted_by_api), (1, 1), "the pipeline made a copy");
    assert!(ghl.wiped.is_empty() && openphone.wiped.is_empty());
    assert_eq!(openphone.calls("POST /v1/messages"), 0);
    assert_within_limits(&process);
}

fn assert_only_reads(of: &str, before: &Report, after: &Report) {
    for (template, count) in &after.by_template {
        let is_read = READS.contains(&template.as_str());
        // A signed sample is sent; nothing changes at the provider.
        let is_test = template == "POST /webhooks/{webhookId}/events/test";
        assert!(is_read || is_test || before.calls(template) == *count, "{of} got {template}");
    }
    assert_eq!(before.writes, after.writes);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_write_nothing_is_written() {
    let process = running().await;
    let id = process.ghl.create_contact(&json!({ "firstName": "Ana", "phone": "+14155550100" })).unwrap();
    eventually("the contact in OpenPhone", LIMIT, || process.openphone.contacts().pop()).await;
    eventually("the webhook", LIMIT, || {
        (process.openphone.report().calls("PATCH /webhooks/{webhookId}") > 0).then_some(())
    })
    .await;
    assert!(process.ghl.webhooks_idle(LIMIT).await && process.openphone.webhooks_idle(LIMIT).await);
    let before = (process.ghl.report(), process.openphone.report());
    let (code, report) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "{report:#}");
    for (group, name) in [("ghl", "create a contact"), ("ghl", "remove a contact"), ("openphone", "change a number")] {
        assert_check(&report, (group, name), "skipped", "writes are tried with --write only", &[]);
    }
    assert_check(&report, ("ghl", "read a contact"), "pass", "answered", &[]);
    assert_only_reads("GHL", &before.0, &process.ghl.report());
    assert_only_reads("OpenPhone", &before.1, &process.openphone.report());
    let text = report.to_string();
    assert!(!text.contains("Ana") && !text.contains("5550100") && !text.contains(&id), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_says_what_the_json_says() {
    let process = running().await;
    process.ghl.remove_scope("contacts.readonly");
    let (_, report) = report(&process, &[]).await;
    let table = run(process.folder.path(), &process.environment, &[]).await;
    assert_eq!(table.code, Some(1), "{table:?}");
    assert!(table.stderr.is_empty(), "{}", table.stderr);
    for check in checks(&report) {
        let name = check["name"].as_str().unwrap();
        let word = match check["status"].as_str().unwrap() {
            "pass" => "pass",
            "warn" => "WARN",
            "fail" => "FAIL",
            _ => "skip",
        };
        let message = check["message"].as_str().unwrap();
        let is_it = |line: &&str| {
            line.trim_start().starts_with(word) && line.contains(&format!("  {name} ")) && line.ends_with(message)
        };
        assert!(table.stdout.lines().any(|line| is_it(&line)), "{check:#} is not in\n{}", table.stdout);
        for part in ["hint", "provider_words"].map(|key| check[key].as_str()).into_iter().flatten() {
            assert!(table.stdout.contains(part), "`{part}` is not in\n{}", table.stdout);
        }
    }
    let failed = report["failed"].as_u64().unwrap();
    assert!(failed > 0 && table.stdout.contains(&format!("{failed} failed")), "{}", table.stdout);
}

/// Whether a contact is made, lost or refused halfway, nothing stays.
async fn after(fault: Fault, on: On, side: &str) -> (Process, Value) {
    let process = prepared(quick_ghl(), quick_openphone()).await;
    let next = Scripted { times: 10, ..Scripted::next(on, fault) };
    if side == "ghl" {
        process.ghl.script(next);
    } else {
        process.openphone.script(next);
    }
    let (code, report) = report(&process, &["--write"]).await;
    assert_eq!(code, Some(i32::from(!failures(&report).is_empty())), "{report:#}");
    (process, report)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_whose_change_fails_is_removed_all_the_same() {
    let (process, report) = after(Fault::ErrorBefore, On::call("PATCH", "/v1/contacts"), "openphone").await;
    assert_check(
        &report,
        ("openphone", "change a number"),
        "fail",
        "OpenPhone has trouble of its own",
        &["status.quo.com"],
    );
    assert_said(&report, ("openphone", "change a number"), 500, "Unknown Error");
    assert_check(&report, ("openphone", "remove a contact"), "pass", "removed", &[]);
    nothing_is_left(&process);

    let (process, report) = after(Fault::ErrorBefore, On::call("PUT", "/contacts"), "ghl").await;
    assert_check(&report, ("ghl", "change a contact"), "fail", "GHL has trouble of its own", &["trace id"]);
    assert_check(&report, ("ghl", "remove a contact"), "pass", "removed", &[]);
    nothing_is_left(&process);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_whose_creation_was_not_answered_is_found_and_removed() {
    for (fault, side, path) in [
        (Fault::ResetAfter, "openphone", "/v1/contacts"),
        (Fault::ErrorAfter, "openphone", "/v1/contacts"),
        (Fault::RefuseButCreate, "ghl", "/contacts/"),
    ] {
        let on = On::call("POST", path);
        let (process, report) = after(fault.clone(), on, side).await;
        assert_ne!(find(&report, side, "create a contact")["status"], "pass", "{fault:?}: {report:#}");
        assert_check(&report, (side, "remove a contact"), "pass", "had been created, though the answer was lost", &[]);
        nothing_is_left(&process);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_can_not_be_removed_is_named() {
    for side in ["openphone", "ghl"] {
        let path = if side == "ghl" { "/contacts" } else { "/v1/contacts" };
        let (process, report) = after(Fault::ErrorBefore, On::call("DELETE", path), side).await;
        let left = if side == "ghl" { process.ghl.contacts() } else { process.openphone.contacts() };
        let id = left[0]["id"].as_str().unwrap();
        let message = format!("the test contact {id} could not be removed");
        let hint = ["Tandem Check (safe to delete)", id, "delete it by hand"];
        assert_check(&report, (side, "remove a contact"), "fail", &message, &hint);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_checks_and_the_contact_is_removed_first() {
    let process = prepared(quick_ghl(), quick_openphone()).await;
    let slow = Fault::Latency { min_ms: 2000, max_ms: 2000 };
    process.openphone.script(Scripted::next(On::call("PATCH", "/contacts"), slow));
    let mut checking = Program::new("tandem", &["check", "--write", "--json"], process.folder.path().to_owned());
    checking.spawn(&process.environment);
    eventually("the test contact", LIMIT, || process.openphone.contacts().pop()).await;
    checking.child().terminate();
    checking.wait();
    nothing_is_left(&process);
    let printed = checking.output().join("\n");
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_check(&report, ("openphone", "change a number"), "skipped", "no time left", &[]);
    assert_check(&report, ("openphone", "remove a contact"), "pass", "removed", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_contact_stays_where_it_is_and_somebody_who_takes_its_name_does_not() {
    let stack = Stack::start(Shape::Embedded).await.unwrap();
    let trial = json!({ "firstName": "Tandem Check", "lastName": "(safe to delete)", "phone": "+14155550170" });
    let id = stack.ghl.create_contact(&trial).unwrap();
    let mut theirs = trial.clone();
    theirs["phoneNumbers"] = json!([{ "name": "Phone", "value": "+14155550171" }]);
    let other = stack.openphone.create_contact(&theirs).unwrap();
    stack.quiet(LIMIT).await;
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (1, 1));
    let journal = stack.journal().await;
    let is_told = |reason: &str| reason.contains("the contact with which `tandem check --write` tries writes");
    let told = journal.iter().filter(|entry| entry.outcome == "skipped" && is_told(&entry.reason)).count();
    assert_eq!(told, 2, "{journal:?}");

    // Renamed, it is somebody, on either side.
    stack.ghl.edit_contact(&id, &json!({ "firstName": "Bea", "lastName": "Example" })).unwrap();
    stack
        .arrives(&id, "the contact, once it is somebody", |contact| contact["defaultFields"]["firstName"] == "Bea")
        .await;
    stack.openphone.edit_contact(&other, &json!({ "firstName": "Cleo", "lastName": "Example" })).unwrap();
    let is_cleo = |contact: &Value| contact["firstName"] == "Cleo";
    eventually("the other way", LIMIT, || stack.ghl.contacts().into_iter().find(is_cleo)).await;
    // And somebody who is in step is not wiped by that name.
    stack.ghl.edit_contact(&id, &trial).unwrap();
    let named = |contact: &Value| contact["defaultFields"]["firstName"] == "Tandem Check";
    stack.arrives(&id, "the new name", named).await;
    stack.quiet(LIMIT).await;
    assert!(stack.openphone.report().wiped.is_empty() && stack.ghl.report().wiped.is_empty());
}
