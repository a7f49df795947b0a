//! OpenPhone's deliveries: the signature vectors, and whose they are.

use jiff::{SignedDuration, Timestamp};
use tandem_ingest::{Config, Connection};
use tandem_proto::{ConnectionId, v1};
use tandem_providers::openphone::WebhookSecret;

use crate::client::{Reply, send};
use crate::server::{Server, config, memory};
use crate::signer::OpenPhoneSigner;
use crate::vendor::{json, vendor};

const SIGNED_AT: i64 = 1_776_081_600;
const BODY: &[u8] = br#"{"id":"EV1","createdAt":"2026-04-13T12:00:00.000Z","type":"contact.updated",
    "data":{"resource":{"id":"6a145ff26212a192852c856e","firstName":"Ana"}}}"#;

fn at(seconds: i64) -> impl Fn() -> Timestamp + Send + Sync + 'static {
    move || Timestamp::from_second(seconds).unwrap()
}

async fn deliver(server: &Server, connection: &str, signer: &OpenPhoneSigner) -> Reply {
    let signature = signer.sign("msg_1", SIGNED_AT, BODY);
    let seconds = SIGNED_AT.to_string();
    let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", &seconds), ("webhook-signature", &signature)];
    send(server.address, &format!("POST /webhooks/openphone/{connection}"), &headers, BODY).await
}

#[tokio::test]
async fn the_signature_vectors_hold() {
    let Some(folder) = vendor().map(|vendor| vendor.join("openphone/webhooks")) else { return };
    let vectors = json(&folder.join("signature-vectors.json"));
    let vectors = vectors["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 9);
    for vector in vectors {
        let connection = Connection {
            id: ConnectionId::new("acme").unwrap(),
            location_id: "L1".to_owned(),
            openphone_secrets: vec![WebhookSecret::parse(vector["secret"].as_str().unwrap()).unwrap()],
        };
        let sent = vector["webhook-timestamp"].as_str().map_or(0, |seconds| seconds.parse().unwrap());
        let config = Config { connections: vec![connection], ..config() };
        let server = Server::start_with(config, memory(), at(sent)).await;
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature", "openphone-signature"];
        let headers: Vec<(&str, &str)> =
            names.into_iter().filter_map(|name| Some((name, vector[name].as_str()?))).collect();
        let body = vector["body"].as_str().unwrap();
        let reply = send(server.address, "POST /webhooks/openphone/acme", &headers, body.as_bytes()).await;
        let is_event = body.contains("\"type\"");
        let expected = match (vector["valid"].as_bool().unwrap(), is_event) {
            (false, _) => 401,
            // The public Standard Webhooks vector is well signed, but its body is no event.
            (true, false) => 400,
            (true, true) => 200,
        };
        assert_eq!(reply.status, expected, "{}: {reply:?}", vector["note"]);
        let stored = server.stored().await;
        assert_eq!(stored.len(), usize::from(expected == 200), "{}", vector["note"]);
        assert!(stored.iter().all(|(_, event)| event.body == body.as_bytes()), "{}", vector["note"]);
    }
}

#[tokio::test]
async fn a_delivery_is_stored_with_all_that_the_next_stage_needs() {
    let server = Server::start_with(config(), memory(), at(SIGNED_AT + 60)).await;
    let reply = deliver(&server, "acme", &OpenPhoneSigner::new(5)).await;
    assert!(reply.is("accepted"), "{reply:?}");
    let [(header, event)] = &server.stored().await[..] else { panic!("not one event") };
    assert_eq!((header.id.as_str(), header.source.as_str()), ("msg_1", "openphone"));
    assert_eq!((header.r#type.as_str(), header.time_ms), ("contact.updated", SIGNED_AT * 1_000));
    assert_eq!((header.subject.as_str(), header.connection.as_str()), ("6a145ff26212a192852c856e", "acme"));
    assert_eq!((event.side(), event.lane()), (v1::Side::Openphone, v1::Lane::Live));
    assert_eq!(event.body, BODY);
    assert!(deliver(&server, "acme", &OpenPhoneSigner::new(5)).await.is("duplicate"));
}

#[tokio::test]
async fn an_old_or_early_signature_is_refused() {
    let tolerance = SignedDuration::from_mins(5).as_secs();
    for (off, status) in [(tolerance, 200), (-tolerance, 200), (tolerance + 1, 401), (-tolerance - 1, 401)] {
        let server = Server::start_with(config(), memory(), at(SIGNED_AT + off)).await;
        let reply = deliver(&server, "acme", &OpenPhoneSigner::new(5)).await;
        assert_eq!(reply.status, status, "{off} s: {reply:?}");
    }
}

#[tokio::test]
async fn a_secret_is_good_for_its_own_connection_only() {
    let server = Server::start_with(config(), memory(), at(SIGNED_AT)).await;
    for (connection, seed, status) in
        [("acme", 6, 401), ("bare", 5, 401), ("nobody", 5, 404), ("%ff", 5, 404), ("a.b", 5, 404)]
    {
        let reply = deliver(&server, connection, &OpenPhoneSigner::new(seed)).await;
        assert_eq!(reply.status, status, "{connection}: {reply:?}");
    }
    assert!(server.stored().await.is_empty());
}

#[tokio::test]
async fn two_connections_of_one_workspace_each_get_their_event() {
    let mut config = config();
    config.connections[1].openphone_secrets = vec![OpenPhoneSigner::new(6).secret()];
    let server = Server::start_with(config, memory(), at(SIGNED_AT)).await;
    assert!(deliver(&server, "acme", &OpenPhoneSigner::new(5)).await.is("accepted"));
    assert!(deliver(&server, "bare", &OpenPhoneSigner::new(6)).await.is("accepted"));
    assert_eq!(server.stored().await.len(), 2);
}
