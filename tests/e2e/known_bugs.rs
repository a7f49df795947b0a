//! What other integrations of this pair, or of its halves, got wrong.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack, StackOptions, eventually, quick_openphone};
use tandem_twins::OpenPhoneConfig;

const LIMIT: Duration = Duration::from_secs(45);
const PHONE: &str = "+14155550161";

in_both_shapes! {
    somebody_without_a_first_name_arrives_on_either_side,
    a_contact_that_is_gone_before_anybody_reads_it_leaves_nothing_behind,
    an_id_that_a_webhook_prefixes_is_no_second_contact,
    one_person_typed_on_both_sides_at_once_is_one_or_put_before_a_person,
}

async fn start(options: StackOptions) -> Stack {
    Stack::start_with(options).await.unwrap()
}

/// Nothing was set aside, and nothing waits for a person.
async fn at_rest(stack: &Stack) {
    stack.quiet(LIMIT).await;
    assert_eq!((stack.count(Stream::Dead).await, stack.count(Stream::Parked).await), (0, 0));
}

fn in_ghl(stack: &Stack, check: impl Fn(&Value) -> bool) -> Option<Value> {
    stack.ghl.contacts().into_iter().find(|contact| check(contact))
}

async fn somebody_without_a_first_name_arrives_on_either_side(shape: Shape) {
    let stack = start(StackOptions::of(shape)).await;
    let ghl = stack.ghl.create_contact(&json!({ "companyName": "Example Plumbing", "phone": PHONE })).unwrap();
    let there = stack.arrives(&ghl, "the company", |_| true).await;
    assert_eq!(there["defaultFields"]["company"], "Example Plumbing");
    let typed = json!({ "lastName": "Okafor", "phoneNumbers": [{ "name": "Mobile", "value": "+14155550162" }] });
    stack.openphone.create_contact(&typed).unwrap();
    let found = || in_ghl(&stack, |contact| contact["phone"] == "+14155550162");
    let back = eventually("somebody with a last name only", LIMIT, found).await;
    assert_eq!(back["lastName"], "Okafor");
    at_rest(&stack).await;
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (2, 2));
}

async fn a_contact_that_is_gone_before_anybody_reads_it_leaves_nothing_behind(shape: Shape) {
    let mut stack = start(StackOptions::of(shape)).await;
    stack.stop_pipeline().await.unwrap();
    let ghl = stack.ghl.create_contact(&json!({ "firstName": "Sol", "phone": PHONE })).unwrap();
    let typed = json!({ "firstName": "Tam", "phoneNumbers": [{ "name": "Mobile", "value": "+14155550162" }] });
    let openphone = stack.openphone.create_contact(&typed).unwrap();
    stack.ghl.delete_contact(&ghl).unwrap();
    stack.openphone.delete_contact(&openphone).unwrap();
    stack.start_pipeline().await.unwrap();
    // Behind all of that, somebody who is there.
    let next = stack.ghl.create_contact(&json!({ "firstName": "Uma", "phone": "+14155550163" })).unwrap();
    stack.arrives(&next, "somebody who is there", |_| true).await;
    at_rest(&stack).await;
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (1, 1));
}

async fn an_id_that_a_webhook_prefixes_is_no_second_contact(shape: Shape) {
    let openphone = OpenPhoneConfig { prefixed_webhook_ids: true, ..quick_openphone() };
    let stack = start(StackOptions { openphone: Some(openphone), ..StackOptions::of(shape) }).await;
    let ghl = stack.ghl.create_contact(&json!({ "firstName": "Vic", "phone": PHONE })).unwrap();
    let there = stack.arrives(&ghl, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    stack.openphone.edit_contact(there["id"].as_str().unwrap(), &json!({ "firstName": "Vivian" })).unwrap();
    let renamed = || in_ghl(&stack, |contact| contact["firstName"] == "Vivian");
    eventually("the new name", LIMIT, renamed).await;
    at_rest(&stack).await;
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (1, 1));
}

/// OpenPhone can't be asked whether somebody is there, so it may be too late when it tells: then a person is asked.
async fn one_person_typed_on_both_sides_at_once_is_one_or_put_before_a_person(shape: Shape) {
    let mut stack = start(StackOptions::of(shape)).await;
    stack.stop_pipeline().await.unwrap();
    stack.ghl.create_contact(&json!({ "firstName": "Wim", "lastName": "Dale", "phone": PHONE })).unwrap();
    let typed = json!({ "firstName": "Wim", "lastName": "Dale", "company": "Example Farm",
        "phoneNumbers": [{ "name": "Mobile", "value": "(415) 555-0161" }] });
    stack.openphone.create_contact(&typed).unwrap();
    stack.start_pipeline().await.unwrap();
    tandem_testkit::eventually("a link, or a person who is asked", LIMIT, async || {
        let (there, parked) = (stack.openphone.contacts(), stack.count(Stream::Parked).await);
        let is_one = there.len() == 1 && there[0]["sourceUrl"].is_string();
        (is_one || (there.len() == 2 && parked == 1)).then_some(())
    })
    .await;
    stack.quiet(LIMIT).await;
    assert_eq!((stack.ghl.contacts().len(), stack.count(Stream::Dead).await), (1, 0));
}
