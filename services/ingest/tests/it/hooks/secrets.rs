//! Which secrets a delivery may be signed with.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use secrecy::SecretString;
use tandem_credentials::SigningSecrets;
use tandem_ingest::HookSecrets;
use tandem_store::Store;

use super::world::{CONNECTION, id, signing_secrets};
use crate::client::{Reply, send};
use crate::eventually::eventually;
use crate::server::{Server, embedded, memory};
use crate::signer::OpenPhoneSigner;

const BODY: &[u8] = br#"{"id":"EV1","type":"contact.updated","data":{"resource":{"id":"6a145ff26212a192852c856e"}}}"#;
const NOW: i64 = 1_776_081_600;
const HOURS: i64 = 3600;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn secret(seed: u8) -> SecretString {
    OpenPhoneSigner::new(seed).text().into()
}

/// A delivery to the connection whose webhooks we make.
pub(crate) async fn deliver(server: &Server, seed: u8, (seconds, message): (i64, &str)) -> Reply {
    let signature = OpenPhoneSigner::new(seed).sign(message, seconds, BODY);
    let time = seconds.to_string();
    let headers = [("webhook-id", message), ("webhook-timestamp", &time), ("webhook-signature", &signature)];
    send(server.address, &format!("POST /webhooks/openphone/{CONNECTION}"), &headers, BODY).await
}

async fn status(server: &Server, seed: u8, when: (i64, &str)) -> u16 {
    deliver(server, seed, when).await.status
}

async fn server(stored: Option<SigningSecrets>, now: i64) -> Server {
    let secrets = HookSecrets::new([id()]);
    if let Some(stored) = stored {
        secrets.reached(stored);
    }
    Server::start_managed(secrets, memory(), move || at(now)).await
}

async fn replace(stored: &SigningSecrets, seed: u8, (from, until): (i64, i64)) {
    stored.replace(&id(), ("1001", &secret(seed)), (at(from), at(until))).await.unwrap();
}

#[tokio::test]
async fn both_secrets_are_taken_for_a_while_and_then_the_new_one() {
    let stored = signing_secrets(&Store::memory());
    replace(&stored, 11, (NOW, NOW)).await;
    let now = server(Some(stored.clone()), NOW).await;
    assert!(deliver(&now, 11, (NOW, "before")).await.is("accepted"));
    // By another process: this one sees it when a signature doesn't fit.
    replace(&stored, 12, (NOW, NOW + 48 * HOURS)).await;
    eventually("the new secret", async || deliver(&now, 12, (NOW, "new")).await.is("accepted")).await;
    assert!(deliver(&now, 11, (NOW, "old")).await.is("accepted"));
    assert_eq!(status(&now, 13, (NOW, "nobody's")).await, 401);

    for (later, old) in [(48 * HOURS - 1, 200), (48 * HOURS, 401)] {
        let server = server(Some(stored.clone()), NOW + later).await;
        assert_eq!(status(&server, 11, (NOW + later, "old")).await, old, "{later} s later");
        assert_eq!(status(&server, 12, (NOW + later, "new")).await, 200, "{later} s later");
    }
}

#[tokio::test]
async fn a_secret_ends_in_memory_too() {
    let (_queue, database, _dir) = embedded(None);
    let stored = signing_secrets(&Store::embedded(&database).unwrap());
    replace(&stored, 11, (NOW, NOW)).await;
    replace(&stored, 12, (NOW, NOW + HOURS)).await;
    let clock = Arc::new(AtomicI64::new(NOW));
    let (secrets, ours) = (HookSecrets::new([id()]), Arc::clone(&clock));
    secrets.reached(stored);
    let now = move || at(ours.load(Ordering::Relaxed));
    let server = Server::start_managed(secrets, memory(), now).await;
    assert_eq!(status(&server, 11, (NOW, "one")).await, 200);
    database.close().await.unwrap();
    clock.store(NOW + HOURS, Ordering::Relaxed);
    assert_eq!(status(&server, 11, (NOW + HOURS, "two")).await, 401);
    assert_eq!(status(&server, 12, (NOW + HOURS, "three")).await, 200);
}

#[tokio::test]
async fn what_was_read_counts_while_the_store_is_away() {
    let (_queue, database, _dir) = embedded(None);
    let store = Store::embedded(&database).unwrap();
    let stored = signing_secrets(&store);
    replace(&stored, 11, (NOW, NOW)).await;
    let server = server(Some(stored), NOW).await;
    assert_eq!(status(&server, 11, (NOW, "one")).await, 200);
    database.close().await.unwrap();
    assert_eq!(status(&server, 11, (NOW, "two")).await, 200);
    assert_eq!(status(&server, 12, (NOW, "three")).await, 401);
    assert_eq!(status(&server, 11, (NOW, "four")).await, 200);
}

#[tokio::test]
async fn before_the_secrets_are_read_deliveries_are_to_come_again() {
    let server = server(None, NOW).await;
    let reply = deliver(&server, 11, (NOW, "one")).await;
    assert_eq!(reply.status, 429, "{reply:?}");
    assert!(reply.head.contains("retry-after: "), "{reply:?}");
    assert_eq!(server.count("tandem_events_rejected_total{provider=\"openphone\",reason=\"secrets\"}"), 1);
}

#[tokio::test]
async fn unsigned_and_old_deliveries_are_refused_without_a_look_into_the_store() {
    let stored = signing_secrets(&Store::memory());
    replace(&stored, 11, (NOW, NOW)).await;
    let server = server(Some(stored), NOW).await;
    let path = format!("POST /webhooks/openphone/{CONNECTION}");
    assert_eq!(status(&server, 11, (NOW, "one")).await, 200);
    assert_eq!(send(server.address, &path, &[], BODY).await.status, 401);
    assert_eq!(status(&server, 11, (NOW - 301, "two")).await, 401);
    assert_eq!(server.stored().await.len(), 1);
}
