//! `tandem sandbox`: answers, works together with `tandem up`, ends when told to.

use serde_json::Value;
use tandem_testkit::{Child, eventually_blocking, free_port, tempdir};

use crate::client::call;
use crate::command::{LIMIT, ended, tandem};
use crate::up;

fn url_after(child: &Child, words: &'static str) -> String {
    let line = child.wait_for_line(words, LIMIT, |line| line.trim().starts_with(words));
    line.split_whitespace().last().unwrap().to_owned()
}

#[test]
fn sandbox_answers_and_ends_on_sigterm_with_0() {
    let mut child = Child::spawn(&mut tandem(&["sandbox", "--ghl-port", "0", "--openphone-port", "0"]));
    let (ghl, openphone) = (url_after(&child, "GHL twin"), url_after(&child, "OpenPhone twin"));
    child.wait_for_line("the end of the introduction", LIMIT, |line| line == "Ctrl-C ends it.");
    let (status, made) = call("POST", &format!("{ghl}/_twin/people/contacts"), r#"{"firstName":"Ana"}"#);
    assert!(status < 300 && made["id"].is_string(), "{status} {made}");
    let (status, report) = call("GET", &format!("{openphone}/_twin/report"), "");
    assert_eq!((status, &report["contacts"]), (200, &Value::from(0)));
    let words = child.lines().join("\n");
    for word in ["pit-sandbox", "sandbox-key", "whsec_", "BEGIN PUBLIC KEY", "curl -X POST"] {
        assert!(words.contains(word), "{word}: {words}");
    }
    child.terminate();
    assert_eq!(child.wait(LIMIT).code(), Some(0));
}

#[test]
fn taken_port_is_a_failure_that_names_the_port() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let (code, _, stderr) = ended(tandem(&["sandbox", "--openphone-port", "0", "--ghl-port", &port]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("error: starting the GHL twin on 127.0.0.1:{port}")), "{stderr}");
    assert!(stderr.contains("caused by: "), "{stderr}");
}

#[test]
fn sandbox_and_up_share_one_configuration() {
    let folder = tempdir();
    let [ghl, openphone] = [free_port(), free_port()].map(|port| format!("http://127.0.0.1:{port}"));
    let listen = format!("127.0.0.1:{}", free_port());
    // The sandbox's key stays the same from run to run, so that it can be written down.
    let key = sandbox_key();
    let path = up::config(folder.path(), &listen, (&ghl, &openphone), &key);
    let sandbox = Child::spawn(&mut up::with_config("sandbox", &path));
    sandbox.wait_for_line("the end of the introduction", LIMIT, |line| line == "Ctrl-C ends it.");
    let up = Child::spawn(&mut up::with_config("up", &path));
    up::webhooks(&up);
    call("POST", &format!("{ghl}/_twin/people/contacts"), r#"{"firstName":"Ana","phone":"(415) 555-0123"}"#);
    eventually_blocking("the contact in OpenPhone", LIMIT, || {
        let (_, page) = call("GET", &format!("{openphone}/_twin/contacts"), "");
        page["contacts"].as_array().filter(|contacts| contacts.len() == 1).map(drop)
    });
    let words = sandbox.lines().join("\n");
    assert!(!words.contains("pit-sandbox") && !words.contains("sandbox-key"), "somebody's token was shown: {words}");
}

fn sandbox_key() -> String {
    let child = Child::spawn(&mut tandem(&["sandbox", "--ghl-port", "0", "--openphone-port", "0"]));
    child.wait_for_line("the end of the key", LIMIT, |line| line.starts_with("-----END"));
    let lines = child.lines();
    let key = lines.iter().skip_while(|line| !line.starts_with("-----BEGIN"));
    key.take(3).cloned().collect::<Vec<_>>().join("\n")
}
