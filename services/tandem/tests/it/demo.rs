//! `tandem demo`: ends with the right numbers, runs on when asked to, and leaves nothing behind.

use serde_json::{Value, json};
use tandem_testkit::{Child, tempdir};

use crate::client::call;
use crate::command::{LIMIT, ended, tandem};

const FREE_PORTS: [&str; 4] = ["--ghl-port", "0", "--openphone-port", "0"];

#[test]
fn once_prints_one_json_object_with_numbers_that_agree() {
    let folder = tempdir();
    let mut command = tandem(&["demo", "--once", "--json", "--contacts", "25"]);
    command.args(FREE_PORTS).env("TMPDIR", folder.path());
    let (code, stdout, stderr) = ended(command);
    assert_eq!(code, Some(0), "{stdout}\n{stderr}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    check(&serde_json::from_str(&stdout).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the temporary folder stayed");
}

fn check(summary: &Value) {
    for name in ["duplicates", "lost", "wiped", "differences", "429s", "rate_violations", "dead_letters"] {
        assert_eq!(summary[name], 0, "{name}: {summary}");
    }
    assert_eq!(summary["ok"], true);
    assert_eq!(summary["problems"], json!([]));
    check_numbers(summary);
}

fn check_numbers(summary: &Value) {
    let number = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!(number("contacts"), 25);
    assert_eq!(number("skipped"), 2);
    assert_eq!(number("created") + number("skipped"), number("contacts"));
    assert_eq!((number("edited"), number("deleted")), (5, 1));
    assert_eq!(number("updated"), number("edited"), "one change, one write");
    let calls = &summary["provider_calls_by_provider"];
    let (ghl, openphone) = (calls["ghl"].as_u64().unwrap(), calls["openphone"].as_u64().unwrap());
    assert_eq!(ghl + openphone, number("provider_calls"));
    assert!(ghl >= number("contacts") && openphone >= number("created") + number("updated"), "{summary}");
    assert!(summary["seconds"].as_f64().unwrap() > 1.0, "faster than the provider allows: {summary}");
}

#[test]
fn without_once_it_runs_on_and_tells_what_arrives() {
    let mut command = tandem(&["demo", "--contacts", "3"]);
    command.args(FREE_PORTS);
    let mut child = Child::spawn(&mut command);
    let line = child.wait_for_line("the invitation", LIMIT, |line| line.contains("curl -X PATCH"));
    let url = line.split_whitespace().find(|word| word.starts_with("http")).unwrap();
    let (status, _) = call("PATCH", url, r#"{"firstName":"Maria"}"#);
    assert_eq!(status, 200);
    child.wait_for_line("the news", LIMIT, |line| line.contains("arrived in OpenPhone: Maria"));
    let look =
        child.wait_for_line("where to look", LIMIT, |line| line.starts_with("  curl http") && !line.contains("PATCH"));
    let (_, contact) = call("GET", look.trim().strip_prefix("curl ").unwrap(), "");
    assert_eq!(contact["defaultFields"]["firstName"], "Maria");
    child.terminate();
    assert_eq!(child.wait(LIMIT).code(), Some(0));
}

#[test]
fn stop_before_the_end_is_a_failure_and_still_one_json_object() {
    let mut command = tandem(&["demo", "--once", "--json", "--contacts", "2000"]);
    command.args(FREE_PORTS);
    let mut child = Child::spawn(&mut command);
    child.wait_for_line("the beginning", LIMIT, |line| line.starts_with("People make"));
    child.terminate();
    assert_eq!(child.wait(LIMIT).code(), Some(1));
    let line = child.wait_for_line("the result", LIMIT, |line| line.starts_with('{'));
    let summary: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(summary["ok"], false);
    assert_eq!(summary["problems"], json!(["SIGTERM received before the end: nothing was checked"]));
}

#[test]
fn usual_port_that_is_taken_is_replaced_and_said_so() {
    // Either this socket holds the port, or somebody else does: taken it is.
    let _held = std::net::TcpListener::bind("127.0.0.1:4010");
    let mut child = Child::spawn(&mut tandem(&["demo", "--contacts", "1", "--openphone-port", "0"]));
    child.wait_for_line("the port", LIMIT, |line| line.contains("Port 4010 is taken, so the GHL twin listens on"));
    child.terminate();
    assert_eq!(child.wait(LIMIT).code(), Some(0));
}
