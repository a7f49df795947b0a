//! What is not taken: the right status, nothing stored, and the server still there.

use serde_json::{Value as Json, json};

use crate::client::send;
use crate::server::{APP, LOCATION, Server, contact_update, memory};
use crate::signer::GhlSigner;

const PATH: &str = "POST /webhooks/ghl";

fn event(changes: &Json) -> Vec<u8> {
    let mut event = json!({"type": "ContactUpdate", "locationId": LOCATION, "appId": APP, "id": "c1"});
    event.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    event.to_string().into_bytes()
}

/// Well signed, but not to be taken.
fn signed_and_bad() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let nested = format!(r#"{{"type":"ContactUpdate","locationId":"{LOCATION}","a":{}"#, "[".repeat(100_000));
    let closed = format!("{nested}{}}}", "]".repeat(100_000));
    let padded = |size: usize| event(&json!({"padding": "x".repeat(size)}));
    vec![
        ("larger than 1 MiB", padded(1 << 20), 413, "too_large"),
        ("much larger", padded(5 << 20), 413, "too_large"),
        ("not UTF-8", b"{\"type\":\"ContactUpdate\",\"id\":\"\xff\"}".to_vec(), 400, "malformed"),
        ("deeply nested", closed.into_bytes(), 400, "malformed"),
        ("deeply nested and broken off", nested.into_bytes(), 400, "malformed"),
        ("empty", vec![], 400, "malformed"),
        ("no JSON", b"hello".to_vec(), 400, "malformed"),
        ("no object", b"[1]".to_vec(), 400, "malformed"),
        ("no type", b"{}".to_vec(), 400, "malformed"),
        ("another app", event(&json!({"appId": "somebody"})), 403, "other_app"),
        ("another location", event(&json!({"locationId": "elsewhere"})), 404, "unknown_location"),
    ]
}

#[tokio::test]
async fn signed_but_bad_deliveries_are_refused_with_their_own_status() {
    for (name, body, status, reason) in signed_and_bad() {
        let server = Server::start(memory()).await;
        let reply = server.ghl(&body).await;
        assert_eq!(reply.status, status, "{name}: {reply:?}");
        let answer: Json = serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("{name}: {reply:?}"));
        assert!(answer["error"].as_str().is_some_and(|text| text.len() < 100), "{name}: {reply:?}");
        assert!(server.stored().await.is_empty(), "{name} was stored");
        let series = format!(r#"tandem_events_rejected_total{{provider="ghl",reason="{reason}"}}"#);
        assert_eq!(server.count(&series), 1, "{name}: {}", server.metrics.encode());
        assert!(server.ghl(&contact_update("next")).await.is("accepted"), "after {name}");
    }
}

#[tokio::test]
async fn unsigned_or_badly_signed_deliveries_are_refused_unread() {
    let server = Server::start(memory()).await;
    let body = event(&json!({}));
    let good = server.signer.sign(&body);
    let stranger = GhlSigner::new(2).sign(&body);
    let reserialised = format!(" {}", String::from_utf8_lossy(&body)).into_bytes();
    let nonsense = b"{{{{".to_vec();
    let cases: [(&str, Option<&str>, &[u8]); 8] = [
        ("unsigned", None, &body),
        ("N/A", Some("N/A"), &body),
        ("empty signature", Some(""), &body),
        ("no base64", Some("%%%"), &body),
        ("not even text", Some("é"), &body),
        ("another key", Some(&stranger), &body),
        ("serialised again", Some(&good), &reserialised),
        ("nonsense, unsigned", None, &nonsense),
    ];
    for (name, signature, body) in cases {
        let headers: Vec<(&str, &str)> = signature.map(|value| ("x-ghl-signature", value)).into_iter().collect();
        let reply = send(server.address, PATH, &headers, body).await;
        assert_eq!(reply.status, 401, "{name}: {reply:?}");
    }
    assert!(server.stored().await.is_empty());
    assert_eq!(server.count(r#"tandem_events_rejected_total{provider="ghl",reason="signature"}"#), 8);
    let reply = send(server.address, PATH, &[("x-ghl-signature", &good)], &body).await;
    assert!(reply.is("accepted"), "{reply:?}");
}

#[tokio::test]
async fn the_second_trusted_key_will_do() {
    let server = Server::start(memory()).await;
    let body = event(&json!({}));
    let reply = send(server.address, PATH, &[("x-ghl-signature", &GhlSigner::new(9).sign(&body))], &body).await;
    assert!(reply.is("accepted"), "{reply:?}");
}

#[tokio::test]
async fn other_methods_and_paths_are_not_served() {
    let server = Server::start(memory()).await;
    for (line, status) in [
        ("GET /webhooks/ghl", 405),
        ("PUT /webhooks/openphone/acme", 405),
        ("POST /webhooks/openphone/", 404),
        ("POST /webhooks", 404),
    ] {
        assert_eq!(send(server.address, line, &[], b"").await.status, status, "{line}");
    }
}
