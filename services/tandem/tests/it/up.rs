//! `tandem up` between twins of this test: it works, drains, and keeps its data to itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tandem_testkit::{Child, TempDir, eventually, tempdir};
use tandem_twins::{GhlConfig, GhlTwin, OpenPhoneConfig, OpenPhoneTwin};

use crate::command::{LIMIT, ended, tandem};

/// A configuration for twins at these addresses; `listen` is where webhooks are taken.
pub(crate) fn config(folder: &Path, listen: &str, (ghl, openphone): (&str, &str), key: &str) -> PathBuf {
    let timing = "{ timeout_seconds: 2, connect_timeout_seconds: 1, late_apply_seconds: 1, index_lag_seconds: 1 }";
    let key = key.replace('\n', "\n        ");
    let text = format!(
        r#"data_dir: ./data
http: {{ listen: "{listen}" }}
shutdown: {{ grace_seconds: 10 }}
providers:
  ghl:
    base_url: {ghl}
    webhook_public_keys:
      - |
        {key}
    timing: {timing}
  openphone: {{ base_url: "{openphone}", timing: {timing} }}
connections:
  - id: acme
    ghl: {{ location_id: SandboxLocation00001, private_token: "${{ACME_GHL_TOKEN}}" }}
    openphone: {{ api_key: "${{ACME_QUO_KEY}}", webhook_secrets: ["${{ACME_QUO_SECRET}}"] }}
"#
    );
    let path = folder.join("tandem.yaml");
    std::fs::write(&path, text).unwrap();
    path
}

/// A command on that configuration, with its secrets.
pub(crate) fn with_config(command: &str, path: &Path) -> Command {
    let mut command = tandem(&[command, "--config"]);
    command.arg(path).env("ACME_GHL_TOKEN", "pit-sandbox").env("ACME_QUO_KEY", "sandbox-key");
    command.env("ACME_QUO_SECRET", OpenPhoneConfig::default().workspaces[0].webhook_secrets[0].clone());
    command
}

/// Where the child takes webhooks.
pub(crate) fn webhooks(child: &Child) -> String {
    let line = child.wait_for_line("the address", LIMIT, |line| line.contains("listening on http://"));
    let address = line.split("listening on ").nth(1).unwrap().split(';').next().unwrap();
    format!("{address}/webhooks")
}

async fn twins(folder: &TempDir) -> (GhlTwin, OpenPhoneTwin, PathBuf) {
    let ghl = GhlTwin::start(GhlConfig::default()).await.unwrap();
    let openphone = OpenPhoneTwin::start(OpenPhoneConfig::default()).await.unwrap();
    let urls = (ghl.base_url(), openphone.base_url());
    let path = config(folder.path(), "127.0.0.1:0", (&urls.0, &urls.1), &ghl.public_key_pem());
    (ghl, openphone, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn contact_arrives_and_sigterm_drains_with_exit_code_0() {
    let folder = tempdir();
    let (ghl, openphone, path) = twins(&folder).await;
    let mut child = Child::spawn(&mut with_config("up", &path));
    ghl.set_webhook_url(Some(format!("{}/ghl", webhooks(&child))));
    ghl.create_contact(&json!({ "firstName": "Ana", "phone": "(415) 555-0123" })).unwrap();
    let arrived =
        eventually("the contact in OpenPhone", LIMIT, || std::future::ready(openphone.contacts().into_iter().next()));
    let contact = arrived.await;
    assert_eq!(contact["defaultFields"]["phoneNumbers"][0]["value"], "+14155550123");
    child.terminate();
    assert_eq!(child.wait(LIMIT).code(), Some(0));
    let words = child.lines().join("\n");
    assert!(!words.contains("5550123") && !words.contains("pit-sandbox"), "personal data or a token: {words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn second_process_on_one_data_dir_fails_and_says_who_has_it() {
    let folder = tempdir();
    let (_ghl, _openphone, path) = twins(&folder).await;
    let child = Child::spawn(&mut with_config("up", &path));
    webhooks(&child);
    let second = with_config("up", &path);
    let (code, _, stderr) = tokio::task::spawn_blocking(|| ended(second)).await.unwrap();
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("error: opening the database in"), "{stderr}");
    assert!(stderr.contains("caused by: the data directory") && stderr.contains("is in use by"), "{stderr}");
    assert!(stderr.contains(&child.id().to_string()), "the process that has it is not named: {stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_environment_variable_is_named() {
    let folder = tempdir();
    let (_ghl, _openphone, path) = twins(&folder).await;
    let mut command = with_config("up", &path);
    command.env_remove("ACME_QUO_KEY");
    let (code, _, stderr) = tokio::task::spawn_blocking(|| ended(command)).await.unwrap();
    assert_eq!(code, Some(64), "{stderr}");
    let wanted = "connections[0].openphone.api_key: environment variable ACME_QUO_KEY is not set";
    assert!(stderr.contains(wanted), "{stderr}");
}
