//! A whole day's webhooks, kept and sent round again: nothing changes, twice.

use std::time::Duration;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tandem_contact::Side;
use tandem_proto::topology::event_subject;
use tandem_proto::{ConnectionId, Envelope, Header, Lane, MessageId, Payload, Stream, v1};
use tandem_queue::NewMessage;
use tandem_tests::{Parrot, Shape, Stack, StackOptions, eventually};

use crate::kill::people::People;
use crate::kill::things::{self, Things};
use crate::rules::receiver::Receiver;

const LIMIT: Duration = Duration::from_mins(1);
const CHANGES: usize = 250;
const MAPPING: &str = "
tasks: { direction: both }
notes: { direction: both }
activity: { log: [calls, texts], unknown: ignore }
rules:
  - name: Somebody new
    when: ghl.ContactCreate
    then:
      - { notify: sales, text: 'new {{ event.first_name }}' }
      - { do: ghl.contact.tags.add, with: { tags: [welcomed] } }
";

in_both_shapes! { a_day_that_is_replayed_twice_changes_nothing, }

/// A webhook, as it came.
struct Heard {
    side: Side,
    kind: String,
    id: String,
    body: Vec<u8>,
}

/// None where it was not taken.
fn heard((request, answer): &(String, String)) -> Option<Heard> {
    if !answer.starts_with("HTTP/1.1 200") {
        return None;
    }
    let side = if request.starts_with("POST /webhooks/ghl") { Side::Ghl } else { Side::OpenPhone };
    let body = request.split_once("\r\n\r\n").unwrap().1;
    let json: Value = serde_json::from_str(body).unwrap();
    let kind = json["type"].as_str().unwrap().to_owned();
    let id = match side {
        Side::Ghl => format!("ghl:{}", json["webhookId"].as_str().unwrap()),
        Side::OpenPhone => format!("openphone:{}", json["id"].as_str().unwrap()),
    };
    Some(Heard { side, kind, id, body: body.as_bytes().to_vec() })
}

/// As ingest publishes it, but for the message's own id: the queue still remembers that one.
fn again(heard: &Heard, round: usize) -> NewMessage {
    let connection = ConnectionId::new("acme").unwrap();
    let side = match heard.side {
        Side::Ghl => v1::Side::Ghl,
        Side::OpenPhone => v1::Side::Openphone,
    };
    let event = v1::Event {
        side: side.into(),
        provider_type: heard.kind.clone(),
        body: heard.body.clone(),
        lane: v1::Lane::Live.into(),
        ..v1::Event::default()
    };
    let header = Header {
        id: heard.id.split_once(':').unwrap().1.to_owned(),
        source: heard.side.name().to_owned(),
        r#type: heard.kind.clone(),
        time_ms: Timestamp::now().as_millisecond(),
        connection: connection.clone(),
        ..Header::default()
    };
    NewMessage {
        stream: Stream::Events,
        lane: Lane::Live,
        subject: event_subject(Lane::Live, &connection, heard.side.name()),
        id: MessageId(format!("again-{round}-{}", heard.id)),
        body: Envelope { header, payload: Payload::Event(event) }.encode().into(),
    }
}

/// Everything that is at the providers and in the channel, and what it took.
fn all(stack: &Stack, channel: &Receiver) -> Vec<Value> {
    let (ghl, openphone) = (&stack.ghl, &stack.openphone);
    let sorted = |mut all: Vec<Value>| {
        all.sort_by_key(|one| one["id"].to_string());
        json!(all)
    };
    let notes: Vec<Value> =
        openphone.contacts().iter().flat_map(|contact| openphone.notes(contact["id"].as_str().unwrap())).collect();
    let writes = |by_contact: std::collections::BTreeMap<String, u32>| json!(by_contact);
    let mut texts = channel.texts();
    texts.sort();
    vec![
        sorted(ghl.contacts()),
        sorted(ghl.notes()),
        sorted(openphone.contacts()),
        sorted(notes),
        sorted(openphone.tasks()),
        json!(texts),
        writes(ghl.writes_by_contact()),
        writes(openphone.writes_by_contact()),
    ]
}

fn live_a_day(stack: &Stack, dice: &mut StdRng) -> impl FnMut() {
    let (mut people, mut things) = (People::on_both_sides(dice.random()), Things::default());
    let mut dice = StdRng::seed_from_u64(dice.random());
    move || {
        let twins = (&stack.ghl, &stack.openphone);
        if !dice.random_bool(0.2) || !things.change(twins, &mut dice) {
            people.change_either(&stack.ghl, &stack.openphone);
        }
        if dice.random_bool(0.05) {
            let phones: Vec<String> =
                stack.ghl.contacts().iter().filter_map(|c| Some(c["phone"].as_str()?.to_owned())).collect();
            if let Some(phone) = phones.first() {
                drop(
                    stack
                        .openphone
                        .create_call(&json!({ "participants": [phone], "direction": "incoming", "duration": 5 }))
                        .unwrap(),
                );
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "what a failure is repeated with")]
async fn a_day_that_is_replayed_twice_changes_nothing(shape: Shape) {
    let seed = crate::kill::variable("TANDEM_REPLAY_SEED").unwrap_or_else(rand::random);
    eprintln!("replay: TANDEM_REPLAY_SEED={seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let (channel, folder) = (Receiver::start().await, tandem_testkit::tempdir());
    let channels = "notifications:\n  channels:\n    sales: { slack: \"${SALES_SLACK_URL}\" }\n";
    // What no webhook tells of is read at once: otherwise the replay would find it.
    let polls = "writer: { task_poll_seconds: 2, note_poll_seconds: 2 }";
    let config = format!("{}\n{polls}\n", channel.configured(folder.path(), channels));
    let options = StackOptions { config, mapping: Some(MAPPING.to_owned()), ..StackOptions::of(shape) };
    let stack = Stack::start_with(options).await.unwrap();
    let parrot = Parrot::before(stack.address).await.unwrap();
    stack.ghl.set_webhook_url(Some(format!("{}/webhooks/ghl", parrot.url())));
    stack.openphone.set_webhook_url(Some(format!("{}/webhooks/openphone/acme", parrot.url())));
    {
        let mut change = live_a_day(&stack, &mut dice);
        for _ in 0..CHANGES {
            change();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    // Notes that tell of calls are in GHL alone.
    let is_told_of = |line: &String| !line.contains("Logged by Tandem");
    let in_step = || {
        let differences = things::differences(&stack.ghl, &stack.openphone);
        (!differences.iter().any(is_told_of)).then_some(())
    };
    eventually("tasks and notes in step", LIMIT, in_step).await;
    stack.quiet(LIMIT).await;
    let before = all(&stack, &channel);
    let mut day: Vec<Heard> = parrot.heard().iter().filter_map(heard).collect();
    assert!(day.len() > CHANGES, "only {} webhooks", day.len());
    for round in 1..=2 {
        day.shuffle(&mut dice);
        replay(&stack, &day, round).await;
        for (before, after) in before.iter().zip(&all(&stack, &channel)) {
            assert_eq!(before, after, "round {round}");
        }
    }
    let dead = stack.count(Stream::Dead).await;
    assert_eq!(dead, 0);
}

async fn replay(stack: &Stack, day: &[Heard], round: usize) {
    for one in day {
        stack.queue().publish(again(one, round)).await.unwrap();
    }
    stack.quiet(LIMIT).await;
}
