//! Tasks between GHL and OpenPhone, both ways.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack, StackOptions, eventually, quick_ghl, quick_openphone};
use tandem_twins::{Fault, GhlUser, On, Scripted, User};

mod both_ways;
mod edges;
mod unknown;

const LIMIT: Duration = Duration::from_mins(1);
const MAPPING: &str = "tasks: { direction: both }";
const POLL: &str = "writer: { task_poll_seconds: 1 }";
const PHONE: &str = "+14155550130";

/// Sam works in both; Olga in OpenPhone only.
fn options(shape: Shape) -> StackOptions {
    let (mut ghl, mut openphone) = (quick_ghl(), quick_openphone());
    ghl.users = vec![
        GhlUser::new("SandboxUser000000001", "Sam", "Sandbox", "Sam@Example.com"),
        GhlUser::new("SandboxUser000000002", "Gil", "Only", "gil@example.com"),
    ];
    let sam = User::member("USsam", "sam@example.com");
    openphone.workspaces[0].users.push(sam);
    StackOptions {
        ghl: Some(ghl),
        openphone: Some(openphone),
        mapping: Some(MAPPING.to_owned()),
        config: POLL.to_owned(),
        ..StackOptions::of(shape)
    }
}

/// A person on both sides, at rest: the GHL id, and the OpenPhone conversation if one was wanted.
struct Person {
    ghl: String,
    conversation: Option<String>,
}

async fn person(stack: &Stack, has_conversation: bool) -> Person {
    let person = json!({ "firstName": "Ana", "lastName": "Díaz", "phone": PHONE });
    let ghl = stack.ghl.create_contact(&person).unwrap();
    stack.arrives(&ghl, "the contact", |_| true).await;
    let seed = json!({ "participants": [PHONE] });
    let conversation = has_conversation.then(|| stack.openphone.create_conversation(&seed).unwrap());
    stack.quiet(LIMIT).await;
    Person { ghl, conversation }
}

async fn start(shape: Shape, has_conversation: bool) -> (Stack, Person) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    let person = person(&stack, has_conversation).await;
    (stack, person)
}

/// What a person types in GHL.
fn typed(title: &str) -> Value {
    json!({ "title": title, "body": "Ask about the roof.", "dueDate": "2031-03-01T09:00:00.000Z", "completed": false })
}

fn open_in_openphone(stack: &Stack, title: &str) -> Vec<Value> {
    let tasks = stack.openphone.tasks();
    tasks.into_iter().filter(|task| task["title"] == title && task["status"] != "deleted").collect()
}

async fn in_openphone(stack: &Stack, what: &str, title: &str, check: impl Fn(&Value) -> bool) -> Value {
    eventually(what, LIMIT, || open_in_openphone(stack, title).into_iter().find(|task| check(task))).await
}

async fn in_ghl(stack: &Stack, what: &str, title: &str, check: impl Fn(&Value) -> bool) -> Value {
    let found = || stack.ghl.tasks().into_iter().find(|task| task["title"] == title && check(task));
    eventually(what, LIMIT, found).await
}

fn id(task: &Value) -> String {
    task["id"].as_str().or(task["taskId"].as_str()).unwrap().to_owned()
}

/// Requests about tasks that change something: at GHL, at OpenPhone.
fn writes(stack: &Stack) -> (usize, usize) {
    let count = |requests: Vec<tandem_twins::RequestSeen>| {
        let is_write = |request: &&tandem_twins::RequestSeen| {
            request.method != "GET" && request.path.contains("/tasks") && !request.path.ends_with("/search")
        };
        requests.iter().filter(is_write).count()
    };
    (count(stack.ghl.requests()), count(stack.openphone.requests()))
}

/// Nothing waits, nobody was texted, nothing was set aside.
async fn at_rest(stack: &Stack) {
    stack.quiet(LIMIT).await;
    assert_eq!(stack.openphone.messages_sent(), 0, "somebody was texted");
    assert_eq!((stack.count(Stream::Dead).await, stack.count(Stream::Parked).await), (0, 0));
}

/// A task typed in GHL and its counterpart, at rest.
async fn linked(stack: &Stack, person: &Person, title: &str) -> (String, String) {
    let ghl = stack.ghl.create_task(&person.ghl, &typed(title)).unwrap();
    let openphone = id(&in_openphone(stack, "the counterpart", title, |_| true).await);
    at_rest(stack).await;
    (ghl, openphone)
}
