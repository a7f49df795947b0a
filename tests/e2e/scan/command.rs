//! `tandem backfill` and `tandem sweep` as a person runs them.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_tests::{Process, ProcessOptions, Program, eventually, http};
use tandem_twins::{Chance, Fault, Faults, On};

use super::{LIMIT, person};

async fn process() -> Process {
    let process = Process::start(ProcessOptions { is_unthrottled: true, ..ProcessOptions::default() }).await.unwrap();
    process.ghl.set_webhook_url(None);
    for number in 0..30 {
        process.ghl.create_contact(&person(number)).unwrap();
    }
    process
}

fn command(process: &Process, arguments: &'static [&'static str]) -> Program {
    let mut command = Program::new("tandem", arguments, process.folder.path().to_owned());
    command.spawn(&process.environment);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_lines_and_programs_one_object() {
    let process = process().await;
    let mut backfill = command(&process, &["backfill", "acme"]);
    assert_eq!(backfill.wait().code(), Some(0), "{:?}", backfill.output());
    let printed = backfill.output().join("\n");
    for expected in ["The backfill of acme is asked for.", "contacts read: 30 of 30", "30 contacts in GHL"] {
        assert!(printed.contains(expected), "{printed}");
    }
    assert_eq!(process.openphone.contacts().len(), 30);

    let mut sweep = command(&process, &["sweep", "acme", "--json"]);
    assert_eq!(sweep.wait().code(), Some(0), "{:?}", sweep.output());
    let objects: Vec<Value> = sweep.output().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(objects.len(), 1, "{:?}", sweep.output());
    assert_eq!((&objects[0]["ok"], &objects[0]["kind"]), (&json!(true), &json!("sweep")));
    assert_eq!(objects[0]["openphone"], json!({ "pages": 1, "contacts": 30 }));

    let mut unknown = command(&process, &["sweep", "other"]);
    assert_eq!(unknown.wait().code(), Some(1));
    assert!(unknown.output().join("\n").contains("there is no connection other in the configuration; known: acme"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_goes_on_without_its_command_and_is_not_asked_for_twice() {
    let process = process().await;
    let slow = Fault::Latency { min_ms: 3_000, max_ms: 3_000 };
    let on = On { method: None, path: "/v1/contacts".to_owned() };
    process.openphone.faults(Faults { chances: vec![Chance { fault: slow, chance: 1.0, on }], ..Faults::none() });
    let mut first = command(&process, &["backfill", "acme"]);
    first.child().wait_for_line("the scan", LIMIT, |line| line.contains("is asked for"));
    let mut second = command(&process, &["sweep", "acme"]);
    second.child().wait_for_line("the other scan", LIMIT, |line| {
        line.contains("A backfill of acme is under way") && line.contains("`tandem sweep acme` again")
    });
    first.child().interrupt();
    assert_eq!(first.wait().code(), Some(0));
    let printed = first.output().join("\n");
    assert!(printed.contains("goes on without this command; `tandem backfill acme` shows it again"), "{printed}");
    process.openphone.faults(Faults::none());
    assert_eq!(second.wait().code(), Some(0), "{:?}", second.output());
    eventually("everybody", LIMIT, || (process.openphone.contacts().len() == 30).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_and_strangers_are_sent_away() {
    let mut process = process().await;
    let ask = async |path: &str, word: &str| {
        let reply = http::send(process.address, &format!("POST {path}"), &[("authorization", word)], b"{}").await;
        reply.unwrap().status
    };
    let path = "/local/connections/acme/scans";
    assert_eq!(ask(path, "").await, 401);
    assert_eq!(ask(path, "Bearer ").await, 401);
    assert_eq!(ask(path, "Bearer 0123456789abcdef").await, 401);
    assert_eq!(process.ghl.report().requests, 0);

    process.environment.insert("QUO_KEY".to_owned(), "another-key".to_owned());
    let mut stranger = command(&process, &["backfill", "acme"]);
    assert_eq!(stranger.wait().code(), Some(1));
    let printed = stranger.output().join("\n");
    assert!(printed.contains("other settings or secrets than this command"), "{printed}");

    process.stop();
    let mut alone = command(&process, &["backfill", "acme"]);
    assert_eq!(alone.wait().code(), Some(1));
    let printed = alone.output().join("\n");
    assert!(printed.contains("start `tandem up` with this configuration first"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_come_by_themselves_when_they_are_due() {
    let environment = vec![("TANDEM_SWEEP__EVERY_HOURS", "0.0167".to_owned())];
    let options = ProcessOptions { environment, is_unthrottled: true, ..ProcessOptions::default() };
    let process = Process::start(options).await.unwrap();
    process.ghl.set_webhook_url(None);
    process.ghl.create_contact(&person(1)).unwrap();
    let limit = Duration::from_mins(3);
    eventually("the first sweep", limit, || (process.openphone.contacts().len() == 1).then_some(())).await;
    assert!(process.output().iter().any(|line| line.contains("the sweep of connection acme begins")));
}
