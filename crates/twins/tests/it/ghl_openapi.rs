//! The twin's answers against the provider's published API descriptions: each operation is asked for once per version,
//! and what differs has to be in the one table of deviations, with the section of the contract sheet that says why.

mod schema;
mod tour;

use std::path::PathBuf;

use serde_json::json;
use tandem_twins::{GhlChoice, GhlCustomField, GhlTwin};

use self::schema::Documents;
use self::tour::{Guide, tour};
use crate::ghl_kit::{OTHER, text, tokens, two};
use crate::kit::{Caller, LOCATION, ghl};

/// Where the answers differ on purpose: what the problem contains, and the section of the contract sheet.
const DEVIATIONS: &[(&str, &str)] = &[
    ("$.traceId is not described", "1: every answer carries it"),
    ("status 403 is not described", "3: a token of another location"),
    ("$.contact.additionalEmails is not described", "4.1: seen on the wire"),
    ("$.contact.additionalPhones is not described", "4.1 and 10.1: seen on the wire"),
    ("GET /contacts/ 200: $.meta is not described", "4.7: the cursors still come there"),
    ("GET /contacts/ 200: $.contacts[]", "4.7: items carry more than is described"),
    ("GET /contacts/business/{businessId} 200: $.contacts[]", "4.8: the items of 4.7"),
    ("$.responses[] is object, not string", "4.22: the example holds objects"),
    ("tasks/search 200: $.tasks[] is object, not array", "5: the item is mistyped"),
    ("GET /users/{userId} 200: $.deleted is not described", "5: part of a user in the lists"),
    ("GET /conversations/{conversationId}/messages 200: $.lastMessageId is missing", "6: nested twice"),
    ("GET /conversations/{conversationId}/messages 200: $.nextPage is missing", "6: nested twice"),
    ("GET /conversations/{conversationId}/messages 200: $.messages is object, not array", "6: nested twice"),
];

#[expect(clippy::print_stderr, reason = "a test that did not run says so")]
fn descriptions() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vendor");
    let folder = std::env::var_os("TANDEM_VENDOR_DIR").map_or_else(beside, PathBuf::from).join("ghl/openapi");
    if !folder.is_dir() {
        eprintln!("not run: vendor folder absent");
        return None;
    }
    Some(folder)
}

async fn grants(twin: &GhlTwin, choice: GhlChoice) -> String {
    let scopes = "contacts.readonly contacts.write locations.readonly locations/tags.readonly locations/tags.write \
                  locations/customFields.readonly locations/customFields.write locations/tasks.readonly users.readonly \
                  conversations.readonly conversations.write conversations/message.readonly \
                  conversations/message.write oauth.readonly oauth.write";
    twin.choose(choice);
    text(&tokens(twin, scopes).await["access_token"]).to_owned()
}

async fn toured(v3: bool) -> Option<Vec<String>> {
    let documents = Documents::new(descriptions()?, v3);
    let mut config = two();
    config.locations[0].custom_fields = vec![GhlCustomField::text("FieldOpenPhoneId0001", "openphone_id", "Id")];
    let (twin, caller): (GhlTwin, Caller) = ghl(config).await;
    let company = grants(&twin, GhlChoice::Company(vec![LOCATION.to_owned(), OTHER.to_owned()])).await;
    let location = grants(&twin, GhlChoice::Location(LOCATION.to_owned())).await;
    let mut guide = Guide::new(documents, caller, (location, company), v3);
    tour(&twin, &mut guide).await;
    assert_eq!(twin.report().calls("unknown"), 0, "the tour asks for what exists");
    Some(guide.problems())
}

#[tokio::test]
async fn answers_are_as_described_but_for_known_deviations() {
    let mut used = vec![false; DEVIATIONS.len()];
    let mut unknown = Vec::new();
    for v3 in [false, true] {
        let Some(problems) = toured(v3).await else { return };
        for problem in problems {
            let known = DEVIATIONS.iter().position(|(what, _)| problem.contains(what));
            match known {
                Some(at) => used[at] = true,
                None => unknown.push(problem),
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    let unused: Vec<_> = DEVIATIONS.iter().zip(used).filter(|(_, used)| !used).map(|(known, _)| known).collect();
    assert!(unused.is_empty(), "no longer needed: {unused:?}");
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let schema = json!({ "type": "object", "required": ["id"], "properties": {
        "id": { "type": "string" }, "kind": { "type": "string", "enum": ["a"] },
        "list": { "type": "array", "items": { "type": "number" } }, "gone": { "type": "string", "nullable": true },
    } });
    let check = |value| schema::problems_in(&schema, &value);
    assert!(check(json!({ "id": "x", "kind": "a", "list": [1], "gone": null })).is_empty());
    assert_eq!(check(json!({})), ["$.id is missing"]);
    assert_eq!(check(json!({ "id": 1 })), ["$.id is number, not string"]);
    assert_eq!(check(json!({ "id": "x", "kind": "b" })), ["$.kind is none of the listed values"]);
    assert_eq!(check(json!({ "id": "x", "list": ["y"] })), ["$.list[] is string, not number"]);
    assert_eq!(check(json!({ "id": "x", "more": 1 })), ["$.more is not described"]);
}
