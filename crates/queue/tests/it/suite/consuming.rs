//! Publishing and pulling.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tandem_proto::{Consumer, Lane, Stream};
use tandem_queue::{Delivery, Queue};

use crate::backend::{Backend, LONG, NOW, command, drain, event, event_of, message, pull_one, store};

pub(super) async fn a_delivery_carries_what_was_published(backend: Backend) {
    let opened = backend.calm();
    let sequence = store(&opened.queue, event("ghl:1")).await;
    let delivery = pull_one(&opened.queue, Consumer::MapperLive).await;
    assert_eq!(delivery.deliveries, 1);
    assert_eq!(delivery.message.sequence, sequence);
    assert_eq!(delivery.message.subject, "event.live.acme.ghl");
    assert_eq!(delivery.message.lane, Lane::Live);
    assert_eq!(delivery.message.id.0, "ghl:1");
    assert_eq!(&delivery.message.body[..], b"body of ghl:1");
    assert!(delivery.message.stored_at_ms > 1_700_000_000_000);
    delivery.ack().await.unwrap();
}

pub(super) async fn an_empty_pull_returns_after_its_wait(backend: Backend) {
    let opened = backend.calm();
    let wait = Duration::from_millis(120);
    let start = Instant::now();
    assert!(opened.queue.pull(Consumer::MapperLive, 10, wait).await.unwrap().is_empty());
    assert!(start.elapsed() >= wait);
}

pub(super) async fn a_waiting_pull_returns_as_soon_as_a_message_comes(backend: Backend) {
    let opened = backend.calm();
    let start = Instant::now();
    for round in 0..20 {
        let queue = opened.queue.clone();
        let pull = tokio::spawn(async move { pull_one(&queue, Consumer::MapperLive).await.ack().await });
        tokio::task::yield_now().await;
        store(&opened.queue, event(&format!("ghl:{round}"))).await;
        pull.await.unwrap().unwrap();
    }
    assert!(start.elapsed() < LONG);
}

pub(super) async fn older_messages_come_first(backend: Backend) {
    let opened = backend.calm();
    let ids: Vec<String> = (0..20).map(|number| format!("ghl:{number}")).collect();
    for (number, id) in ids.iter().enumerate() {
        store(&opened.queue, event_of(&format!("c{}", number % 3), id)).await;
    }
    assert_eq!(drain(&opened.queue, Consumer::MapperLive).await, ids);
}

pub(super) async fn a_batch_is_stored_in_order(backend: Backend) {
    let opened = backend.calm();
    let batch = (0..50).map(|number| event(&format!("ghl:{number}"))).collect();
    assert_eq!(opened.queue.publish_all(batch).await.unwrap().len(), 50);
    assert!(opened.queue.publish_all(Vec::new()).await.unwrap().is_empty());
    let expected: Vec<String> = (0..50).map(|number| format!("ghl:{number}")).collect();
    assert_eq!(drain(&opened.queue, Consumer::MapperLive).await, expected);
}

pub(super) async fn consumers_see_their_own_lane_only(backend: Backend) {
    let opened = backend.calm();
    let queue = &opened.queue;
    store(queue, command("r1", "live")).await;
    store(queue, message(Stream::Commands, Lane::Bulk, "command.bulk.acme.r1", "bulk")).await;
    store(queue, event("live event")).await;
    store(queue, message(Stream::Events, Lane::Bulk, "event.bulk.acme.ghl", "bulk event")).await;
    store(queue, message(Stream::Dead, Lane::Live, "dead.mapper.acme", "dead")).await;
    assert_eq!(drain(queue, Consumer::WriterLive).await, ["live"]);
    assert_eq!(drain(queue, Consumer::WriterBulk).await, ["bulk"]);
    assert_eq!(drain(queue, Consumer::MapperLive).await, ["live event"]);
    assert_eq!(drain(queue, Consumer::MapperBulk).await, ["bulk event"]);
}

pub(super) async fn no_two_pullers_hold_the_same_message(backend: Backend) {
    let opened = backend.calm();
    let count = 300;
    let publishers: Vec<_> = (0..count)
        .map(|number| {
            let queue = opened.queue.clone();
            tokio::spawn(async move { store(&queue, event(&format!("ghl:{number}"))).await })
        })
        .collect();
    let pullers: Vec<_> = (0..8).map(|_| tokio::spawn(hold_all(opened.queue.clone()))).collect();
    for publisher in publishers {
        publisher.await.unwrap();
    }
    let mut held = Vec::new();
    for puller in pullers {
        held.extend(puller.await.unwrap());
    }
    let distinct: BTreeSet<u64> = held.iter().map(|delivery| delivery.message.sequence).collect();
    assert_eq!((held.len(), distinct.len()), (count, count));
}

/// Pulls until nothing comes any more.
async fn hold_all(queue: Queue) -> Vec<Delivery> {
    let mut held = Vec::new();
    loop {
        let deliveries = queue.pull(Consumer::MapperLive, 7, Duration::from_millis(500)).await.unwrap();
        if deliveries.is_empty() {
            return held;
        }
        held.extend(deliveries);
    }
}

pub(super) async fn a_busy_connection_does_not_hold_up_the_others(backend: Backend) {
    let opened = backend.calm();
    let busy = (0..200).map(|number| event_of("busy", &format!("busy:{number}"))).collect();
    opened.queue.publish_all(busy).await.unwrap();
    for connection in ["quiet", "another"] {
        store(&opened.queue, event_of(connection, connection)).await;
    }
    let deliveries = opened.queue.pull(Consumer::MapperLive, 10, NOW).await.unwrap();
    let ids: Vec<String> = deliveries.iter().map(|delivery| delivery.message.id.to_string()).collect();
    assert!(ids.contains(&"quiet".to_owned()) && ids.contains(&"another".to_owned()), "{ids:?}");
    assert_eq!(ids[0], "busy:0");
    // With more connections than a pull can take, each of them still has its turn.
    for number in 0..6 {
        store(&opened.queue, event_of(&format!("c{number}"), &format!("c{number}"))).await;
    }
    let mut served = BTreeSet::new();
    for _ in 0..4 {
        for delivery in opened.queue.pull(Consumer::MapperLive, 2, NOW).await.unwrap() {
            served.insert(delivery.message.subject.clone());
        }
    }
    assert_eq!(served.len(), 7, "{served:?}");
}

pub(super) async fn an_abandoned_pull_keeps_nothing(backend: Backend) {
    let opened = backend.calm();
    for round in 0..100 {
        store(&opened.queue, event(&format!("ghl:{round}"))).await;
        let pull = opened.queue.pull(Consumer::MapperLive, 10, LONG);
        // Given up before, while or after the message was leased to it; its lease would outlast the next pull.
        let deliveries = match tokio::time::timeout(Duration::from_micros(round * 5), pull).await {
            Ok(deliveries) => deliveries.unwrap(),
            Err(_) => vec![pull_one(&opened.queue, Consumer::MapperLive).await],
        };
        for delivery in deliveries {
            assert_eq!(delivery.deliveries, 1);
            delivery.ack().await.unwrap();
        }
    }
}
