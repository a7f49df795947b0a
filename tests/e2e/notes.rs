//! Notes between GHL and OpenPhone, both ways.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack, StackOptions, eventually};
use tandem_twins::{Fault, On, RequestSeen, Scripted};

mod both_ways;
mod edges;
mod parts;

const LIMIT: Duration = Duration::from_mins(1);
const MAPPING: &str = "notes: { direction: both }";
const POLL: &str = "writer: { note_poll_seconds: 1 }";
const PHONE: &str = "+14155550140";

fn options(shape: Shape) -> StackOptions {
    StackOptions { mapping: Some(MAPPING.to_owned()), config: POLL.to_owned(), ..StackOptions::of(shape) }
}

/// A person on both sides, at rest, who was talked with a moment ago.
struct Person {
    ghl: String,
    openphone: String,
}

async fn person(stack: &Stack, phone: &str) -> Person {
    let contact = json!({ "firstName": "Ana", "lastName": "Díaz", "phone": phone });
    let ghl = stack.ghl.create_contact(&contact).unwrap();
    let there = stack.arrives(&ghl, "the contact", |_| true).await;
    stack.openphone.create_message(&json!({ "participants": [phone], "text": "Hello" })).unwrap();
    stack.quiet(LIMIT).await;
    Person { ghl, openphone: there["id"].as_str().unwrap().to_owned() }
}

async fn start(shape: Shape) -> (Stack, Person) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    let person = person(&stack, PHONE).await;
    (stack, person)
}

impl Person {
    fn writes_in_ghl(&self, stack: &Stack, text: &str) -> String {
        stack.ghl.create_note(&self.ghl, &json!({ "body": text })).unwrap()
    }

    /// What the person's notes say, in their order.
    fn in_openphone(&self, stack: &Stack) -> Vec<String> {
        texts(&stack.openphone.notes(&self.openphone), "text")
    }

    fn in_ghl(&self, stack: &Stack) -> Vec<String> {
        let mut notes = stack.ghl.notes();
        notes.retain(|note| note["contactId"] == self.ghl.as_str());
        texts(&notes, "body")
    }

    /// Waits until exactly these are there.
    async fn arrive_in_openphone(&self, stack: &Stack, what: &str, wanted: &[&str]) {
        eventually(what, LIMIT, || (self.in_openphone(stack) == wanted).then_some(())).await;
    }

    async fn arrive_in_ghl(&self, stack: &Stack, what: &str, wanted: &[&str]) {
        eventually(what, LIMIT, || (self.in_ghl(stack) == wanted).then_some(())).await;
    }

    /// The ids of the person's notes in OpenPhone.
    fn ids(&self, stack: &Stack) -> Vec<String> {
        texts(&stack.openphone.notes(&self.openphone), "id")
    }

    /// A note typed in GHL and its counterpart, at rest.
    async fn linked(&self, stack: &Stack, text: &str) -> (String, String) {
        let ghl = self.writes_in_ghl(stack, text);
        let find = || stack.openphone.notes(&self.openphone).into_iter().find(|note| note["text"] == text);
        let there = eventually("the counterpart", LIMIT, find).await;
        at_rest(stack).await;
        (ghl, there["id"].as_str().unwrap().to_owned())
    }
}

fn texts(notes: &[Value], key: &str) -> Vec<String> {
    notes.iter().map(|note| note[key].as_str().unwrap().to_owned()).collect()
}

fn about_notes(requests: Vec<RequestSeen>) -> Vec<RequestSeen> {
    requests.into_iter().filter(|request| request.path.contains("/notes")).collect()
}

/// Requests that change a note: at GHL, at OpenPhone.
fn writes(stack: &Stack) -> (usize, usize) {
    let count = |requests| about_notes(requests).iter().filter(|request| request.method != "GET").count();
    (count(stack.ghl.requests()), count(stack.openphone.requests()))
}

/// How often the list of conversations was read: once for each reading of notes.
fn readings(stack: &Stack) -> usize {
    let requests = stack.openphone.requests();
    requests.iter().filter(|request| request.path == "/v1/conversations" && request.status == Some(200)).count()
}

/// Nothing waits after notes were read twice more, so that what comes back would have; nothing was set aside.
async fn at_rest(stack: &Stack) {
    stack.quiet(LIMIT).await;
    let before = readings(stack);
    eventually("two more readings", LIMIT, || (readings(stack) >= before + 3).then_some(())).await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.openphone.messages_sent(), 0, "somebody was texted");
    assert_eq!((stack.count(Stream::Dead).await, stack.count(Stream::Parked).await), (0, 0));
}
