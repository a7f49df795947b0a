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
    many_messages_are_one,
    a_message_is_there_within_ten_seconds,
    what_is_due_is_started_once,
    a_text_goes_to_whoever_wants_it_by_day_and_not_too_often,
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

/// Why somebody has to look, once something waits for a person.
async fn dead_letter(stack: &Stack) -> String {
    let first = async || stack.queue().browse(Stream::Dead, 0, 1).await.unwrap().pop();
    let letter = tandem_testkit::eventually("the dead letter", LIMIT, first).await;
    String::from_utf8_lossy(&letter.body).into_owned()
}

/// Waits until what a rule does is put off for longer than a test takes.
async fn is_put_off(stack: &Stack) {
    let later = jiff::Timestamp::now() + Duration::from_mins(30);
    let put_off = async || {
        let mut found = None;
        let visit = |_: &str, entry: tandem_store::Entry| {
            let firing: serde_json::Value = serde_json::from_slice(&entry.value).unwrap();
            let until = firing["not_before"].as_str().and_then(|until| until.parse::<jiff::Timestamp>().ok());
            found = found.or_else(|| until.filter(|until| *until > later));
        };
        stack.store().walk("firing/", visit).await.unwrap();
        found
    };
    tandem_testkit::eventually("what is put off", LIMIT, put_off).await;
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
    let text = dead_letter(&stack).await;
    assert!(text.contains("rule `VIPs`") && text.contains("404"), "{text}");
    assert!(!text.contains("secret-token"), "{text}");
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
    let text = dead_letter(&stack).await;
    assert!(text.contains("it looks as if these start one another: And back, There"), "{text}");
    stack.quiet(LIMIT).await;
    assert_eq!(stack.count(Stream::Dead).await, 1);
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

async fn many_messages_are_one(shape: Shape) {
    let rules = r#"
  - name: Everybody
    when: ghl.ContactCreate
    then: [{ notify: sales, text: "[{{ contact.first_name }}]" }]
"#;
    let (stack, receiver, _folder) = start(shape, rules).await;
    for number in 0..60 {
        let contact = json!({ "firstName": format!("P{number}"), "phone": format!("+141555501{number:02}") });
        stack.ghl.create_contact(&contact).unwrap();
    }
    let told = |number: usize| {
        let name = format!("[P{number}]");
        receiver.texts().iter().map(|text| text.matches(&name).count()).sum::<usize>()
    };
    // More than forty lines are only counted.
    let more = || {
        let texts = receiver.texts();
        let counted =
            texts.iter().filter_map(|text| text.rsplit("and ").next()?.strip_suffix(" more")?.parse::<usize>().ok());
        counted.sum::<usize>()
    };
    let all = || (0..60).map(told).sum::<usize>() + more();
    eventually("everybody's message", LIMIT, || (all() >= 60).then_some(())).await;
    stack.quiet(LIMIT).await;
    assert_eq!(all(), 60, "{:?}", receiver.texts());
    assert!((0..60).all(|number| told(number) < 2), "{:?}", receiver.texts());
    assert!(receiver.texts().len() <= 25, "{} messages", receiver.texts().len());
    assert_eq!(stack.count(Stream::Dead).await, 0);
}

/// From the change in GHL to the channel, while others are changed: 57 of 60.
#[expect(clippy::print_stderr, reason = "what was measured")]
async fn a_message_is_there_within_ten_seconds(shape: Shape) {
    let rules = r#"
  - name: Customers
    when: { tag_added: customer }
    then: [{ notify: sales, text: "[{{ contact.first_name }}]" }]
"#;
    let (stack, receiver, _folder) = start(shape, rules).await;
    let person = |number: usize| json!({ "firstName": format!("P{number}"), "phone": format!("+14155{number:06}") });
    let people: Vec<String> = (0..60).map(|number| stack.ghl.create_contact(&person(number)).unwrap()).collect();
    stack.quiet(LIMIT).await;
    let mut changed = Vec::new();
    let mut waits: Vec<Option<Duration>> = vec![None; people.len()];
    let note = |changed: &[std::time::Instant], waits: &mut Vec<Option<Duration>>| {
        let texts = receiver.texts();
        for (number, at) in changed.iter().enumerate() {
            let name = format!("[P{number}]");
            if waits[number].is_none() && texts.iter().any(|text| text.contains(&name)) {
                waits[number] = Some(at.elapsed());
            }
        }
    };
    for id in &people {
        stack.ghl.add_tags(id, &["customer"]).unwrap();
        changed.push(std::time::Instant::now());
        tokio::time::sleep(Duration::from_millis(200)).await;
        note(&changed, &mut waits);
    }
    let until = std::time::Instant::now() + LIMIT;
    while waits.iter().any(Option::is_none) && std::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(100)).await;
        note(&changed, &mut waits);
    }
    let mut waits: Vec<Duration> = waits.into_iter().map(|wait| wait.unwrap_or(LIMIT)).collect();
    waits.sort();
    let p95 = waits[waits.len() * 95 / 100];
    let messages = receiver.texts().len();
    eprintln!("from a change to its message: p95 {p95:?}, most {:?}; {messages} messages", waits.last());
    assert!(p95 < Duration::from_secs(10), "{waits:?}");
}

async fn what_is_due_is_started_once(shape: Shape) {
    let due = jiff::Timestamp::now() + Duration::from_secs(24);
    let at = due.to_zoned_datetime(jiff::tz::TimeZone::UTC).strftime("%H:%M:%S").to_string();
    let rules = format!(
        r#"
  - name: Every day
    when: {{ schedule: {{ at: "{at}" }} }}
    then: [{{ notify: sales, text: "It is {at}" }}]
  - name: An hour ago
    when: {{ schedule: {{ at: "{}" }} }}
    then: [{{ notify: sales, text: "Too late" }}]
"#,
        (due - Duration::from_hours(1)).to_zoned_datetime(jiff::tz::TimeZone::UTC).strftime("%H:%M:%S")
    );
    let (stack, receiver, _folder) = start(shape, &rules).await;
    receiver.told(&[&format!("It is {at}")]).await;
    // Looked at several more times.
    tokio::time::sleep(Duration::from_secs(11)).await;
    receiver.told(&[&format!("It is {at}")]).await;
    assert_eq!(stack.count(Stream::Dead).await, 0);
}

async fn a_text_goes_to_whoever_wants_it_by_day_and_not_too_often(shape: Shape) {
    let hour = |hours: u64| {
        let then = jiff::Timestamp::now() + Duration::from_hours(hours);
        then.to_zoned_datetime(jiff::tz::TimeZone::UTC).strftime("%H:%M").to_string()
    };
    let rule = r#"
  - name: Welcome
    when: { tag_added: customer }
    then:
      - do: openphone.v1.message.send
        with: { from: PNsandbox, to: ["{{ contact.phones[0] }}"], content: "Welcome, {{ contact.first_name }}!" }
"#;
    let texts = |from: u64, to: u64| {
        let (from, to) = (hour(from), hour(to));
        format!(
            "{rule}texts: {{ allowed: true, quiet_hours: {{ from: '{from}', to: '{to}', timezone: UTC }}, per_day: 1 }}\n"
        )
    };
    let (stack, _receiver, _folder) = start(shape, &texts(3, 4)).await;
    let person = |name: &str, number: u32| json!({ "firstName": name, "lastName": "Example", "phone": format!("+1415555017{number}") });
    let people: Vec<String> = [("Bea", 2), ("Ana", 1), ("Cleo", 3)]
        .map(|(name, number)| stack.ghl.create_contact(&person(name, number)).unwrap())
        .into();
    stack.ghl.set_dnd(&people[0], true).unwrap();
    stack.quiet(LIMIT).await;
    stack.ghl.add_tags(&people[0], &["customer"]).unwrap();
    let text = dead_letter(&stack).await;
    assert!(text.contains("the contact doesn't want texts (DND)"), "{text}");
    stack.ghl.add_tags(&people[1], &["customer"]).unwrap();
    eventually("Ana's text", LIMIT, || (stack.openphone.messages_sent() == 1).then_some(())).await;
    // One a day: the next one waits.
    stack.ghl.add_tags(&people[2], &["customer"]).unwrap();
    is_put_off(&stack).await;
    assert_eq!((stack.openphone.messages_sent(), stack.count(Stream::Dead).await), (1, 1));

    let (night, _receiver, _folder) = start(shape, &texts(23, 2)).await;
    let id = night.ghl.create_contact(&person("Ana", 1)).unwrap();
    night.quiet(LIMIT).await;
    night.ghl.add_tags(&id, &["customer"]).unwrap();
    is_put_off(&night).await;
    assert_eq!((night.openphone.messages_sent(), night.count(Stream::Dead).await), (0, 0));
}
