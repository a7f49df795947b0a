//! The queue's worst case, a storage that doesn't answer, with tokio's clock in our hands.

use std::sync::mpsc;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::SignedDuration;

use tandem_embedded::{Database, Options};
use tandem_limits::Limits;
use tandem_queue::{Queue, Settings};
use tandem_telemetry::Metrics;

use super::*;

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

fn intake(queue: Queue) -> Intake {
    let connection = Connection {
        id: ConnectionId::new("acme").unwrap(),
        location_id: "L1".to_owned(),
        openphone_secrets: vec![WebhookSecret::parse(&BASE64_STANDARD.encode(SECRET)).unwrap()],
    };
    let config = Config { connections: vec![connection], ghl_keys: vec![], ghl_app_id: None, max_in_flight: 8 };
    let deps = Deps {
        sink: crate::Sink::direct(queue),
        limits: Limits::in_process(),
        metrics: Metrics::new(),
        tokens: None,
        hooks: None,
    };
    Intake::new(config, deps, Box::new(|| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1)))
}

async fn deliver(intake: &Intake, body: &'static str) -> Result<Answer, Rejection> {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET);
    let tag = aws_lc_rs::hmac::sign(&key, format!("1.{body}").as_bytes());
    let signature = format!("hmac;1;1;{}", BASE64_STANDARD.encode(tag));
    let headers = HeaderMap::from_iter([(
        axum::http::HeaderName::from_static("openphone-signature"),
        HeaderValue::from_str(&signature).unwrap(),
    )]);
    intake.openphone(intake.connection("acme"), &headers, Body::from(body)).await
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_does_not_answer_is_a_refusal_not_a_hang_and_the_next_try_is_no_second_event() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    let queue = Queue::embedded(&database, Settings::default()).unwrap();
    let intake = intake(queue.clone());
    let (release, blocked) = mpsc::channel::<()>();
    let blocker = {
        let database = database.clone();
        tokio::spawn(async move { database.write(move |_| Ok(blocked.recv().is_ok())).await })
    };
    tokio::task::yield_now().await;
    let body = r#"{"id":"EV1","type":"contact.updated"}"#;
    let refused = deliver(&intake, body).await;
    assert!(matches!(refused, Err(Rejection::NotStoredInTime)), "{refused:?}");
    release.send(()).unwrap();
    assert!(blocker.await.unwrap().unwrap());
    // Back to the real clock: from here on the answer comes from another thread.
    tokio::time::resume();
    assert_eq!(deliver(&intake, body).await.unwrap(), Answer::Duplicate);
    assert_eq!(queue.depth(Stream::Events).await.unwrap().waiting, 1);
}
