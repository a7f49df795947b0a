//! Requests that nobody would think of, made from the API's own document: none is answered with an error of the server's, and every
//! answer is what the document says.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack};

use super::{ACME, LIMIT, done, start_with, token};
use crate::explain::event;

in_both_shapes! {
    every_answer_is_as_the_document_says,
}

/// Answers that the document doesn't describe, or that are the server's fault, end it with another exit code than 0.
const CHECKS: &str = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance";

/// Names that exist, so that it gets behind the first look; what else is in a path stays invented.
const KNOWN: &str = r#"
[parameters]
"path.connection" = "acme"

[[operations]]
include-operation-id = ["record", "preview"]
parameters = { "path.record" = "CONTACT" }

[[operations]]
include-operation-id = ["merge", "apart", "unmerge", "settle"]
parameters = { "path.record" = "RECORD" }

[[operations]]
include-operation-id = ["members"]
parameters = { "path.segment" = "VIPs" }

# Each of these reads everybody, and takes a second.
[[operations]]
include-operation-id = ["preview_scan"]
generation = { max-examples = 4 }
phases = { coverage = { enabled = false }, stateful = { enabled = false } }
"#;

/// Where `cargo xtask test` puts it, else on PATH.
fn program() -> PathBuf {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/bin/schemathesis");
    if fetched.is_file() { fetched } else { "schemathesis".into() }
}

/// Four people, and two messages that were set aside. The id of one.
async fn seeded(stack: &Stack) -> String {
    let mut last = String::new();
    for (number, name) in ["Ana", "Ben", "Cleo", "Dan"].into_iter().enumerate() {
        let contact = json!({ "firstName": name, "phone": format!("+1415555{:04}", 400 + number), "tags": ["vip"] });
        last = stack.ghl.create_contact(&contact).unwrap();
        stack.arrives(&last, "the contact", |_| true).await;
    }
    for id in ["e1", "e2"] {
        stack.queue().publish(event(id, "no json")).await.unwrap();
    }
    tandem_testkit::eventually("both to be set aside", LIMIT, async || {
        (stack.count(Stream::Dead).await == 2).then_some(())
    })
    .await;
    stack.quiet(LIMIT).await;
    last
}

async fn every_answer_is_as_the_document_says(shape: Shape) {
    let mapping = "segments:\n  list: [{ name: VIPs, when: \"'vip' in contact.tags\" }]\n".to_owned();
    let stack = start_with(shape, Some(mapping)).await;
    let contact = seeded(&stack).await;
    let url = format!("http://{}", stack.address);
    let record = done(&stack, "viewer", &format!("GET {ACME}/records/{contact}"), None).await["record"].clone();
    let record = record["person"]["record"].as_str().unwrap();
    let known = KNOWN.replace("CONTACT", &contact).replace("RECORD", record);
    let config = stack.folder.path().join("schemathesis.toml");
    std::fs::write(&config, known).unwrap();
    let shown = format!("authorization: Bearer {}", token(&stack, "admin"));
    let mut command = Command::new(program());
    command.arg("--config-file").arg(&config).arg("run").arg(format!("{url}/api/v1/openapi.json"));
    command.args(["--header", &shown, "--checks", CHECKS, "--max-examples", "20", "--no-color", "--seed", "7"]);
    command.args(["--generation-database", "none", "--request-timeout", "30"]).current_dir(stack.folder.path());
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let ended = ended.unwrap_or_else(|problem| {
        panic!("schemathesis can't be started ({problem}): `cargo xtask test` fetches it, or install it so that it is on PATH")
    });
    let printed = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(ended.status.success(), "{printed}");
    // It has done what the document offers, and not only knocked.
    assert!(printed.contains("Tested: 28"), "{printed}");
}
