//! First import and sweep, judged at the twins: everybody arrives, nothing is asked for twice, and what no webhook told is found.

mod command;
mod dry_run;
mod resume;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tandem_ingest::{Job, ScanKind};
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack, StackOptions, eventually, quick_ghl, quick_openphone};
use tandem_twins::{Access, Fault, Faults, GhlConfig, On, OpenPhoneConfig, Rate, Scripted, WebhookFault};

use crate::kill::judge::differences;

pub(crate) const LIMIT: Duration = Duration::from_mins(2);
/// More than fits on two pages of GHL's list, and on four of `OpenPhone`'s.
const MANY: usize = 230;

in_both_shapes! {
    everybody_who_was_there_before_arrives_with_one_request_each,
    an_import_again_finds_nothing_new,
    people_who_are_on_both_sides_are_linked_and_nobody_is_made_twice,
    a_sweep_mends_what_lost_webhooks_did_not_tell,
    a_clean_sweep_writes_nothing_and_costs_a_request_a_page,
    contacts_that_vanished_without_a_word_are_noticed,
    further_numbers_arrive_in_both_versions_of_the_api,
    an_edit_during_an_import_does_not_wait_for_it,
    a_provider_that_fails_now_and_then_is_asked_again,
}

/// So quick that nobody waits for the budget.
pub(crate) fn fast() -> (GhlConfig, OpenPhoneConfig) {
    let (mut ghl, mut openphone) = (quick_ghl(), quick_openphone());
    let rate = |enforce| Rate { requests: 400, per: Duration::from_secs(1), per_day: None, enforce };
    (ghl.rate, openphone.rate) = (rate(true), rate(true));
    (ghl, openphone)
}

pub(crate) async fn stack(shape: Shape, config: &str) -> Stack {
    let (ghl, openphone) = fast();
    let options = StackOptions {
        ghl: Some(ghl),
        openphone: Some(openphone),
        config: config.to_owned(),
        ..StackOptions::of(shape)
    };
    Stack::start_with(options).await.unwrap()
}

pub(crate) fn person(number: usize) -> Value {
    json!({
        "firstName": format!("Person{number}"), "lastName": "Example", "phone": format!("+1415555{number:04}"),
        "email": format!("person{number}@example.com"), "tags": ["lead"],
    })
}

/// People whom no webhook tells of.
pub(crate) fn seed(stack: &Stack, count: usize) -> Vec<String> {
    stack.deliver(false);
    let ids = (0..count).map(|number| stack.ghl.create_contact(&person(number)).unwrap()).collect();
    stack.deliver(true);
    ids
}

async fn imported(stack: &Stack, count: usize) -> Vec<String> {
    let ids = seed(stack, count);
    stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    assert_eq!(differences(&stack.ghl, &stack.openphone), Vec::<String>::new());
    ids
}

pub(crate) fn failure(job: &Job) -> Option<&str> {
    job.ended.as_ref()?.failure.as_deref()
}

async fn everybody_who_was_there_before_arrives_with_one_request_each(shape: Shape) {
    let stack = stack(shape, "").await;
    seed(&stack, MANY);
    let job = stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    assert_eq!(failure(&job), None);
    assert_eq!((job.read.ghl.contacts, job.read.ghl.expected), (MANY as u64, Some(MANY as u64)));
    assert_eq!(differences(&stack.ghl, &stack.openphone), Vec::<String>::new());

    let (ghl, openphone) = (stack.ghl.report(), stack.openphone.report());
    // Three pages of a hundred and the empty one; the search for further numbers takes 500 at once.
    assert_eq!((ghl.calls("GET /contacts/"), ghl.calls("POST /contacts/search")), (4, 1), "{:?}", ghl.by_template);
    assert_eq!(ghl.requests, 5, "{:?}", ghl.by_template);
    assert_eq!(openphone.calls("POST /v1/contacts"), MANY as u64);
    // The page that showed an empty workspace, and the custom fields.
    assert!(openphone.requests <= MANY as u64 + 2, "{:?}", openphone.by_template);
    assert_eq!(openphone.writes.updated_by_api, 0);
    assert!(openphone.duplicates.is_empty() && openphone.wiped.is_empty());
}

async fn an_import_again_finds_nothing_new(shape: Shape) {
    let stack = stack(shape, "").await;
    imported(&stack, MANY).await;
    let openphone = stack.openphone.report();
    let again = stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    assert_eq!((again.read.ghl.contacts, again.read.openphone.contacts), (MANY as u64, MANY as u64));
    let after = stack.openphone.report();
    assert_eq!(after.writes, openphone.writes);
    assert_eq!(after.calls("GET /v1/contacts/{id}"), 0, "{:?}", after.by_template);
}

/// The same person as OpenPhone's people type it.
pub(crate) fn typed(number: usize) -> Value {
    let ghl = person(number);
    json!({
        "firstName": ghl["firstName"], "lastName": ghl["lastName"],
        "phoneNumbers": [{ "name": "Mobile", "value": ghl["phone"] }], "emails": [{ "name": "Work", "value": ghl["email"] }],
    })
}

/// A hundred on each side, sixty of them on both.
#[expect(clippy::cognitive_complexity, reason = "one story, from its beginning to its end")]
async fn people_who_are_on_both_sides_are_linked_and_nobody_is_made_twice(shape: Shape) {
    let stack = stack(shape, "").await;
    seed(&stack, 100);
    stack.deliver(false);
    for number in 40..140 {
        stack.openphone.create_contact(&typed(number)).unwrap();
    }
    stack.deliver(true);
    let job = stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    assert_eq!((failure(&job), job.read.openphone.contacts), (None, 100));
    eventually("everybody on both sides", LIMIT, || {
        ((stack.ghl.contacts().len(), stack.openphone.contacts().len()) == (140, 140)).then_some(())
    })
    .await;
    stack.quiet(LIMIT).await;
    assert_eq!(differences(&stack.ghl, &stack.openphone), Vec::<String>::new());
    let (ghl, openphone) = (stack.ghl.report(), stack.openphone.report());
    assert_eq!((ghl.writes.created_by_api, openphone.writes.created_by_api), (40, 40));
    assert!(openphone.duplicates.is_empty() && ghl.duplicates.is_empty());
    assert!(openphone.wiped.is_empty() && ghl.wiped.is_empty(), "{:?} {:?}", openphone.wiped, ghl.wiped);
    assert_eq!(stack.count(Stream::Parked).await + stack.count(Stream::Dead).await, 0);
    // Nobody is read in GHL but those of whose making its webhooks tell, and in OpenPhone those whose tags are written.
    assert_eq!(ghl.calls("GET /contacts/{contactId}"), 40, "{:?}", ghl.by_template);
    assert_eq!(openphone.calls("GET /v1/contacts/{id}"), 60, "{:?}", openphone.by_template);
    let clean = stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    assert_eq!((failure(&clean), clean.found), (None, 0));
    assert_eq!((stack.ghl.report().writes, stack.openphone.report().writes), (ghl.writes, openphone.writes));
}

async fn a_sweep_mends_what_lost_webhooks_did_not_tell(shape: Shape) {
    let stack = stack(shape, "").await;
    let ids = imported(&stack, 120).await;
    // One in twenty of GHL's webhooks gets lost, and some edits fire none at all.
    stack.ghl.faults(Faults { seed: 11, ..Faults::none().webhook(0.05, WebhookFault::Drop) });
    for (number, id) in ids.iter().enumerate() {
        stack.ghl.edit_contact(id, &json!({ "lastName": format!("Edited{number}") })).unwrap();
    }
    stack.deliver(false);
    for number in 120..125 {
        stack.ghl.create_contact(&person(number)).unwrap();
    }
    stack.ghl.add_tags(&ids[7], &["quiet"]).unwrap();
    stack.ghl.remove_tags(&ids[8], &["lead"]).unwrap();
    stack.ghl.edit_contact(&ids[9], &json!({ "email": "" })).unwrap();
    stack.deliver(true);
    stack.quiet(LIMIT).await;
    let lost = stack.ghl.report().faults.get("webhook_drop").copied().unwrap_or_default();
    assert!(lost > 0, "no webhook was lost");
    let behind = differences(&stack.ghl, &stack.openphone).len() as u64;
    assert!(behind >= lost, "{behind} differ after {lost} were lost");

    let job = stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    assert_eq!((failure(&job), job.found), (None, 0));
    assert_eq!(differences(&stack.ghl, &stack.openphone), Vec::<String>::new());
    assert!(stack.openphone.report().wiped.is_empty());
}

async fn a_clean_sweep_writes_nothing_and_costs_a_request_a_page(shape: Shape) {
    let stack = stack(shape, "").await;
    imported(&stack, MANY).await;
    let (ghl, openphone) = (stack.ghl.report(), stack.openphone.report());
    let job = stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    assert_eq!((failure(&job), job.found), (None, 0));
    assert_eq!((job.read.ghl.contacts, job.read.openphone.contacts), (MANY as u64, MANY as u64));
    let (ghl_after, openphone_after) = (stack.ghl.report(), stack.openphone.report());
    assert_eq!(ghl_after.requests - ghl.requests, 5, "{:?}", ghl_after.by_template);
    assert_eq!(openphone_after.requests - openphone.requests, 5, "{:?}", openphone_after.by_template);
    assert_eq!((ghl_after.writes, openphone_after.writes), (ghl.writes, openphone.writes));
    let skipped = stack.metric("tandem_skips_total{reason=\"in_step\"}");
    assert!(skipped >= 2.0 * 230.0, "{skipped} were found in step");
    assert!((stack.metric("tandem_scans_total{kind=\"sweep\",outcome=\"done\"}") - 1.0).abs() < 0.5);
}

async fn contacts_that_vanished_without_a_word_are_noticed(shape: Shape) {
    let stack = stack(shape, "").await;
    let ids = imported(&stack, 60).await;
    let across = |id: &str| stack.across(id).unwrap()["id"].as_str().unwrap().to_owned();
    let (lost_there, kept_there) = (across(&ids[3]), across(&ids[40]));
    stack.deliver(false);
    stack.ghl.delete_contact(&ids[40]).unwrap();
    stack.openphone.delete_contact(&lost_there).unwrap();
    stack.deliver(true);
    let job = stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    assert_eq!((failure(&job), job.found), (None, 2));
    // By default a delete doesn't cross, and GHL's contact gets the one back that it had in OpenPhone.
    assert!(stack.openphone.contact(&kept_there).is_some());
    let back = stack.arrives(&ids[3], "the contact that was lost in OpenPhone", |_| true).await;
    assert_ne!(back["id"], json!(lost_there));
    let gone = stack.journal().await.into_iter().filter(|entry| entry.outcome == "deleted_there").count();
    assert_eq!(gone, 2);
    // What is known to be gone is not asked for again.
    let again = stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    assert_eq!(again.found, 0);
}

async fn further_numbers_arrive_in_both_versions_of_the_api(shape: Shape) {
    for version in ["2021-07-28", "v3"] {
        let mut stack = stack(shape, "").await;
        stack.stop_pipeline().await.unwrap();
        stack.environment.insert("TANDEM_PROVIDERS__GHL__API_VERSION".to_owned(), version.to_owned());
        stack.start_pipeline().await.unwrap();
        stack.deliver(false);
        let ana = json!({ "firstName": "Ana", "lastName": "de la Cruz", "phone": "+14155550123",
            "additionalPhones": [{ "phone": "+14155550124" }], "additionalEmails": [{ "email": "b@example.com" }] });
        let id = stack.ghl.create_contact(&ana).unwrap();
        stack.deliver(true);
        stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
        let fields = &stack.across(&id).unwrap()["defaultFields"];
        assert_eq!((&fields["firstName"], &fields["lastName"]), (&json!("Ana"), &json!("de la Cruz")), "{version}");
        assert_eq!(fields["phoneNumbers"].as_array().unwrap().len(), 2, "{version}: {fields}");
        assert_eq!(fields["emails"].as_array().unwrap().len(), 1, "{version}: {fields}");
        let reads = stack.ghl.report().calls("GET /contacts/{contactId}");
        assert_eq!(reads, u64::from(version == "v3"), "{version}: names of a search are in lower case");
        // All of it is known now, in either form.
        stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
        assert_eq!(stack.ghl.report().calls("GET /contacts/{contactId}"), reads, "{version}");
        assert_eq!(stack.openphone.report().writes.updated_by_api, 0, "{version}");
    }
}

async fn an_edit_during_an_import_does_not_wait_for_it(shape: Shape) {
    // At the published ten a second, so that the import takes its time.
    let stack = Stack::start(shape).await.unwrap();
    let ids = imported(&stack, 3).await;
    stack.deliver(false);
    for number in 100..300 {
        stack.ghl.create_contact(&person(number)).unwrap();
    }
    stack.deliver(true);
    stack.ask(ScanKind::Backfill).await.unwrap();
    let arrived = || stack.openphone.contacts().len();
    eventually("the import to be under way", LIMIT, || (arrived() > 10).then_some(())).await;
    for (number, id) in ids.iter().enumerate() {
        let name = format!("Quick{number}");
        let edited = Instant::now();
        stack.ghl.edit_contact(id, &json!({ "lastName": name })).unwrap();
        stack.arrives(id, "the edit", |contact| contact["defaultFields"]["lastName"] == json!(name)).await;
        let took = edited.elapsed();
        assert!(took < Duration::from_secs(5), "an edit took {took:?}");
    }
    assert!(arrived() < 203, "the import was over before the edits were made");
    eventually("the end of the import", LIMIT, || (arrived() == 203).then_some(())).await;
    stack.quiet(LIMIT).await;
    assert_eq!(differences(&stack.ghl, &stack.openphone), Vec::<String>::new());
    assert_eq!(stack.openphone.report().rate.violations, 0);
}

async fn a_provider_that_fails_now_and_then_is_asked_again(shape: Shape) {
    let stack = stack(shape, "").await;
    seed(&stack, 120);
    let next = |fault, path: &str| Scripted::next(On { method: None, path: path.to_owned() }, fault);
    stack.ghl.script(next(Fault::ErrorBefore, "/contacts/search"));
    stack.ghl.script(next(Fault::TooMany { retry_after_secs: Some(1) }, "/contacts/"));
    stack.openphone.script(next(Fault::ResetBefore, "/v1/contacts"));
    let job = stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    assert_eq!(failure(&job), None);
    assert_eq!(differences(&stack.ghl, &stack.openphone), Vec::<String>::new());

    // What waiting doesn't mend ends it, with the reason.
    let lapsed = Access { lapsed: true, ..Access::default() };
    assert!(stack.openphone.set_access(None, lapsed));
    let job = stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    assert!(failure(&job).is_some_and(|why| why.contains("the subscription is not active")), "{job:?}");
}
