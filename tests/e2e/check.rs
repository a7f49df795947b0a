//! `tandem check`, the real program, between the twins: what it says of each trouble, and what it leaves behind.

mod hooks;
mod many;
mod oauth;
mod servers;
mod things;
mod troubles;
mod writes;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tandem_tests::{Process, ProcessOptions, quick_ghl, quick_openphone};
use tandem_twins::{GhlConfig, OpenPhoneConfig};

const LIMIT: Duration = Duration::from_secs(30);
/// 32 bytes.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const LOCATION: &str = "SandboxLocation00001";

/// What the program said, and how it ended.
#[derive(Debug)]
struct Checked {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Checked {
    fn report(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|problem| panic!("{problem}: {self:?}"))
    }
}

/// Runs `tandem check` with these arguments more.
async fn run(folder: &Path, environment: &BTreeMap<String, String>, arguments: &[&str]) -> Checked {
    let mut command = Command::new(tandem_testkit::binary("tandem"));
    command.arg("check").args(arguments).current_dir(folder).env_clear().envs(environment);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Checked { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The same beside a process of the harness; the report of `--json`.
async fn report(process: &Process, arguments: &[&str]) -> (Option<i32>, Value) {
    let arguments = [&["--json"], arguments].concat();
    let checked = run(process.folder.path(), &process.environment, &arguments).await;
    (checked.code, checked.report())
}

/// The checks of a report.
fn checks(report: &Value) -> &Vec<Value> {
    report["checks"].as_array().unwrap()
}

/// The check of that group and name.
fn find<'a>(report: &'a Value, group: &str, name: &str) -> &'a Value {
    let found = checks(report).iter().find(|check| check["group"] == group && check["name"] == name);
    found.unwrap_or_else(|| panic!("no check {group}, {name}: {report:#}"))
}

/// The check ended like that, and says these things.
#[track_caller]
fn assert_check(report: &Value, (group, name): (&str, &str), status: &str, message: &str, hint: &[&str]) {
    let check = find(report, group, name);
    assert_eq!(check["status"], status, "{check:#}");
    assert!(check["message"].as_str().unwrap().contains(message), "`{message}` is not in {check:#}");
    for part in hint {
        assert!(check["hint"].as_str().is_some_and(|hint| hint.contains(part)), "`{part}` is not in {check:#}");
    }
}

/// What the provider said is shown in its own words.
#[track_caller]
fn assert_said(report: &Value, (group, name): (&str, &str), status: u16, words: &str) {
    let check = find(report, group, name);
    assert_eq!(
        (&check["provider_status"], &check["provider_words"]),
        (&Value::from(status), &Value::from(words)),
        "{check:#}"
    );
}

/// All failures, by group and name.
fn failures(report: &Value) -> Vec<(&str, &str)> {
    let failed = checks(report).iter().filter(|check| check["status"] == "fail");
    failed.map(|check| (check["group"].as_str().unwrap(), check["name"].as_str().unwrap())).collect()
}

/// Both twins and a configuration with public address and encryption key; nothing runs yet. A machine that is busy with other
/// tests gets more time for its answers than the harness gives otherwise.
async fn prepared(ghl: GhlConfig, openphone: OpenPhoneConfig) -> Process {
    let environment = vec![
        ("TANDEM_ENCRYPTION_KEY", KEY.to_owned()),
        ("TANDEM_PROVIDERS__GHL__TIMING__TIMEOUT_SECONDS", "5".to_owned()),
        ("TANDEM_PROVIDERS__OPENPHONE__TIMING__TIMEOUT_SECONDS", "5".to_owned()),
    ];
    let options =
        ProcessOptions { ghl: Some(ghl), openphone: Some(openphone), environment, ..ProcessOptions::default() };
    let mut process = Process::prepare(options).await.unwrap();
    let public_url = format!("http://{}", process.address);
    process.environment.insert("TANDEM_HTTP__PUBLIC_URL".to_owned(), public_url);
    process
}

/// Changes the configuration's text.
fn rewrite(folder: &Path, from: &str, to: &str) {
    let file = folder.join("tandem.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = text.replace(from, to);
    assert_ne!(changed, text, "{from} is not in the configuration");
    std::fs::write(&file, changed).unwrap();
}

/// So that Tandem makes the webhook itself.
fn without_secrets(process: &Process) {
    rewrite(process.folder.path(), ", webhook_secrets: [\"${QUO_SECRET}\"]", "");
    process.openphone.set_webhook_url(None);
}

/// The same, running.
async fn running() -> Process {
    let mut process = prepared(quick_ghl(), quick_openphone()).await;
    without_secrets(&process);
    process.up();
    process
}

/// No request was over the limit.
fn assert_within_limits(process: &Process) {
    assert_eq!(process.ghl.report().rate_violations(), 0, "{:?}", process.ghl.report().rate);
    assert_eq!(process.openphone.report().rate_violations(), 0, "{:?}", process.openphone.report().rate);
}
