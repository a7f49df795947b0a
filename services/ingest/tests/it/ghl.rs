//! GHL's deliveries that are taken.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tandem_ingest::{Config, Connection};
use tandem_proto::{ConnectionId, v1};
use tandem_telemetry::TraceContext;

use crate::server::{APP, LOCATION, Server, config, contact_update, memory, queues};
use crate::vendor::{bytes, json, vendor};

#[tokio::test]
async fn a_delivery_is_stored_with_all_that_the_next_stage_needs() {
    let server = Server::start(memory()).await;
    let body = contact_update("881b9415-5d35-4ff1-a667-0545b80b96c0");
    let reply = server.ghl(&body).await;
    assert!(reply.is("accepted"), "{reply:?}");
    assert!(reply.head.contains("content-type: application/json"), "{reply:?}");
    let [(header, event)] = &server.stored().await[..] else { panic!("not one event") };
    assert_eq!(header.id, "881b9415-5d35-4ff1-a667-0545b80b96c0");
    assert_eq!((header.source.as_str(), header.r#type.as_str()), ("ghl", "contact.updated"));
    assert_eq!(header.time_ms, 1_762_519_605_953);
    assert_eq!((header.subject.as_str(), header.connection.as_str()), ("nmFmQEsNgz6AVpgLVUJ0", "acme"));
    assert!(header.causation_id.is_empty());
    assert!(TraceContext::parse(&header.traceparent).is_ok(), "{}", header.traceparent);
    assert_eq!((event.side(), event.lane()), (v1::Side::Ghl, v1::Lane::Live));
    assert_eq!((event.provider_type.as_str(), event.contact_id.as_str()), ("ContactUpdate", "nmFmQEsNgz6AVpgLVUJ0"));
    assert_eq!(event.body, body);
    let stored = server.queue.browse(tandem_proto::Stream::Events, 0, 1).await.unwrap();
    assert_eq!((stored[0].subject.as_str(), &stored[0].id), ("event.live.acme.ghl", &header.message_id()));
    assert_eq!(server.count(r#"tandem_events_accepted_total{provider="ghl"}"#), 1);
}

/// One connection for each location that the examples name.
fn connected_to(examples: &[(String, Vec<u8>, Option<String>)]) -> Config {
    let mut locations: Vec<&str> = examples.iter().filter_map(|(_, _, location)| location.as_deref()).collect();
    locations.sort_unstable();
    locations.dedup();
    let connection = |(number, location): (usize, &&str)| Connection {
        id: ConnectionId::new(format!("connection-{number}")).unwrap(),
        location_id: (*location).to_owned(),
        openphone_secrets: vec![],
    };
    // The examples name several apps.
    Config { connections: locations.iter().enumerate().map(connection).collect(), ghl_app_id: None, ..config() }
}

#[tokio::test]
async fn every_published_example_is_stored_as_it_came() {
    let Some(folder) = vendor().map(|vendor| vendor.join("ghl/webhooks")) else { return };
    let index = json(&folder.join("index.json"));
    let examples: Vec<(String, Vec<u8>, Option<String>)> = index["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["kind"] != "schema")
        .map(|file| {
            let body = bytes(&folder.join(file["file"].as_str().unwrap()));
            let event: Json = serde_json::from_slice(&body).unwrap();
            let location = event["locationId"].as_str().map(str::to_owned);
            (file["file"].as_str().unwrap().to_owned(), body, location)
        })
        .collect();
    assert!(examples.len() > 30, "only {} examples", examples.len());
    for (backend, queue, _dir) in queues() {
        let server = Server::start_with(connected_to(&examples), queue, jiff::Timestamp::now).await;
        for (name, body, location) in &examples {
            let reply = server.ghl(body).await;
            assert_eq!(reply.status, 200, "{backend}, {name}: {reply:?}");
            assert_eq!(reply.is("skipped"), location.is_none(), "{backend}, {name}: {reply:?}");
        }
        let stored: BTreeSet<Vec<u8>> = server.stored().await.into_iter().map(|(_, event)| event.body).collect();
        let located = examples.iter().filter(|(_, _, location)| location.is_some());
        // A set, since a file may have been published twice under different names.
        let expected: BTreeSet<Vec<u8>> = located.map(|(_, body, _)| body.clone()).collect();
        assert!(expected.len() > 25, "only {} to be stored", expected.len());
        assert!(stored == expected, "{backend}: other bytes were stored than came");
        assert_eq!(server.stored().await.len(), expected.len(), "{backend}");
    }
}

#[tokio::test]
async fn types_we_never_heard_of_are_stored_too() {
    let server = Server::start(memory()).await;
    let body = json!({"type": "SaaSPlanCreate", "altType": "location", "altId": LOCATION, "appId": APP}).to_string();
    assert!(server.ghl(body.as_bytes()).await.is("accepted"));
    let before = jiff::Timestamp::now().as_millisecond();
    let [(header, event)] = &server.stored().await[..] else { panic!("not one event") };
    assert_eq!((header.r#type.as_str(), event.provider_type.as_str()), ("saasplancreate", "SaaSPlanCreate"));
    assert!(header.id.starts_with("sha256-") && header.subject.is_empty());
    assert!((before - header.time_ms).abs() < 60_000, "without a time of its own an event happened now");
}

#[tokio::test]
async fn an_old_delivery_is_as_good_as_a_new_one() {
    let server = Server::start(memory()).await;
    let body = String::from_utf8(contact_update("w1")).unwrap().replace("2025-11-07", "2019-01-01");
    assert!(server.ghl(body.as_bytes()).await.is("accepted"));
}

#[tokio::test]
async fn an_agencys_event_is_skipped_and_counted() {
    let server = Server::start(memory()).await;
    let body = json!({"type": "INSTALL", "appId": APP, "companyId": "c1"}).to_string();
    let reply = server.ghl(body.as_bytes()).await;
    assert!(reply.is("skipped"), "{reply:?}");
    assert!(server.stored().await.is_empty());
    assert_eq!(server.count(r#"tandem_skips_total{reason="no_location"}"#), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_comes_five_times_at_once_is_stored_once() {
    for (backend, queue, _dir) in queues() {
        let server = Server::start(queue).await;
        let body = contact_update("same");
        let replies = futures_util::future::join_all((0..5).map(|_| server.ghl(&body))).await;
        assert!(replies.iter().all(|reply| reply.status == 200), "{backend}: {replies:?}");
        assert_eq!(replies.iter().filter(|reply| reply.is("accepted")).count(), 1, "{backend}: {replies:?}");
        assert!(server.ghl(&body).await.is("duplicate"), "{backend}");
        assert_eq!(server.stored().await.len(), 1, "{backend}");
        assert_eq!(server.count(r#"tandem_events_duplicate_total{provider="ghl"}"#), 5, "{backend}");
    }
}
