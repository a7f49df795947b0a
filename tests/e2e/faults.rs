//! The main job while the providers and the process misbehave.

use std::time::{Duration, Instant};

use serde_json::json;
use tandem_proto::{Lane, MessageId, Stream};
use tandem_queue::NewMessage;
use tandem_tests::{Shape, Stack, StackOptions, quick_ghl, quick_openphone};
use tandem_twins::{Access, Fault, Faults, On, Scripted, WebhookFault, Young};

const LIMIT: Duration = Duration::from_mins(1);

in_both_shapes! {
    a_create_whose_answer_says_500_is_looked_up_and_not_repeated,
    a_create_that_really_failed_is_repeated,
    a_create_whose_connection_is_reset_after_it_was_applied_is_not_repeated,
    a_create_that_never_answers_is_not_repeated,
    a_create_that_is_applied_late_is_not_repeated,
    webhooks_doubled_delayed_and_reordered_change_nothing_but_the_work,
    two_hundred_changes_among_misbehaving_providers_end_equal,
    a_429_is_obeyed_by_everybody,
    a_backlog_uses_the_published_rate_and_never_more,
    a_refused_key_pauses_the_connection_and_keeps_its_events,
    a_key_that_is_too_new_is_tried_again_by_itself,
    a_lost_store_is_rebuilt_without_doubling_anybody,
    a_contact_that_vanished_from_openphone_is_made_again,
    a_delete_in_openphone_that_we_are_told_of_is_respected,
    an_orderly_stop_in_the_middle_of_work_loses_and_doubles_nothing,
    messages_that_nobody_can_read_become_dead_letters_and_the_rest_goes_on,
}

async fn one_contact_despite(shape: Shape, fault: Fault) {
    let stack = Stack::start(shape).await.unwrap();
    stack.openphone.script(Scripted::next(On::call("POST", "/v1/contacts"), fault.clone()));
    let id = stack.ghl.create_contact(&json!({ "firstName": "Lou", "phone": "+14155550111" })).unwrap();
    stack.arrives(&id, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    let report = stack.openphone.report();
    assert_eq!(report.faults.values().sum::<u64>(), 1, "the fault never struck");
    assert_eq!(stack.openphone.contacts().len(), 1, "{fault:?}");
    assert!(report.duplicates.is_empty() && report.lookalikes.is_empty(), "{fault:?}: {:?}", report.duplicates);
    stack.ghl.edit_contact(&id, &json!({ "firstName": "Louise" })).unwrap();
    stack.arrives(&id, "an edit after that", |c| c["defaultFields"]["firstName"] == "Louise").await;
}

async fn a_create_whose_answer_says_500_is_looked_up_and_not_repeated(shape: Shape) {
    one_contact_despite(shape, Fault::ErrorAfter).await;
}

async fn a_create_that_really_failed_is_repeated(shape: Shape) {
    one_contact_despite(shape, Fault::ErrorBefore).await;
}

async fn a_create_whose_connection_is_reset_after_it_was_applied_is_not_repeated(shape: Shape) {
    one_contact_despite(shape, Fault::ResetAfter).await;
}

async fn a_create_that_never_answers_is_not_repeated(shape: Shape) {
    one_contact_despite(shape, Fault::TimeoutAfter).await;
}

async fn a_create_that_is_applied_late_is_not_repeated(shape: Shape) {
    one_contact_despite(shape, Fault::LateApply { after_ms: 1_300 }).await;
}

async fn webhooks_doubled_delayed_and_reordered_change_nothing_but_the_work(shape: Shape) {
    let faults = Faults { seed: 3, ..Faults::none() }
        .webhook(0.5, WebhookFault::Double)
        .webhook(0.5, WebhookFault::Delay { min_ms: 0, max_ms: 400 });
    let mut ghl = quick_ghl();
    ghl.faults = faults;
    let stack = Stack::start_with(StackOptions { ghl: Some(ghl), openphone: Some(fast()), ..StackOptions::of(shape) })
        .await
        .unwrap();
    let id = stack.ghl.create_contact(&json!({ "firstName": "v0", "phone": "+14155550112" })).unwrap();
    for version in 1..=20 {
        stack.ghl.edit_contact(&id, &json!({ "firstName": format!("v{version}") })).unwrap();
    }
    stack.arrives(&id, "the last version", |c| c["defaultFields"]["firstName"] == "v20").await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.across(&id).unwrap()["defaultFields"]["firstName"], "v20", "an old event overwrote a newer state");
    let report = stack.openphone.report();
    assert_eq!(report.writes.created_by_api, 1);
    assert!(report.writes.updated_by_api <= 20);
    assert!(stack.ghl.report().faults.contains_key("webhook_double"));
}

/// A provider with room, so that the limiter is not what is tested.
fn fast() -> tandem_twins::OpenPhoneConfig {
    let mut config = quick_openphone();
    config.rate.requests = 400;
    config
}

#[expect(clippy::cognitive_complexity, reason = "one story, from its beginning to its end")]
async fn two_hundred_changes_among_misbehaving_providers_end_equal(shape: Shape) {
    let chance = |seed| {
        Faults { seed, ..Faults::none() }
            .chance(0.04, Fault::ErrorBefore)
            .chance(0.04, Fault::ErrorAfter)
            .chance(0.03, Fault::ResetBefore)
            .chance(0.03, Fault::ResetAfter)
            .chance(0.02, Fault::TimeoutAfter)
            .chance(0.02, Fault::TooMany { retry_after_secs: Some(1) })
            .chance(0.02, Fault::LateApply { after_ms: 1_200 })
    };
    let (mut ghl, mut openphone) = (quick_ghl(), fast());
    (ghl.faults, openphone.faults) = (chance(11).webhook(0.1, WebhookFault::Double), chance(12));
    let stack =
        Stack::start_with(StackOptions { ghl: Some(ghl), openphone: Some(openphone), ..StackOptions::of(shape) })
            .await
            .unwrap();
    let mut ids = Vec::new();
    for person in 0..40 {
        let contact = json!({ "firstName": format!("P{person}"), "lastName": "Test", "phone": format!("+1415555{:04}", 1000 + person) });
        ids.push(stack.ghl.create_contact(&contact).unwrap());
    }
    for round in 0..4 {
        for (person, id) in ids.iter().enumerate() {
            let change = match (person + round) % 3 {
                0 => json!({ "firstName": format!("P{person}r{round}") }),
                1 => json!({ "companyName": format!("Company {round}") }),
                _ => json!({ "email": format!("p{person}r{round}@example.com") }),
            };
            stack.ghl.edit_contact(id, &change).unwrap();
        }
        // Otherwise the edits of one contact melt into a single write.
        stack.quiet(Duration::from_mins(2)).await;
    }
    let report = stack.openphone.report();
    for fault in
        ["error_before", "error_after", "reset_before", "reset_after", "timeout_after", "too_many", "late_apply"]
    {
        let times =
            report.faults.get(fault).copied().unwrap_or(0) + stack.ghl.report().faults.get(fault).copied().unwrap_or(0);
        assert!(times > 0, "the fault {fault} never struck: {:?}", report.faults);
    }
    assert_eq!(stack.openphone.contacts().len(), 40);
    for id in &ids {
        let (here, there) = (stack.ghl.contact(id).unwrap(), stack.across(id).unwrap());
        for (ghl, openphone) in [("firstName", "firstName"), ("lastName", "lastName"), ("companyName", "company")] {
            assert_eq!(here[ghl], there["defaultFields"][openphone], "{ghl} of {id}");
        }
        let emails = there["defaultFields"]["emails"].as_array().map_or(0, Vec::len);
        assert_eq!(emails, usize::from(!here["email"].is_null()), "emails of {id}: {there}");
    }
    assert!(report.duplicates.is_empty() && report.wiped.is_empty());
    assert_eq!(report.rate_violations() + stack.ghl.report().rate_violations(), 0);
    assert_eq!(stack.count(Stream::Dead).await, 0);
}

async fn a_429_is_obeyed_by_everybody(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let fault = Fault::TooMany { retry_after_secs: Some(2) };
    stack.openphone.script(Scripted::next(On::call("POST", "/v1/contacts"), fault));
    let start = Instant::now();
    let ids: Vec<String> = (0..5)
        .map(|n| {
            stack
                .ghl
                .create_contact(&json!({ "firstName": format!("Q{n}"), "phone": format!("+1415555012{n}") }))
                .unwrap()
        })
        .collect();
    for id in &ids {
        stack.arrives(id, "each contact", |_| true).await;
    }
    assert!(start.elapsed() >= Duration::from_secs(2), "somebody called during the time the provider named");
    let report = stack.openphone.report();
    assert_eq!(report.answers(429), 1);
    assert_eq!(report.rate_violations(), 0);
}

async fn a_backlog_uses_the_published_rate_and_never_more(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let ids: Vec<String> = (0..40)
        .map(|n| {
            stack
                .ghl
                .create_contact(&json!({ "firstName": format!("R{n}"), "phone": format!("+141555502{n:02}") }))
                .unwrap()
        })
        .collect();
    stack.quiet(LIMIT).await;
    let report = stack.openphone.report();
    assert_eq!(report.writes.created_by_api, ids.len() as u64);
    assert_eq!((report.answers(429), report.rate_violations()), (0, 0));
}

async fn a_refused_key_pauses_the_connection_and_keeps_its_events(shape: Shape) {
    let mut openphone = quick_openphone();
    "another-key".clone_into(&mut openphone.workspaces[0].api_key);
    let mut stack =
        Stack::start_with(StackOptions { openphone: Some(openphone), ..StackOptions::of(shape) }).await.unwrap();
    let id = stack.ghl.create_contact(&json!({ "firstName": "Sam", "phone": "+14155550130" })).unwrap();
    tandem_tests::eventually("a refusal", LIMIT, || (stack.openphone.report().answers(401) > 0).then_some(())).await;
    assert_eq!(stack.count(Stream::Dead).await, 0);
    stack.stop_pipeline().await.unwrap();
    // The person who runs it puts the right key into the environment and restarts.
    stack.environment.insert("QUO_KEY".to_owned(), "another-key".to_owned());
    stack.start_pipeline().await.unwrap();
    tandem_tests::eventually("the contact, after the restart", Duration::from_secs(90), || stack.across(&id)).await;
}

async fn a_key_that_is_too_new_is_tried_again_by_itself(shape: Shape) {
    let mut openphone = quick_openphone();
    // For a grown key this would be a failure of the record.
    openphone.workspaces[0].access.young = Some(Young { lasts: Duration::from_hours(1), forbidden: true });
    let stack =
        Stack::start_with(StackOptions { openphone: Some(openphone), ..StackOptions::of(shape) }).await.unwrap();
    let id = stack.ghl.create_contact(&json!({ "firstName": "Sue", "phone": "+14155550135" })).unwrap();
    let writer_calls = || stack.openphone.report().calls("GET /v1/contact-custom-fields");
    tandem_tests::eventually("a refusal", LIMIT, || (writer_calls() > 0).then_some(())).await;
    assert!(stack.openphone.contacts().is_empty());
    stack.openphone.set_access(None, Access::default());
    stack.arrives(&id, "the contact, once the key works", |_| true).await;
    stack.quiet(LIMIT).await;
    assert_eq!((stack.count(Stream::Parked).await, stack.count(Stream::Dead).await), (0, 0));
    let outcomes: Vec<String> = stack.journal().await.into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, ["created"], "nothing is held against the record");
}

async fn a_lost_store_is_rebuilt_without_doubling_anybody(shape: Shape) {
    let mut stack = Stack::start(shape).await.unwrap();
    let id = stack.ghl.create_contact(&json!({ "firstName": "Tess", "phone": "+14155550131" })).unwrap();
    stack.arrives(&id, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    stack.stop_pipeline().await.unwrap();
    stack.lose_store();
    stack.start_pipeline().await.unwrap();
    stack.ghl.edit_contact(&id, &json!({ "firstName": "Tessa" })).unwrap();
    stack.arrives(&id, "the edit, on the contact that was there", |c| c["defaultFields"]["firstName"] == "Tessa").await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.openphone.contacts().len(), 1);
}

async fn a_contact_that_vanished_from_openphone_is_made_again(shape: Shape) {
    let mut openphone = quick_openphone();
    openphone.deleted.still_listed = true;
    openphone.deleted.holds_pair = true;
    let stack =
        Stack::start_with(StackOptions { openphone: Some(openphone), ..StackOptions::of(shape) }).await.unwrap();
    // Nobody tells us of the delete.
    stack.openphone.set_webhook_url(None);
    let id = stack.ghl.create_contact(&json!({ "firstName": "Uma", "phone": "+14155550132" })).unwrap();
    let there = stack.arrives(&id, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    stack.openphone.delete_contact(there["id"].as_str().unwrap()).unwrap();
    stack.ghl.edit_contact(&id, &json!({ "firstName": "Umay" })).unwrap();
    stack.arrives(&id, "the contact anew", |c| c["defaultFields"]["firstName"] == "Umay").await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.openphone.contacts().len(), 1);
}

async fn a_delete_in_openphone_that_we_are_told_of_is_respected(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let id = stack.ghl.create_contact(&json!({ "firstName": "Vic", "phone": "+14155550133" })).unwrap();
    let there = stack.arrives(&id, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    stack.openphone.delete_contact(there["id"].as_str().unwrap()).unwrap();
    stack.quiet(LIMIT).await;
    stack.ghl.edit_contact(&id, &json!({ "firstName": "Vicky" })).unwrap();
    stack.quiet(LIMIT).await;
    assert!(stack.openphone.contacts().is_empty(), "a person deleted it, and it came back");
}

async fn an_orderly_stop_in_the_middle_of_work_loses_and_doubles_nothing(shape: Shape) {
    let mut stack = Stack::start(shape).await.unwrap();
    let ids: Vec<String> = (0..30)
        .map(|n| {
            stack
                .ghl
                .create_contact(&json!({ "firstName": format!("W{n}"), "phone": format!("+141555503{n:02}") }))
                .unwrap()
        })
        .collect();
    tandem_tests::eventually("work under way", LIMIT, || (stack.openphone.contacts().len() >= 3).then_some(())).await;
    stack.stop_pipeline().await.unwrap();
    let done = stack.openphone.contacts().len();
    assert!(done < ids.len(), "the stop came too late to prove anything");
    stack.start_pipeline().await.unwrap();
    stack.quiet(LIMIT).await;
    let report = stack.openphone.report();
    assert_eq!((report.writes.created_by_api, stack.openphone.contacts().len()), (30, 30));
    assert!(report.duplicates.is_empty());
}

async fn messages_that_nobody_can_read_become_dead_letters_and_the_rest_goes_on(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    for (stream, subject) in [(Stream::Events, "event.live.acme.ghl"), (Stream::Commands, "command.live.acme.r1")] {
        let message = NewMessage {
            stream,
            lane: Lane::Live,
            subject: subject.to_owned(),
            id: MessageId(format!("poison-{}", stream.name())),
            body: "not an envelope".into(),
        };
        stack.queue().publish(message).await.unwrap();
    }
    let id = stack.ghl.create_contact(&json!({ "firstName": "Xia", "phone": "+14155550134" })).unwrap();
    stack.arrives(&id, "the contact behind the poison", |_| true).await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.count(Stream::Dead).await, 2);
}
