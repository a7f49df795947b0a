//! Publishing and pulling.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tandem_proto::{ConnectionId, Consumer, Lane, Stream};
use tandem_queue::{Delivery, Queue};

use crate::backend::{Backend, LONG, Opened, command, event, event_of, message, pull_one, store};

pub(super) async fn a_delivery_carries_what_was_published(backend: Backend) {
    let opened = backend.calm().await;
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
    let opened = backend.calm().await;
    let wait = Duration::from_millis(120);
    let start = Instant::now();
    assert!(opened.queue.pull(Consumer::MapperLive, 10, wait).await.unwrap().is_empty());
    assert!(start.elapsed() >= wait);
}

pub(super) async fn a_waiting_pull_returns_as_soon_as_a_message_comes(backend: Backend) {
    let opened = backend.calm().await;
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

pub(super) async fn messages_of_connections_that_are_left_out_stay(backend: Backend) {
    let opened = backend.calm().await;
    for number in 0..6 {
        store(&opened.queue, event_of(&format!("c{}", number % 3), &format!("ghl:{number}"))).await;
    }
    let but: BTreeSet<ConnectionId> = ["c0", "c2"].map(|id| ConnectionId::new(id).unwrap()).into();
    let mut came = BTreeSet::new();
    // One and then many at once: few are picked in turn, many all together.
    for max in [1, 10] {
        for delivery in opened.queue.pull_but(Consumer::MapperLive, (max, LONG), &but).await.unwrap() {
            came.insert(delivery.message.id.0.clone());
            delivery.ack().await.unwrap();
        }
    }
    assert_eq!(came, BTreeSet::from(["ghl:1", "ghl:4"].map(str::to_owned)));
    let nothing = opened.queue.pull_but(Consumer::MapperLive, (10, Duration::from_millis(50)), &but).await.unwrap();
    assert!(nothing.is_empty(), "{nothing:?}");
    assert_eq!(opened.drain(Consumer::MapperLive).await.len(), 4);
}

pub(super) async fn older_messages_come_first(backend: Backend) {
    let opened = backend.calm().await;
    let ids: Vec<String> = (0..20).map(|number| format!("ghl:{number}")).collect();
    for (number, id) in ids.iter().enumerate() {
        store(&opened.queue, event_of(&format!("c{}", number % 3), id)).await;
    }
    let came = opened.drain(Consumer::MapperLive).await;
    match backend {
        Backend::Memory | Backend::Embedded => assert_eq!(came, ids),
        // Weaker: each connection's messages travel by themselves.
        Backend::JetStream => {
            assert_eq!(came.iter().collect::<BTreeSet<_>>(), ids.iter().collect::<BTreeSet<_>>());
            for connection in 0..3 {
                let of_connection = |id: &&String| id[4..].parse::<usize>().unwrap() % 3 == connection;
                assert!(came.iter().filter(of_connection).eq(ids.iter().filter(of_connection)), "{came:?}");
            }
        }
    }
}

pub(super) async fn a_batch_is_stored_in_order(backend: Backend) {
    let opened = backend.calm().await;
    let batch = (0..50).map(|number| event(&format!("ghl:{number}"))).collect();
    assert_eq!(opened.queue.publish_all(batch).await.unwrap().len(), 50);
    assert!(opened.queue.publish_all(Vec::new()).await.unwrap().is_empty());
    let expected: Vec<String> = (0..50).map(|number| format!("ghl:{number}")).collect();
    assert_eq!(opened.drain(Consumer::MapperLive).await, expected);
}

pub(super) async fn consumers_see_their_own_lane_only(backend: Backend) {
    let opened = backend.calm().await;
    let queue = &opened.queue;
    store(queue, command("r1", "live")).await;
    store(queue, message(Stream::Commands, Lane::Bulk, "command.bulk.acme.r1", "bulk")).await;
    store(queue, event("live event")).await;
    store(queue, message(Stream::Events, Lane::Bulk, "event.bulk.acme.ghl", "bulk event")).await;
    store(queue, message(Stream::Dead, Lane::Live, "dead.mapper.acme", "dead")).await;
    assert_eq!(opened.drain(Consumer::WriterLive).await, ["live"]);
    assert_eq!(opened.drain(Consumer::WriterBulk).await, ["bulk"]);
    assert_eq!(opened.drain(Consumer::MapperLive).await, ["live event"]);
    assert_eq!(opened.drain(Consumer::MapperBulk).await, ["bulk event"]);
}

pub(super) async fn no_two_pullers_hold_the_same_message(backend: Backend) {
    let opened = backend.calm().await;
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
    let opened = backend.calm().await;
    let busy = (0..200).map(|number| event_of("busy", &format!("busy:{number}"))).collect();
    opened.queue.publish_all(busy).await.unwrap();
    for connection in ["quiet", "another"] {
        store(&opened.queue, event_of(connection, connection)).await;
    }
    let ids = pull_until(&opened, (10, 60), |ids| ids.contains("quiet") && ids.contains("another")).await;
    let first = ids.iter().find(|id| id.starts_with("busy"));
    assert!(first.is_none_or(|first| first == "busy:0"), "{ids:?}");
    // With more connections than a pull can take, each of them still has its turn.
    for number in 0..6 {
        store(&opened.queue, event_of(&format!("c{number}"), &format!("c{number}"))).await;
    }
    let others = |ids: &BTreeSet<String>| ids.iter().filter(|id| id.starts_with('c')).count();
    pull_until(&opened, (2, 40), |ids| others(ids) == 6).await;
}

/// Pulls `at_once` until the ids pulled will do. Where nothing travels the first eight at the latest must, elsewhere the first
/// `most`; either is far less than what the busy connection has waiting.
async fn pull_until(
    opened: &Opened,
    (at_once, most): (usize, usize),
    will_do: impl Fn(&BTreeSet<String>) -> bool,
) -> Vec<String> {
    let most = if opened.patience.is_zero() { at_once.max(8) } else { most };
    let mut pulled = Vec::new();
    while !will_do(&pulled.iter().cloned().collect()) {
        assert!(pulled.len() < most, "not among the first {most}: {pulled:?}");
        let deliveries = opened.queue.pull(Consumer::MapperLive, at_once, opened.patience).await.unwrap();
        pulled.extend(deliveries.iter().map(|delivery| delivery.message.id.to_string()));
    }
    pulled
}

pub(super) async fn an_abandoned_pull_keeps_nothing(backend: Backend) {
    let opened = backend.calm().await;
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
