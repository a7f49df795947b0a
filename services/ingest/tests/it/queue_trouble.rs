//! A queue that can't store: 429, and nothing lost once it can again.

use std::collections::BTreeSet;
use std::time::Duration;

use tandem_proto::{Consumer, Envelope};

use crate::server::{APP, LOCATION, Server, contact_update, embedded};

const NOW: Duration = Duration::ZERO;

fn large(number: usize) -> Vec<u8> {
    let padding = "x".repeat(3_000);
    format!(
        r#"{{"type":"ContactUpdate","locationId":"{LOCATION}","appId":"{APP}","id":"c{number}",
        "webhookId":"{number}","padding":"{padding}"}}"#
    )
    .into_bytes()
}

/// Takes what is there out of the queue; the ids of it.
async fn drain(server: &Server, max: usize) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for delivery in server.queue.pull(Consumer::MapperLive, max, NOW).await.unwrap() {
        ids.insert(Envelope::decode(&delivery.message.body).unwrap().header.id);
        delivery.ack().await.unwrap();
    }
    ids
}

#[tokio::test]
async fn a_full_disk_is_answered_429_and_every_200_is_there_in_the_end() {
    let (queue, _database, _dir) = embedded(Some(100));
    let server = Server::start(queue).await;
    let mut accepted = BTreeSet::new();
    let refused = loop {
        let number = accepted.len();
        assert!(number < 1_000, "the disk never filled up");
        let reply = server.ghl(&large(number)).await;
        if reply.status != 200 {
            assert_eq!(reply.status, 429, "{reply:?}");
            assert!(reply.head.contains("retry-after: 10"), "{reply:?}");
            assert!(!reply.body.to_lowercase().contains("sql"), "{reply:?}");
            break number;
        }
        accepted.insert(number.to_string());
    };
    assert!(!accepted.is_empty());
    assert_eq!(server.count(r#"tandem_events_rejected_total{provider="ghl",reason="queue"}"#), 1);
    let mut found = drain(&server, 10).await;
    // The provider sends the refused one again, and this time it is new.
    assert!(server.ghl(&large(refused)).await.is("accepted"));
    accepted.insert(refused.to_string());
    loop {
        let more = drain(&server, 100).await;
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    assert_eq!(found, accepted);
}

#[tokio::test]
async fn a_queue_that_is_gone_is_answered_429() {
    let (queue, database, _dir) = embedded(None);
    let server = Server::start(queue).await;
    assert!(server.ghl(&contact_update("w1")).await.is("accepted"));
    database.close().await.unwrap();
    let reply = server.ghl(&contact_update("w2")).await;
    assert_eq!(reply.status, 429, "{reply:?}");
    assert!(reply.head.contains("retry-after: 10"), "{reply:?}");
    assert!(server.ghl(&contact_update("w1")).await.is("duplicate"), "what is known to be stored needs no queue");
}
