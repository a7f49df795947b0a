//! What people and probes see.

use std::time::Duration;

use tandem_proto::{ConnectionId, Consumer, Lane, Stream};
use tandem_queue::{Depth, Published, Queue};

use crate::backend::{Backend, command, event, event_of, message, store};

pub(super) async fn browsing_goes_page_by_page(backend: Backend) {
    let opened = backend.calm().await;
    for number in 0..7 {
        store(&opened.queue, message(Stream::Journal, Lane::Live, "journal.acme.r1", &number.to_string())).await;
        store(&opened.queue, event(&number.to_string())).await;
    }
    let mut ids = Vec::new();
    let mut after = 0;
    loop {
        let page = opened.queue.browse(Stream::Journal, after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = last.sequence;
        ids.extend(page.into_iter().map(|stored| stored.id.0));
    }
    assert_eq!(ids, ["0", "1", "2", "3", "4", "5", "6"]);
}

pub(super) async fn the_history_is_one_records_and_ends_with_the_newest(backend: Backend) {
    let opened = backend.calm().await;
    for number in 0..6 {
        for record in ["r1", "r10", "r2"] {
            let (subject, id) = (format!("journal.acme.{record}"), format!("{record}-{number}"));
            store(&opened.queue, message(Stream::Journal, Lane::Live, &subject, &id)).await;
        }
        store(&opened.queue, message(Stream::Conflicts, Lane::Live, "conflicts.acme.r1", &number.to_string())).await;
    }
    let ids = async |subject: &str, most| {
        let found = opened.queue.history(subject, most).await.unwrap();
        found.into_iter().map(|stored| stored.id.0).collect::<Vec<_>>()
    };
    assert_eq!(ids("journal.acme.r1", 4).await, ["r1-2", "r1-3", "r1-4", "r1-5"]);
    assert_eq!(ids("journal.acme.r1", 100).await.len(), 6);
    assert!(ids("journal.acme.r", 100).await.is_empty());
}

pub(super) async fn a_message_is_found_and_removed_in_its_own_stream_only(backend: Backend) {
    let opened = backend.calm().await;
    let queue = &opened.queue;
    let sequence = store(queue, message(Stream::Dead, Lane::Live, "dead.mapper.acme", "poison")).await;
    assert_eq!(queue.find(Stream::Dead, sequence).await.unwrap().unwrap().id.0, "poison");
    assert!(queue.find(Stream::Journal, sequence).await.unwrap().is_none());
    assert!(!queue.remove(Stream::Journal, sequence).await.unwrap());
    assert!(queue.remove(Stream::Dead, sequence).await.unwrap());
    assert!(!queue.remove(Stream::Dead, sequence).await.unwrap());
    assert!(queue.find(Stream::Dead, sequence).await.unwrap().is_none());
}

pub(super) async fn trimming_removes_what_is_old(backend: Backend) {
    let opened = backend.calm().await;
    let queue = &opened.queue;
    let old: Vec<_> =
        (0..1_200).map(|number| message(Stream::Journal, Lane::Live, "journal.acme.r", &number.to_string())).collect();
    queue.publish_all(old).await.unwrap();
    store(queue, event("ghl:1")).await;
    let newest = queue.browse(Stream::Journal, 0, 1).await.unwrap()[0].stored_at_ms;
    assert_eq!(queue.trim(Stream::Journal, newest).await.unwrap(), 0);
    assert_eq!(queue.trim(Stream::Journal, newest + 60_000).await.unwrap(), 1_200);
    assert!(queue.browse(Stream::Journal, 0, 1).await.unwrap().is_empty());
    assert_eq!(queue.depth(Stream::Events).await.unwrap().waiting, 1);
}

pub(super) async fn depth_tells_waiting_from_in_flight_from_delayed(backend: Backend) {
    let opened = backend.calm().await;
    let batch = (0..6).map(|number| event(&number.to_string())).collect();
    let published = opened.queue.publish_all(batch).await.unwrap();
    assert!(published.iter().all(|one| matches!(one, Published::Stored { .. })));
    let mut held = opened.queue.pull(Consumer::MapperLive, 3, opened.patience).await.unwrap();
    while held.len() < 3 {
        held.extend(opened.queue.pull(Consumer::MapperLive, 3 - held.len(), opened.patience).await.unwrap());
    }
    held.pop().unwrap().nak(Duration::from_hours(1)).await.unwrap();
    let depth = opened.queue.depth(Stream::Events).await.unwrap();
    match backend {
        Backend::Memory | Backend::Embedded => assert_eq!(depth, Depth { waiting: 3, in_flight: 2, delayed: 1 }),
        // Weaker: what is delayed or fetched ahead is in flight.
        Backend::JetStream => {
            assert!(depth.in_flight >= 3 && depth.delayed == 0, "{depth:?}");
            assert_eq!(depth.waiting + depth.in_flight, 6);
        }
    }
}

pub(super) async fn a_working_queue_is_healthy(backend: Backend) {
    let opened = backend.calm().await;
    opened.queue.healthy().await.unwrap();
    opened.queue.healthy().await.unwrap();
}

pub(super) async fn a_backlog_is_one_connections_and_one_consumers(backend: Backend) {
    let opened = backend.calm().await;
    let queue = &opened.queue;
    for number in 0..3 {
        store(queue, event(&number.to_string())).await;
    }
    store(queue, event_of("c1", "other")).await;
    store(queue, command("r1", "command")).await;
    let wanted =
        [(Consumer::MapperLive, "acme", 3), (Consumer::MapperLive, "c1", 1), (Consumer::MapperBulk, "acme", 0)];
    for (consumer, connection, count) in wanted {
        assert_eq!(backlog(queue, consumer, connection).await, count, "{consumer:?} {connection}");
    }
    nothing_is_left_once_it_is_acked(queue).await;
}

/// What is held by a worker is not settled.
async fn nothing_is_left_once_it_is_acked(queue: &Queue) {
    assert_eq!(backlog(queue, Consumer::WriterLive, "acme").await, 1);
    let held = queue.pull(Consumer::WriterLive, 1, Duration::from_secs(20)).await.unwrap();
    assert_eq!(backlog(queue, Consumer::WriterLive, "acme").await, 1);
    for delivery in held {
        delivery.ack().await.unwrap();
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    while backlog(queue, Consumer::WriterLive, "acme").await > 0 {
        assert!(tokio::time::Instant::now() < until, "what was acked still counts");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn backlog(queue: &Queue, consumer: Consumer, connection: &str) -> u64 {
    queue.backlog(consumer, &ConnectionId::new(connection).unwrap()).await.unwrap()
}
