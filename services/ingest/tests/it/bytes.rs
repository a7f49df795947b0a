//! Whatever is sent, the answer is never a 5xx.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};

use crate::client::send;
use crate::server::{LOCATION, Server, memory};

fn anything() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..400),
        "[\\[\\]{}\",:a-z0-9\\\\ ]{0,200}".prop_map(String::into_bytes),
        event().prop_map(|event| event.to_string().into_bytes()),
    ]
}

/// An event with odd values where ids and times are expected.
fn event() -> impl Strategy<Value = Json> {
    let value = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,40}".prop_map(Json::from),
        Just(json!([{"id": 1}])),
    ];
    let keys = ["id", "contactId", "webhookId", "timestamp", "appId", "altId"];
    let fields = proptest::collection::vec((proptest::sample::select(keys.to_vec()), value), 0..6);
    ("[A-Za-z]{1,20}|.{1,20}", fields, any::<bool>()).prop_map(|(event_type, fields, ours)| {
        let mut event = json!({"type": event_type, "locationId": if ours { LOCATION } else { "L" }});
        event.as_object_mut().unwrap().extend(fields.into_iter().map(|(key, value)| (key.to_owned(), value)));
        event
    })
}

#[test]
fn no_bytes_bring_a_5xx() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(memory()));
    let lines = prop_oneof![Just("POST /webhooks/ghl"), Just("POST /webhooks/openphone/acme")];
    let header = "[!-~]{0,100}";
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(anything(), lines, header, any::<bool>()), |(body, line, header, signed)| {
        let signature = if signed { server.signer.sign(&body) } else { header };
        let headers =
            [("x-ghl-signature", signature.as_str()), ("openphone-signature", &signature), ("webhook-id", &signature)];
        let reply = runtime.block_on(send(server.address, line, &headers, &body));
        prop_assert!(matches!(reply.status, 200 | 400 | 401 | 403 | 404), "{:?}", reply);
        prop_assert!(signed || reply.status == 401, "{:?}", reply);
        Ok(())
    });
    outcome.unwrap();
    assert!(!runtime.block_on(server.stored()).is_empty(), "nothing got through: the cases are too odd");
}
