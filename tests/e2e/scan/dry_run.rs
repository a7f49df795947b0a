//! What a dry run shows is what a real run then does, and it writes nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tandem_ingest::ScanKind;
use tandem_proto::{Stream, v1};
use tandem_tests::{Shape, Stack};

use super::{LIMIT, failure, seed, stack, typed};

in_both_shapes! {
    a_dry_run_shows_what_the_import_then_does,
    a_dry_run_of_a_sweep_shows_what_is_different_and_who_is_gone,
}

/// What happens to records, and how often: outcome, side and fields.
type Deeds = BTreeMap<(String, String, Vec<String>), usize>;

/// The command's one object.
fn dry_run(stack: &Stack, arguments: &'static [&'static str]) -> Value {
    let mut command = stack.command(arguments).unwrap();
    let status = command.wait_for(LIMIT);
    let printed = command.output();
    assert_eq!(status.code(), Some(0), "{printed:?}");
    let result = printed.iter().find_map(|line| serde_json::from_str::<Value>(line).ok());
    let result = result.unwrap_or_else(|| panic!("no object: {printed:?}"));
    assert_eq!((&result["ok"], &result["dry_run"]), (&json!(true), &json!(true)), "{result}");
    result
}

fn shown(result: &Value) -> Deeds {
    let mut deeds = Deeds::new();
    for item in result["items"].as_array().unwrap() {
        let text = |key: &str| item[key].as_str().unwrap().to_owned();
        let fields = item["fields"].as_array().unwrap().iter().map(|field| field.as_str().unwrap().to_owned());
        *deeds.entry((text("outcome"), text("side"), fields.collect())).or_default() += 1;
    }
    deeds
}

fn done(journal: &[v1::JournalEntry]) -> Deeds {
    let mut deeds = Deeds::new();
    for entry in journal.iter().filter(|entry| !matches!(entry.outcome.as_str(), "retry" | "in_step")) {
        let side = match entry.side() {
            v1::Side::Ghl => "ghl",
            v1::Side::Openphone => "openphone",
            v1::Side::Unspecified => "",
        };
        *deeds.entry((entry.outcome.clone(), side.to_owned(), entry.fields.clone())).or_default() += 1;
    }
    deeds
}

/// Nothing at the providers, nothing in the store, nothing in the streams.
async fn is_untouched(stack: &Stack, before: &BTreeMap<String, u64>) {
    let (ghl, openphone) = (stack.ghl.report().writes, stack.openphone.report().writes);
    let by_api = [ghl.created_by_api, ghl.updated_by_api, openphone.created_by_api, openphone.updated_by_api];
    assert_eq!(by_api, [0; 4], "{ghl:?} {openphone:?}");
    assert_eq!(&documents(stack).await, before);
    assert_eq!(stack.count(Stream::Journal).await + stack.count(Stream::Parked).await, 0);
}

/// Revisions by key: of everything but what is planned.
async fn documents(stack: &Stack) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let visit = |key: &str, entry: tandem_store::Entry| {
        found.insert(key.to_owned(), entry.revision);
    };
    stack.store().walk("", visit).await.unwrap();
    found.retain(|key, _| ["record/", "claim/", "link/", "scan-page/"].iter().any(|kind| key.starts_with(kind)));
    found
}

async fn a_dry_run_shows_what_the_import_then_does(shape: Shape) {
    let stack = stack(shape, "").await;
    seed(&stack, 30);
    stack.deliver(false);
    for number in 20..40 {
        stack.openphone.create_contact(&typed(number)).unwrap();
    }
    // Nobody, as far as the mapping goes; and one who shares an address with somebody of another name.
    stack.ghl.create_contact(&json!({ "tags": ["imported"] })).unwrap();
    let mut cousin = typed(5);
    cousin["firstName"] = json!("Cousin");
    stack.openphone.create_contact(&cousin).unwrap();
    let before = documents(&stack).await;
    let result = dry_run(&stack, &["backfill", "acme", "--dry-run", "--json"]);
    is_untouched(&stack, &before).await;
    let totals = &result["totals"];
    assert_eq!((&totals["ghl"], &totals["openphone"]), (&json!(31), &json!(21)), "{totals}");
    assert_eq!(totals["outcomes"]["created openphone"], json!(20 - 1), "{totals}");
    assert_eq!(totals["outcomes"]["created ghl"], json!(10), "{totals}");
    assert_eq!(totals["outcomes"]["parked"], json!(2), "the two who share a number under two names: {totals}");
    assert_eq!(totals["skipped"]["nobody"], json!(1), "{totals}");
    let named =
        result["items"].as_array().unwrap().iter().filter(|item| item["name"].as_str().unwrap().contains("Example"));
    assert!(named.count() > 30);

    let job = stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    assert_eq!(failure(&job), None);
    assert_eq!(shown(&result), done(&stack.journal().await));
}

#[expect(clippy::cognitive_complexity, reason = "one story, from its beginning to its end")]
async fn a_dry_run_of_a_sweep_shows_what_is_different_and_who_is_gone(shape: Shape) {
    let stack = stack(shape, "").await;
    let ids = seed(&stack, 20);
    stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    let imported = stack.journal().await.len();
    stack.deliver(false);
    stack.ghl.edit_contact(&ids[1], &json!({ "lastName": "Edited" })).unwrap();
    stack.ghl.add_tags(&ids[2], &["vip"]).unwrap();
    stack.ghl.delete_contact(&ids[3]).unwrap();
    let there = stack.across(&ids[4]).unwrap()["id"].as_str().unwrap().to_owned();
    stack.openphone.edit_contact(&there, &json!({ "role": "Plumber", "firstName": "Renamed" })).unwrap();
    stack.deliver(true);
    let (before, writes) = (documents(&stack).await, stack.openphone.report().writes);
    let result = dry_run(&stack, &["sweep", "acme", "--dry-run", "--json"]);
    assert_eq!((documents(&stack).await, stack.openphone.report().writes), (before, writes));
    assert_eq!(stack.ghl.report().writes.updated_by_api, 0);
    assert_eq!(stack.journal().await.len(), imported);
    let job = stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    assert_eq!(failure(&job), None);
    let journal = stack.journal().await;
    assert_eq!(shown(&result), done(&journal[imported..]), "{result}");
    let outcomes = &result["totals"]["outcomes"];
    assert_eq!((&outcomes["updated ghl"], &outcomes["deleted_there ghl"]), (&json!(1), &json!(1)), "{outcomes}");
    assert_eq!(stack.ghl.contact(&ids[4]).unwrap()["firstName"], "Renamed");
}
