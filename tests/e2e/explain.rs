//! Why a record is where it is, what would be done about a contact, and what was set aside: `tandem records`, `tandem preview` and
//! `tandem dead`.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_proto::topology::event_subject;
use tandem_proto::{ConnectionId, Envelope, Header, Lane, Payload, Stream, v1};
use tandem_queue::NewMessage;
use tandem_tests::{Shape, Stack, StackOptions, eventually};

use crate::review::{refused, said};

const LIMIT: Duration = Duration::from_secs(45);
const PHONE: &str = "+14155550161";

in_both_shapes! {
    a_record_tells_where_it_stands_and_what_happened_to_it,
    what_stands_in_the_way_is_told,
    a_preview_shows_what_is_then_done_and_writes_nothing,
    a_preview_of_an_edit_shows_the_difference,
    an_event_that_was_set_aside_is_mended_and_goes_round_again,
}

fn ana() -> Value {
    json!({ "firstName": "Ana", "lastName": "Díaz", "phone": PHONE, "tags": ["vip"] })
}

fn has(list: &Value, check: impl Fn(&Value) -> bool) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(check))
}

async fn a_record_tells_where_it_stands_and_what_happened_to_it(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    let openphone = stack.arrives(&ghl, "the contact", |_| true).await["id"].as_str().unwrap().to_owned();
    stack.ghl.edit_contact(&ghl, &json!({ "website": "https://example.com" })).unwrap();
    stack.quiet(LIMIT).await;
    let shown = said(&stack, &["records", "show", "acme", &ghl])["record"].clone();
    assert_eq!((&shown["is_in_step"], &shown["stands"]), (&json!(true), &json!([])), "{shown}");
    assert!(has(&shown["fields"], |field| field["field"] == "first_name" && field["state"] == "in step"), "{shown}");
    let made = shown["timeline"].as_array().unwrap().iter().find(|line| line["outcome"] == "created").unwrap();
    let request = (&made["side"], &made["request"], &made["status"]);
    assert_eq!(request, (&json!("openphone"), &json!("POST /v1/contacts"), &json!(201)), "{made}");
    let heard = &made["heard"][0];
    assert_eq!((&heard["event"], &heard["trace_id"]), (&json!("ghl contact.created"), &made["trace_id"]), "{made}");
    assert_eq!(made["trace_id"].as_str().unwrap().len(), 32);
    let last = shown["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(last["outcome"], "in_step", "an edit that maps to nothing: {last}");
    // By every name that people know it by.
    let record = shown["person"]["record"].as_str().unwrap();
    for name in [record, &openphone, PHONE, "(415) 555-0161"] {
        assert_eq!(said(&stack, &["records", "show", "acme", name])["record"]["person"]["record"], record, "{name}");
    }
    let unknown = refused(&stack, &["records", "show", "acme", "nobody@example.com"]);
    assert!(unknown.contains("nothing is known of `nobody@example.com`"), "{unknown}");
}

async fn what_stands_in_the_way_is_told(shape: Shape) {
    let mapping = Some("creates: { openphone: false }".to_owned());
    let stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    stack.quiet(LIMIT).await;
    let shown = said(&stack, &["records", "show", "acme", &ghl])["record"].clone();
    assert_eq!(shown["is_in_step"], false, "{shown}");
    let why = shown["stands"][0].as_str().unwrap();
    assert!(why.contains("no such contact in OpenPhone") && why.contains("`creates`"), "{why}");
}

async fn a_preview_shows_what_is_then_done_and_writes_nothing(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    stack.deliver(false);
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    let shown = said(&stack, &["preview", "acme", "--contact", &ghl])["previewed"].clone();
    let would = |field: &str| {
        let written = shown["written"].as_array().unwrap().iter().find(|one| one["field"] == field);
        written.map(|one| (one["side"].clone(), one["before"].clone(), one["after"].clone()))
    };
    let openphone = json!("openphone");
    assert_eq!(would("first_name"), Some((openphone.clone(), Value::Null, json!({ "text": "Ana" }))), "{shown}");
    assert_eq!(would("phones"), Some((openphone, Value::Null, json!({ "list": [PHONE] }))), "{shown}");
    assert!(has(&shown["record"]["timeline"], |line| line["outcome"] == "created"), "{shown}");
    assert_eq!(shown["record"]["person"]["contacts"]["openphone"], Value::Null, "{shown}");
    assert!(stack.openphone.contacts().is_empty(), "a preview wrote");
    assert!(
        refused(&stack, &["records", "show", "acme", &ghl]).contains("nothing is known"),
        "a preview left something"
    );
    stack.deliver(true);
    stack.ghl.edit_contact(&ghl, &json!({ "lastName": "Díaz Example" })).unwrap();
    let there = stack.arrives(&ghl, "the contact", |_| true).await;
    assert_eq!(there["defaultFields"]["firstName"], "Ana");
}

async fn a_preview_of_an_edit_shows_the_difference(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    stack.arrives(&ghl, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    stack.deliver(false);
    stack.ghl.edit_contact(&ghl, &json!({ "lastName": "Moss" })).unwrap();
    let shown = said(&stack, &["preview", "acme", "--contact", &ghl])["previewed"].clone();
    let written = json!([{
        "side": "openphone", "field": "last_name", "before": { "text": "Díaz" }, "after": { "text": "Moss" },
    }]);
    assert_eq!(shown["written"], written, "{shown}");
    assert_eq!(stack.across(&ghl).unwrap()["defaultFields"]["lastName"], "Díaz");
}

/// An event as ingest stores it, with this body.
pub(crate) fn event(id: &str, body: &str) -> NewMessage {
    let connection = ConnectionId::new("acme").unwrap();
    let header = Header {
        id: id.to_owned(),
        source: "ghl".to_owned(),
        r#type: "contact.updated".to_owned(),
        connection: connection.clone(),
        ..Header::default()
    };
    let event = v1::Event { side: v1::Side::Ghl.into(), body: body.as_bytes().to_vec(), ..v1::Event::default() };
    NewMessage {
        stream: Stream::Events,
        lane: Lane::Live,
        subject: event_subject(Lane::Live, &connection, "ghl"),
        id: header.message_id(),
        body: Envelope { header, payload: Payload::Event(event) }.encode().into(),
    }
}

async fn an_event_that_was_set_aside_is_mended_and_goes_round_again(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    stack.deliver(false);
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    for id in ["e1", "e2"] {
        stack.queue().publish(event(id, "no json")).await.unwrap();
    }
    tandem_testkit::eventually("both to be set aside", LIMIT, async || {
        (stack.count(Stream::Dead).await == 2).then_some(())
    })
    .await;
    let listed = said(&stack, &["dead", "list", "--code", "undecodable"])["list"].clone();
    let [first, second] = listed.as_array().unwrap().as_slice() else { panic!("{listed}") };
    let (first, second) = (first["number"].to_string(), second["number"].to_string());
    assert_eq!(said(&stack, &["dead", "show", &first])["shown"]["raw"], "no json");
    // Nothing that is wrong in itself is mended by sending it round.
    said(&stack, &["dead", "redrive", &first, "--yes"]);
    tandem_testkit::eventually("it to be set aside again", LIMIT, async || {
        let letters = stack.queue().browse(Stream::Dead, 0, 10).await.ok()?;
        (letters.len() == 2 && letters.iter().all(|letter| letter.sequence.to_string() != first)).then_some(())
    })
    .await;
    let body = stack.folder.path().join("body.json");
    std::fs::write(&body, json!({ "type": "ContactUpdate", "id": ghl }).to_string()).unwrap();
    let edited = said(&stack, &["dead", "edit", &second, "--body", body.to_str().unwrap()])["edited"].clone();
    let now = edited["now"].to_string();
    let dry = said(&stack, &["dead", "redrive", &now])["disposed"].clone();
    assert_eq!((&dry["is_dry"], dry["done"].as_array().unwrap().len()), (&json!(true), 1), "{dry}");
    assert!(stack.openphone.contacts().is_empty(), "a dry run sent it");
    said(&stack, &["dead", "redrive", &now, "--yes"]);
    eventually("the contact", LIMIT, || stack.across(&ghl)).await;
    let dropped = said(&stack, &["dead", "drop", "--all", "--yes"])["disposed"].clone();
    assert_eq!(dropped["done"].as_array().unwrap().len(), 1, "{dropped}");
    assert_eq!(stack.count(Stream::Dead).await, 0);
    assert!(refused(&stack, &["dead", "redrive", "--yes"]).contains("which ones?"));
    assert!(refused(&stack, &["dead", "show", "999999"]).contains("there is no message 999999"));
}
