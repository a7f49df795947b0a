//! The mass-change brake: a connection whose records are deleted or overwritten by the dozen is stopped until a person says that it is
//! meant.

use std::time::Duration;

use serde_json::json;
use tandem_proto::Stream;
use tandem_tests::{Process, ProcessOptions, Program, Shape, Stack, StackOptions, eventually, quick_openphone};

const LIMIT: Duration = Duration::from_secs(45);
const PEOPLE: usize = 8;
const STOPS: &str = r#"tandem_brake_stops_total{lane="live"}"#;

in_both_shapes! {
    deletes_beyond_the_limit_stop_the_connection_and_events_are_kept,
    additions_are_never_too_many,
}

fn options(shape: Shape, mapping: &str) -> StackOptions {
    let mut openphone = quick_openphone();
    openphone.rate.requests = 200;
    StackOptions {
        openphone: Some(openphone),
        config: "brake: { records: 3, percent: 0, minutes: 10 }".to_owned(),
        mapping: Some(mapping.to_owned()),
        ..StackOptions::of(shape)
    }
}

async fn people(stack: &Stack) -> Vec<String> {
    let person =
        |number: usize| json!({ "firstName": format!("P{number}"), "phone": format!("+1415555{:04}", 100 + number) });
    let ids: Vec<String> = (0..PEOPLE).map(|number| stack.ghl.create_contact(&person(number)).unwrap()).collect();
    for id in &ids {
        stack.arrives(id, "the contact", |_| true).await;
    }
    stack.quiet(LIMIT).await;
    ids
}

#[expect(clippy::cognitive_complexity, reason = "one story, from its beginning to its end")]
async fn deletes_beyond_the_limit_stop_the_connection_and_events_are_kept(shape: Shape) {
    let stack = Stack::start_with(options(shape, "deletes: { ghl: propagate }")).await.unwrap();
    let ids = people(&stack).await;
    for id in &ids {
        stack.ghl.delete_contact(id).unwrap();
    }
    let stopped = || (stack.metric(STOPS) >= 1.0).then_some(());
    eventually("the brake", LIMIT, stopped).await;
    assert_eq!(stack.openphone.contacts().len(), PEOPLE - 3, "the limit is 3");
    // Nothing else is written either, and nothing is lost.
    let late = stack.ghl.create_contact(&json!({ "firstName": "Late", "phone": "+14155550199" })).unwrap();
    a_command_waits(&stack).await;
    assert!(stack.across(&late).is_none());
    assert_eq!(stack.openphone.contacts().len(), PEOPLE - 3);
    assert_eq!(stack.count(Stream::Dead).await, 0);

    let id = tandem_proto::ConnectionId::new("acme").unwrap();
    let records = tandem_records::Records::new(stack.store().clone());
    assert!(tandem_ingest::release(&records, &id, 60).await.unwrap(), "it was stopped");
    stack.arrives(&late, "what was kept", |_| true).await;
    eventually("the deletes that were meant", LIMIT, || (stack.openphone.contacts().len() == 1).then_some(())).await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.count(Stream::Dead).await, 0);
}

/// Kept for when the connection goes on.
async fn a_command_waits(stack: &Stack) {
    let until = std::time::Instant::now() + LIMIT;
    loop {
        let (events, commands) =
            (stack.queue().depth(Stream::Events).await, stack.queue().depth(Stream::Commands).await);
        let left = |depth: tandem_queue::Depth| depth.waiting + depth.in_flight + depth.delayed;
        if left(events.unwrap()) == 0 && left(commands.unwrap()) > 0 {
            return;
        }
        assert!(std::time::Instant::now() < until, "nothing is kept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn additions_are_never_too_many(shape: Shape) {
    let stack = Stack::start_with(options(shape, "{}")).await.unwrap();
    let ids = people(&stack).await;
    for id in &ids {
        stack.ghl.add_tags(id, &["hot"]).unwrap();
        stack.ghl.edit_contact(id, &json!({ "lastName": "Added" })).unwrap();
    }
    for id in &ids {
        stack.arrives(id, "the addition", |contact| contact["defaultFields"]["lastName"] == "Added").await;
    }
    assert!(stack.metric(STOPS) < 1.0, "additions stopped it");
}

/// As a person would do it: the program says what is up, and the command lets it go on.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_lets_a_stopped_connection_go_on() {
    let environment = vec![
        ("TANDEM_BRAKE__RECORDS", "1".to_owned()),
        ("TANDEM_BRAKE__MINUTES", "10".to_owned()),
        ("TANDEM_BRAKE__PERCENT", "0".to_owned()),
    ];
    let process = Process::start(ProcessOptions { environment, ..ProcessOptions::default() }).await.unwrap();
    let ids: Vec<String> = (0..2)
        .map(|number| {
            process
                .ghl
                .create_contact(&json!({ "firstName": format!("P{number}"), "phone": format!("+1415555010{number}") }))
                .unwrap()
        })
        .collect();
    eventually("both", LIMIT, || (process.openphone.contacts().len() == 2).then_some(())).await;
    for id in &ids {
        process.ghl.edit_contact(id, &json!({ "firstName": "Renamed" })).unwrap();
    }
    let renamed = || {
        process.openphone.contacts().iter().filter(|contact| contact["defaultFields"]["firstName"] == "Renamed").count()
    };
    let said = || {
        process
            .output()
            .iter()
            .any(|line| line.contains("connection acme is stopped") && line.contains("tandem resume acme"))
            .then_some(())
    };
    eventually("what to do", LIMIT, said).await;
    eventually("the one that is allowed", LIMIT, || (renamed() == 1).then_some(())).await;

    let mut resume = Program::new("tandem", &["resume", "acme", "--json"], process.folder.path().to_owned());
    resume.spawn(&process.environment);
    assert_eq!(resume.wait().code(), Some(0), "{:?}", resume.output());
    assert!(resume.output().concat().contains("\"was_stopped\":true"), "{:?}", resume.output());
    eventually("the rest", LIMIT, || (renamed() == 2).then_some(())).await;
}
