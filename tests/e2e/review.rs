//! What people look through and decide: `tandem duplicates` and `tandem conflicts`.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack, StackOptions, eventually, quick_ghl};
use tandem_twins::{Fault, Faults};

const LIMIT: Duration = Duration::from_secs(45);
const PHONE: &str = "+14155550151";

in_both_shapes! {
    two_contacts_of_one_person_are_shown_merged_and_taken_back,
    somebody_who_only_shares_a_name_and_number_is_said_to_be_somebody_else,
    a_field_that_waits_for_a_person_gets_the_value_that_they_choose,
    a_conflict_that_was_decided_is_shown_and_overturned,
    what_can_not_be_done_is_said,
}

/// A command that ends well, and the object that it prints.
pub(crate) fn said(stack: &Stack, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let mut command = stack.command(&arguments).unwrap();
    let status = tokio::task::block_in_place(|| command.wait());
    let printed = command.output().join("\n");
    assert_eq!(status.code(), Some(0), "{printed}");
    serde_json::from_str(&printed).unwrap()
}

/// A command that fails, and its words.
pub(crate) fn refused(stack: &Stack, arguments: &[&str]) -> String {
    let mut command = stack.command(arguments).unwrap();
    let status = tokio::task::block_in_place(|| command.wait());
    assert_eq!(status.code(), Some(1), "{:?}", command.output());
    command.output().join("\n")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Hana stands in GHL twice; the second one waits. Both ids, and the record that waits.
async fn twice(shape: Shape) -> (Stack, [String; 2], String) {
    twice_with(StackOptions::of(shape)).await
}

/// The same with a configuration of one's own.
pub(crate) async fn twice_with(options: StackOptions) -> (Stack, [String; 2], String) {
    let mut ghl = quick_ghl();
    ghl.locations[0].allow_duplicates = true;
    let stack = Stack::start_with(StackOptions { ghl: Some(ghl), ..options }).await.unwrap();
    let hana = json!({ "firstName": "Hana", "lastName": "Moss", "phone": PHONE });
    let first = stack.ghl.create_contact(&hana).unwrap();
    stack.arrives(&first, "the first", |_| true).await;
    let again = json!({ "firstName": "Hana", "lastName": "Moss", "phone": PHONE, "email": "hana@example.com", "tags": ["vip"] });
    let second = stack.ghl.create_contact(&again).unwrap();
    stack.quiet(LIMIT).await;
    let listed = said(&stack, &["duplicates", "list", "acme"]);
    let [waiting] = listed["duplicates"]["waiting"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&waiting["code"], &waiting["person"]["contacts"]["ghl"]), (&json!("duplicate"), &json!(second)));
    assert_eq!(waiting["with"]["contacts"]["ghl"], json!(first), "{waiting}");
    assert_eq!(waiting["person"]["reached_by"], json!([PHONE, "hana@example.com"]));
    let record = text(&waiting["person"]["record"]);
    (stack, [first, second], record)
}

fn emails(contact: &Value) -> Vec<&str> {
    let items = contact["defaultFields"]["emails"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item["value"].as_str()).collect()
}

fn writes(stack: &Stack) -> (u64, u64) {
    let (ghl, openphone) = (stack.ghl.report().writes, stack.openphone.report().writes);
    (ghl.created_by_api + ghl.updated_by_api, openphone.created_by_api + openphone.updated_by_api)
}

async fn two_contacts_of_one_person_are_shown_merged_and_taken_back(shape: Shape) {
    let (stack, contacts, record) = twice(shape).await;
    is_only_shown(&stack, &contacts, &record).await;
    is_merged(&stack, &contacts, &record).await;
    is_taken_back(&stack, &contacts, &record).await;
    assert_eq!((stack.count(Stream::Parked).await, stack.count(Stream::Dead).await), (0, 0));
}

async fn is_only_shown(stack: &Stack, [_, second]: &[String; 2], record: &str) {
    let before = writes(stack);
    let shown = said(stack, &["duplicates", "merge", "acme", record]);
    let merged = &shown["merged"];
    assert_eq!((&merged["is_dry"], &merged["left_alone"]["ghl"]), (&json!(true), &json!(second)));
    assert_eq!(merged["changes"]["emails"]["after"], json!({ "list": ["hana@example.com"] }), "{merged}");
    stack.quiet(LIMIT).await;
    assert_eq!(writes(stack), before);
}

async fn is_merged(stack: &Stack, [first, second]: &[String; 2], record: &str) {
    said(stack, &["duplicates", "merge", "acme", record, "--yes"]);
    stack.arrives(first, "the address that the other one had", |c| emails(c) == ["hana@example.com"]).await;
    stack.quiet(LIMIT).await;
    let has_it = |id: &str| stack.ghl.contact(id).unwrap()["email"] == "hana@example.com";
    assert!(has_it(first) && has_it(second), "somebody was wiped");
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (2, 1));
    // The one that ended is kept in step no more.
    let (written, edit) = (writes(stack), json!({ "lastName": "Marsh" }));
    stack.ghl.edit_contact(second, &edit).unwrap();
    stack.quiet(LIMIT).await;
    assert_eq!(writes(stack), written);
    let listed = said(stack, &["duplicates", "list", "acme"]);
    assert_eq!(listed["duplicates"]["waiting"], json!([]));
    assert_eq!(listed["duplicates"]["merged"][0]["person"]["record"], json!(record));
}

async fn is_taken_back(stack: &Stack, [first, second]: &[String; 2], record: &str) {
    let undone = said(stack, &["duplicates", "undo", "acme", record]);
    assert_eq!(undone["unmerged"]["stay"], json!([]));
    stack.arrives(first, "that the address is gone again", |c| emails(c).is_empty()).await;
    let there = stack.arrives(second, "a contact for the other one", |_| true).await;
    assert_eq!((&there["defaultFields"]["lastName"], emails(&there)), (&json!("Marsh"), vec!["hana@example.com"]));
    stack.quiet(LIMIT).await;
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (2, 2));
}

async fn somebody_who_only_shares_a_name_and_number_is_said_to_be_somebody_else(shape: Shape) {
    let (stack, [first, second], record) = twice(shape).await;
    said(&stack, &["duplicates", "apart", "acme", &record]);
    let there = stack.arrives(&second, "a contact of their own", |_| true).await;
    assert_eq!(emails(&there), ["hana@example.com"]);
    // It stays so when either changes.
    stack.ghl.edit_contact(&first, &json!({ "lastName": "Marsh" })).unwrap();
    stack.arrives(&first, "an edit of the first", |c| c["defaultFields"]["lastName"] == "Marsh").await;
    stack.ghl.edit_contact(&second, &json!({ "lastName": "Marsh" })).unwrap();
    stack.arrives(&second, "an edit of the second", |c| c["defaultFields"]["lastName"] == "Marsh").await;
    stack.quiet(LIMIT).await;
    assert_eq!((stack.openphone.contacts().len(), stack.count(Stream::Parked).await), (2, 0));
}

/// Lee, who is on both sides, is renamed on both before either is read again. Both ids.
async fn renamed_on_both_sides(shape: Shape, policy: &str) -> (Stack, String, String) {
    let mapping =
        Some(format!("fields: [last_name, phones, source_link, {{ field: first_name, conflict: {policy} }}]"));
    let stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    let ghl = stack.ghl.create_contact(&json!({ "firstName": "Lee", "phone": PHONE })).unwrap();
    let there = stack.arrives(&ghl, "the contact", |_| true).await;
    let openphone = text(&there["id"]);
    stack.quiet(LIMIT).await;
    // Nobody can look before both sides have told of it: an edit that is not known yet would be written over.
    let broken = || Faults::none().chance(1.0, Fault::ErrorBefore);
    stack.ghl.faults(broken());
    stack.openphone.faults(broken());
    stack.ghl.edit_contact(&ghl, &json!({ "firstName": "Leo" })).unwrap();
    stack.openphone.edit_contact(&openphone, &json!({ "firstName": "Lea" })).unwrap();
    assert!(stack.ghl.webhooks_idle(LIMIT).await && stack.openphone.webhooks_idle(LIMIT).await);
    tandem_testkit::eventually("that both are known", LIMIT, async || {
        let depth = stack.queue().depth(Stream::Events).await.ok()?;
        (depth.waiting + depth.in_flight + depth.delayed == 0).then_some(())
    })
    .await;
    stack.ghl.faults(Faults::none());
    stack.openphone.faults(Faults::none());
    stack.quiet(LIMIT).await;
    (stack, ghl, openphone)
}

async fn both_are(stack: &Stack, (ghl, openphone): (&str, &str), name: &str) {
    let is_so = || {
        let in_ghl = stack.ghl.contact(ghl)?["firstName"] == name;
        let in_openphone = stack.openphone.contact(openphone)?["defaultFields"]["firstName"] == name;
        (in_ghl && in_openphone).then_some(())
    };
    eventually("the same name on both sides", LIMIT, is_so).await;
}

/// The only conflict there is, as soon as it is noticed.
async fn conflict(stack: &Stack) -> Value {
    let list = || said(stack, &["conflicts", "list", "acme"])["conflicts"].as_array().cloned();
    let listed = eventually("a conflict", LIMIT, || list().filter(|all| !all.is_empty())).await;
    let [one] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!(one["field"], "first_name");
    assert_eq!(one["values"], json!({ "ghl": { "text": "Leo" }, "openphone": { "text": "Lea" } }), "{one}");
    one.clone()
}

async fn a_field_that_waits_for_a_person_gets_the_value_that_they_choose(shape: Shape) {
    let (stack, ghl, openphone) = renamed_on_both_sides(shape, "manual").await;
    let waits = conflict(&stack).await;
    assert_eq!(waits["winner"], Value::Null);
    let record = text(&waits["person"]["record"]);
    said(&stack, &["conflicts", "decide", "acme", &record, "first_name", "openphone"]);
    both_are(&stack, (&ghl, &openphone), "Lea").await;
    stack.quiet(LIMIT).await;
    assert_eq!(said(&stack, &["conflicts", "list", "acme"])["conflicts"], json!([]));
    stack.ghl.edit_contact(&ghl, &json!({ "firstName": "Leonie" })).unwrap();
    both_are(&stack, (&ghl, &openphone), "Leonie").await;
}

async fn a_conflict_that_was_decided_is_shown_and_overturned(shape: Shape) {
    let (stack, ghl, openphone) = renamed_on_both_sides(shape, "ghl").await;
    both_are(&stack, (&ghl, &openphone), "Leo").await;
    let decided = conflict(&stack).await;
    assert_eq!(decided["winner"], "ghl");
    let record = text(&decided["person"]["record"]);
    said(&stack, &["conflicts", "decide", "acme", &record, "first_name", "openphone"]);
    both_are(&stack, (&ghl, &openphone), "Lea").await;
}

async fn what_can_not_be_done_is_said(shape: Shape) {
    let (stack, [first, _], record) = twice(shape).await;
    let nobody = "0123456789abcdef0123456789abcdef";
    let told = refused(&stack, &["duplicates", "merge", "acme", nobody]);
    assert!(told.contains(&format!("there is no record {nobody}")), "{told}");
    let told = refused(&stack, &["duplicates", "merge", "acme", &record, "--into", &record]);
    assert!(told.contains("can't be merged with itself"), "{told}");
    let told = refused(&stack, &["duplicates", "undo", "acme", &record]);
    assert!(told.contains("was not merged by anybody"), "{told}");
    let told = refused(&stack, &["conflicts", "decide", "acme", &record, "first_name", "ghl"]);
    assert!(told.contains("nothing is known of a conflict about first_name"), "{told}");
    let told = refused(&stack, &["duplicates", "list", "nobody"]);
    assert!(told.contains("there is no connection nobody"), "{told}");
    assert!(stack.across(&first).is_some());
}
