//! What happens in OpenPhone shows on the GHL contact: calls, voicemails, texts and what is made from them, once each.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack, StackOptions, eventually, quick_ghl};
use tandem_twins::{GhlConfig, GhlMessageProvider};

const LIMIT: Duration = Duration::from_secs(45);
const PHONE: &str = "+14155550171";

in_both_shapes! {
    everything_that_happens_is_a_note_once,
    texts_and_calls_stand_in_the_conversation,
    strangers_are_ignored_unless_the_mapping_says_otherwise,
    a_stranger_gets_one_contact_and_everything_is_told_there,
    a_stranger_is_put_before_a_person,
    notes_of_the_activity_do_not_travel_back,
}

async fn start(shape: Shape, activity: &str) -> Stack {
    let mapping = Some(format!("{activity}\n"));
    Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap()
}

const EVERYTHING: &str =
    "activity: { log: [calls, voicemails, texts, recordings, summaries, transcripts], unknown: UNKNOWN }";

async fn ana(stack: &Stack) -> String {
    let contact = json!({ "firstName": "Ana", "lastName": "Example", "phone": PHONE });
    let id = stack.ghl.create_contact(&contact).unwrap();
    stack.arrives(&id, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    id
}

fn call(stack: &Stack) -> String {
    let seed = json!({
        "participants": [PHONE], "direction": "incoming", "duration": 55, "recordings": ["https://example.com/r.mp3"],
        "summary": ["Wants a quote.", "For three seats."], "nextSteps": ["Send it."],
        "transcript": [{ "content": "Hello.", "identifier": PHONE }, { "content": "A quote, please.", "identifier": PHONE }],
        "voicemail": { "duration": 14, "transcript": "Call me back.", "recordingUrl": "https://example.com/v.mp3" },
    });
    stack.openphone.create_call(&seed).unwrap()
}

fn notes(stack: &Stack, id: &str) -> Vec<String> {
    let notes = stack.ghl.notes();
    let theirs = notes.iter().filter(|note| note["contactId"] == id);
    theirs.map(|note| note["body"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn noted(stack: &Stack, id: &str, starts: &[&str]) -> Vec<String> {
    eventually("the notes", LIMIT, || (notes(stack, id).len() >= starts.len()).then_some(())).await;
    stack.quiet(LIMIT).await;
    let all = notes(stack, id);
    assert_eq!(all.len(), starts.len(), "{all:?}");
    for start in starts {
        assert_eq!(all.iter().filter(|note| note.starts_with(start)).count(), 1, "{start}: {all:?}");
    }
    all
}

const OF_A_CALL: [&str; 5] =
    ["Call from", "Voicemail from", "Recording of a call", "Summary of a call", "What was said"];

async fn everything_that_happens_is_a_note_once(shape: Shape) {
    let stack = start(shape, &EVERYTHING.replace("UNKNOWN", "ignore")).await;
    stack.openphone.faults(tandem_twins::Faults::none().webhook(0.5, tandem_twins::WebhookFault::Double));
    let id = ana(&stack).await;
    let id_of_call = call(&stack);
    let all = noted(&stack, &id, &OF_A_CALL).await;
    let with = |words: &str| all.iter().any(|note| note.contains(words));
    for words in [
        "Wants a quote.\nFor three seats.\nNext steps:\nSend it.",
        "Hello.\nA quote, please.",
        "Call me back.\nhttps://example.com/v.mp3",
        "https://example.com/r.mp3",
    ] {
        assert!(with(words), "{words}: {all:?}");
    }
    assert!(
        all.iter().all(|note| note.ends_with(&format!("Logged by Tandem: OpenPhone call {id_of_call}"))),
        "{all:?}"
    );
    for (direction, text) in [("incoming", "Are you there?"), ("outgoing", "Yes.")] {
        let seed = json!({ "participants": [PHONE], "direction": direction, "text": text });
        stack.openphone.create_message(&seed).unwrap();
    }
    let mut starts = OF_A_CALL.to_vec();
    starts.extend(["Text from +14155550171: Are you there?", "Text to +14155550171: Yes."]);
    noted(&stack, &id, &starts).await;
}

async fn texts_and_calls_stand_in_the_conversation(shape: Shape) {
    let ghl =
        GhlConfig { message_providers: vec![GhlMessageProvider::call(), GhlMessageProvider::sms()], ..quick_ghl() };
    let activity = "activity: { log: [calls, texts, summaries], as: conversation, call_provider: 61d6d1f9cdac7612faf80753, text_provider: 61d6d1f9cdac7612faf80754 }";
    let mapping = Some(activity.to_owned());
    let stack = Stack::start_with(StackOptions { ghl: Some(ghl), mapping, ..StackOptions::of(shape) }).await.unwrap();
    let id = ana(&stack).await;
    call(&stack);
    stack.openphone.create_message(&json!({ "participants": [PHONE], "direction": "incoming", "text": "Hi" })).unwrap();
    noted(&stack, &id, &["Summary of a call"]).await;
    let logged = || {
        let requests = stack.ghl.report().by_template;
        requests.get("POST /conversations/messages/inbound").copied().unwrap_or_default()
    };
    stack.quiet(LIMIT).await;
    let dead = stack.queue().browse(Stream::Dead, 0, 10).await.unwrap();
    let dead: Vec<_> = dead.iter().map(|letter| String::from_utf8_lossy(&letter.body).into_owned()).collect();
    assert!(dead.is_empty(), "{dead:?}");
    eventually("both entries", LIMIT, || (logged() == 2).then_some(())).await;
    stack.quiet(LIMIT).await;
    assert_eq!((logged(), stack.queue().browse(Stream::Dead, 0, 10).await.unwrap().len()), (2, 0));
}

async fn strangers_are_ignored_unless_the_mapping_says_otherwise(shape: Shape) {
    let stack = start(shape, &EVERYTHING.replace(", unknown: UNKNOWN", "")).await;
    call(&stack);
    stack.quiet(LIMIT).await;
    assert!(stack.ghl.contacts().is_empty(), "{:?}", stack.ghl.contacts());
    assert_eq!(stack.count(Stream::Dead).await, 0);
}

async fn a_stranger_gets_one_contact_and_everything_is_told_there(shape: Shape) {
    let stack = start(shape, &EVERYTHING.replace("UNKNOWN", "create")).await;
    call(&stack);
    eventually("somebody", LIMIT, || (!stack.ghl.contacts().is_empty()).then_some(())).await;
    let id = stack.ghl.contacts()[0]["id"].as_str().unwrap().to_owned();
    noted(&stack, &id, &OF_A_CALL).await;
    let there: Vec<Value> = stack.ghl.contacts();
    assert_eq!((there.len(), there[0]["phone"].as_str()), (1, Some(PHONE)));
    assert_eq!(stack.openphone.contacts().len(), 1, "who is in GHL is in OpenPhone");
}

async fn a_stranger_is_put_before_a_person(shape: Shape) {
    let stack = start(shape, "activity: { log: [calls], unknown: park }").await;
    call(&stack);
    stack.quiet(LIMIT).await;
    let dead = stack.queue().browse(Stream::Dead, 0, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    let text = String::from_utf8_lossy(&dead[0].body).into_owned();
    assert!(text.contains("nobody who is known has the number") && !text.contains("4155550171"), "{text}");
    assert!(stack.ghl.contacts().is_empty());
}

async fn notes_of_the_activity_do_not_travel_back(shape: Shape) {
    let stack = start(shape, "notes: { direction: both }\nactivity: { log: [calls] }").await;
    let id = ana(&stack).await;
    call(&stack);
    noted(&stack, &id, &["Call from"]).await;
    let there = stack.across(&id).unwrap()["id"].as_str().unwrap().to_owned();
    assert!(stack.openphone.notes(&there).is_empty(), "{:?}", stack.openphone.notes(&there));
}
