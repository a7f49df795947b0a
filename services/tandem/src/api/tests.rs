//! The document, and who may.

use std::path::Path;

use serde_json::Value;
use tandem_service::{Environment, serve};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::neighbour::{self, Answer};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn config(api: &str) -> Config {
    let environment = Environment::from([("A".to_owned(), "x".to_owned()), ("TOKEN".to_owned(), TOKEN.to_owned())]);
    let text = format!(
        "{api}\nconnections: [{{ id: acme, ghl: {{ location_id: l1, private_token: '${{A}}' }}, openphone: {{ api_key: '${{A}}' }} }}]"
    );
    Config::parse(&text, Path::new("tandem.yaml"), &environment).unwrap()
}

/// What is answered before the store is reached.
async fn answered(api: Api, path: &'static str) -> Answer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, api.router(), stop.clone()));
    let asking = tokio::task::spawn_blocking(move || neighbour::get(address, path, Some(TOKEN)));
    let answer = asking.await.unwrap().unwrap();
    stop.cancel();
    serving.await.unwrap().unwrap();
    answer
}

fn api(config: &Config) -> Api {
    let current = watch::channel(Some(Arc::new(config.clone()))).1;
    Api::new(config, current, (Reached::default(), Limits::in_process()), mpsc::channel(1).0)
}

#[test]
fn it_is_there_only_where_somebody_may_use_it() {
    assert!(!Api::is_on(&config("")));
    let config = config("api: { tokens: [{ name: ana, role: operator, token: '${TOKEN}' }] }");
    assert!(Api::is_on(&config));
    let api = api(&config);
    assert_eq!(api.caller(TOKEN).map(|token| (token.name.as_str(), token.role)), Some(("ana", Role::Operator)));
    assert!(api.caller("").is_none() && api.caller(&TOKEN[1..]).is_none());
    assert_eq!(api.connection("acme").unwrap().as_str(), "acme");
    assert!(api.connection("other").is_err() && api.connection("a/b").is_err());
    // Routes that are at odds with each other would show here.
    drop(api.router());
}

#[tokio::test]
async fn too_many_at_once_are_asked_to_come_again() {
    let config = config("api: { tokens: [{ name: ana, role: viewer, token: '${TOKEN}' }] }");
    let busy = api(&config);
    let held = Arc::clone(&busy.places).acquire_many_owned(u32::try_from(MOST_AT_ONCE).unwrap()).await.unwrap();
    let answer = answered(busy, "/api/v1/catalog").await;
    assert_eq!(answer.status, 429, "{answer:?}");
    drop(held);
    assert_eq!(answered(api(&config), "/api/v1/catalog").await.status, 200);
}

#[tokio::test]
async fn a_store_that_is_not_reached_is_said() {
    let config = config("api: { tokens: [{ name: ana, role: viewer, token: '${TOKEN}' }] }");
    for path in ["/api/v1/connections", "/api/v1/connections/acme/segments", "/api/v1/connections/acme/scans"] {
        let answer = answered(api(&config), path).await;
        assert!(answer.status == 503 && answer.body.contains("the store is not reached yet"), "{path}: {answer:?}");
    }
}

/// Every `$ref` below.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_document_describes_everything_that_it_names() {
    let document = serde_json::to_value(document::document()).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} is not described");
    }
    let mut ids = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path} is not described");
            assert!(operation["responses"]["401"].is_object(), "{method} {path} says nothing of tokens");
            ids.push(operation["operationId"].as_str().unwrap());
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), count), (28, 28), "{ids:?}");
}
