//! Rules: what a record becomes and what a provider tells starts them, each action is done once, and a channel that fails holds up
//! nobody.

pub(crate) mod receiver;

use std::time::Duration;

use serde_json::json;
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack, StackOptions, eventually};

use receiver::{Answer, Receiver};

const LIMIT: Duration = Duration::from_secs(45);

in_both_shapes! {
    a_tag_that_is_added_starts_its_rule_once,
    an_event_starts_its_rule_once_however_often_it_comes,
    a_condition_leaves_people_out,
    a_channel_that_fails_is_tried_again_and_one_that_refuses_waits_for_a_person,
    a_channel_that_hangs_holds_up_nobody,
    rules_that_start_one_another_are_stopped_and_told_of,
    whoever_a_scan_brings_starts_nothing,
}

/// A pipeline with these rules, and its channel `sales`.
async fn start(shape: Shape, rules: &str) -> (Stack, Receiver, tempfile::TempDir) {
    let receiver = Receiver::start().await;
    let folder = tandem_testkit::tempdir();
    let channels = "notifications:\n  channels:\n    sales: { slack: \"${SALES_SLACK_URL}\" }\n";
    let config = receiver.configured(folder.path(), channels);
    let options = StackOptions { config, mapping: Some(format!("rules:\n{rules}")), ..StackOptions::of(shape) };
    (Stack::start_with(options).await.unwrap(), receiver, folder)
}

fn ana(tags: &[&str]) -> serde_json::Value {
    json!({ "firstName": "Ana", "lastName": "Example", "phone": "+14155550171", "tags": tags })
}

async fn a_tag_that_is_added_starts_its_rule_once(shape: Shape) {
    let rules = r#"
  - name: VIPs
    when: { tag_added: vip }
    then:
      - { notify: sales, text: "New VIP: {{ contact.first_name }} ({{ contact.phones }})" }
      - { do: ghl.contact.tags.add, with: { tags: [welcomed] } }
"#;
    let (stack, receiver, _folder) = start(shape, rules).await;
    let id = stack.ghl.create_contact(&ana(&["lead"])).unwrap();
    eventually("the contact in OpenPhone", LIMIT, || (stack.openphone.contacts().len() == 1).then_some(())).await;
    stack.ghl.add_tags(&id, &["vip"]).unwrap();
    receiver.told(&["New VIP: Ana (+14155550171)"]).await;
    let has = |tag: &str| stack.ghl.contact(&id).unwrap()["tags"].as_array().unwrap().contains(&json!(tag));
    eventually("the tag of the rule", LIMIT, || has("welcomed").then_some(())).await;
    stack.ghl.edit_contact(&id, &json!({ "companyName": "Example Ltd" })).unwrap();
    stack.ghl.remove_tags(&id, &["vip"]).unwrap();
    stack.quiet(LIMIT).await;
    stack.ghl.add_tags(&id, &["vip"]).unwrap();
    receiver.told(&["New VIP: Ana (+14155550171)", "New VIP: Ana (+14155550171)"]).await;
}

async fn an_event_starts_its_rule_once_however_often_it_comes(shape: Shape) {
    let rules = r#"
  - name: New people
    when: ghl.ContactCreate
    then:
      - { notify: sales, text: "{{ contact.first_name }} {{ event.last_name }}" }
"#;
    let (stack, receiver, _folder) = start(shape, rules).await;
    stack.ghl.faults(tandem_twins::Faults::none().webhook(1.0, tandem_twins::WebhookFault::Double));
    stack.ghl.create_contact(&ana(&[])).unwrap();
    receiver.told(&["Ana Example"]).await;
}

async fn a_condition_leaves_people_out(shape: Shape) {
    let rules = r#"
  - name: Companies only
    when: ghl.ContactCreate
    if: contact.company != ''
    then: [{ notify: sales, text: "{{ contact.company }}" }]
"#;
    let (stack, receiver, _folder) = start(shape, rules).await;
    stack.ghl.create_contact(&ana(&[])).unwrap();
    let other =
        json!({ "firstName": "Bea", "lastName": "Example", "phone": "+14155550172", "companyName": "Example Ltd" });
    stack.ghl.create_contact(&other).unwrap();
    receiver.told(&["Example Ltd"]).await;
}

async fn a_channel_that_fails_is_tried_again_and_one_that_refuses_waits_for_a_person(shape: Shape) {
    let rules = r#"
  - name: VIPs
    when: { tag_added: vip }
    then: [{ notify: sales, text: "{{ contact.first_name }}" }]
"#;
    let (stack, receiver, _folder) = start(shape, rules).await;
    receiver.answers(Answer::Status(429));
    let id = stack.ghl.create_contact(&ana(&["vip"])).unwrap();
    eventually("the first try", LIMIT, || (!receiver.texts().is_empty()).then_some(())).await;
    receiver.answers(Answer::Status(200));
    receiver.told(&["Ana", "Ana"]).await;

    receiver.answers(Answer::Status(404));
    stack.ghl.remove_tags(&id, &["vip"]).unwrap();
    stack.quiet(LIMIT).await;
    stack.ghl.add_tags(&id, &["vip"]).unwrap();
    let dead = async || stack.queue().browse(Stream::Dead, 0, 10).await.unwrap();
    let letter = eventually_async(async || dead().await.into_iter().next()).await;
    let text = String::from_utf8_lossy(&letter.body).into_owned();
    assert!(text.contains("rule `VIPs`") && text.contains("404"), "{text}");
    assert!(!text.contains("secret-token"), "{text}");
}

async fn eventually_async<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let until = std::time::Instant::now() + LIMIT;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(std::time::Instant::now() < until, "nothing after {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn a_channel_that_hangs_holds_up_nobody(shape: Shape) {
    let rules = r#"
  - name: Everybody
    when: ghl.ContactCreate
    then: [{ notify: sales, text: "{{ contact.first_name }}" }]
"#;
    let (stack, receiver, _folder) = start(shape, rules).await;
    receiver.answers(Answer::Hang);
    for number in 0..20 {
        let contact = json!({ "firstName": format!("P{number}"), "lastName": "Example", "phone": format!("+141555501{number:02}") });
        stack.ghl.create_contact(&contact).unwrap();
    }
    eventually("somebody's message", LIMIT, || (!receiver.texts().is_empty()).then_some(())).await;
    let began = std::time::Instant::now();
    eventually("everybody in OpenPhone", LIMIT, || (stack.openphone.contacts().len() == 20).then_some(())).await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}: the channel's time-out is ten seconds", began.elapsed());
}

async fn rules_that_start_one_another_are_stopped_and_told_of(shape: Shape) {
    let rules = "
  - name: There
    when: { tag_added: ping }
    then:
      - { do: ghl.contact.tags.remove, with: { tags: [ping] } }
      - { do: ghl.contact.tags.add, with: { tags: [pong] } }
  - name: And back
    when: { tag_added: pong }
    then:
      - { do: ghl.contact.tags.remove, with: { tags: [pong] } }
      - { do: ghl.contact.tags.add, with: { tags: [ping] } }
";
    let (stack, _receiver, _folder) = start(shape, rules).await;
    stack.ghl.create_contact(&ana(&["ping"])).unwrap();
    let dead = async || stack.queue().browse(Stream::Dead, 0, 10).await.unwrap();
    let letter = eventually_async(async || dead().await.into_iter().next()).await;
    let text = String::from_utf8_lossy(&letter.body).into_owned();
    assert!(text.contains("it looks as if these start one another: And back, There"), "{text}");
    stack.quiet(LIMIT).await;
    assert_eq!(dead().await.len(), 1);
}

async fn whoever_a_scan_brings_starts_nothing(shape: Shape) {
    let rules = r#"
  - name: VIPs
    when: { tag_added: vip }
    then: [{ notify: sales, text: "{{ contact.first_name }}" }]
"#;
    let (stack, receiver, _folder) = start(shape, rules).await;
    stack.deliver(false);
    let id = stack.ghl.create_contact(&ana(&["vip"])).unwrap();
    stack.scan(tandem_ingest::ScanKind::Backfill, LIMIT).await.unwrap();
    stack.quiet(LIMIT).await;
    assert_eq!(stack.openphone.contacts().len(), 1);
    assert!(receiver.texts().is_empty(), "{:?}", receiver.texts());
    // But a change that no webhook told of is one.
    stack.ghl.remove_tags(&id, &["vip"]).unwrap();
    stack.scan(tandem_ingest::ScanKind::Sweep, LIMIT).await.unwrap();
    stack.quiet(LIMIT).await;
    stack.ghl.add_tags(&id, &["vip"]).unwrap();
    stack.scan(tandem_ingest::ScanKind::Sweep, LIMIT).await.unwrap();
    receiver.told(&["Ana"]).await;
}
