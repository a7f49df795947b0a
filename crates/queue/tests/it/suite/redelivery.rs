//! Settling, and what happens without.

use std::time::{Duration, Instant};

use tandem_proto::{Consumer, Stream};
use tandem_queue::Depth;

use crate::backend::{Backend, NOW, ROUNDING, event, pull_one, store};

const SHORT: Duration = Duration::from_millis(300);

pub(super) async fn an_acked_message_does_not_come_again(backend: Backend) {
    let opened = backend.with_ack_wait(SHORT).await;
    store(&opened.queue, event("ghl:1")).await;
    pull_one(&opened.queue, Consumer::MapperLive).await.ack().await.unwrap();
    assert!(opened.queue.pull(Consumer::MapperLive, 1, 2 * SHORT).await.unwrap().is_empty());
    assert_eq!(opened.queue.depth(Stream::Events).await.unwrap(), Depth::default());
}

pub(super) async fn an_unsettled_message_comes_again_after_ack_wait(backend: Backend) {
    let opened = backend.with_ack_wait(SHORT).await;
    store(&opened.queue, event("ghl:1")).await;
    let start = Instant::now();
    for deliveries in 1..=3 {
        let delivery = pull_one(&opened.queue, Consumer::MapperLive).await;
        assert_eq!(delivery.deliveries, deliveries);
    }
    assert!(start.elapsed() + ROUNDING >= 2 * SHORT);
}

pub(super) async fn a_late_ack_still_counts(backend: Backend) {
    let opened = backend.with_ack_wait(SHORT).await;
    store(&opened.queue, event("ghl:1")).await;
    let late = pull_one(&opened.queue, Consumer::MapperLive).await;
    let second = pull_one(&opened.queue, Consumer::MapperLive).await;
    late.ack().await.unwrap();
    assert!(opened.queue.pull(Consumer::MapperLive, 1, 2 * SHORT).await.unwrap().is_empty());
    second.ack().await.unwrap();
}

pub(super) async fn work_in_progress_is_left_alone(backend: Backend) {
    let ack_wait = Duration::from_secs(1);
    let opened = backend.with_ack_wait(ack_wait).await;
    store(&opened.queue, event("ghl:1")).await;
    let delivery = pull_one(&opened.queue, Consumer::MapperLive).await;
    let start = Instant::now();
    while start.elapsed() < 2 * ack_wait {
        delivery.in_progress().await.unwrap();
        let others = opened.queue.pull(Consumer::MapperLive, 1, ack_wait / 5).await.unwrap();
        assert!(others.is_empty(), "handed out while in progress");
    }
    delivery.ack().await.unwrap();
}

pub(super) async fn a_nak_without_delay_comes_at_once(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, event("ghl:1")).await;
    pull_one(&opened.queue, Consumer::MapperLive).await.nak(NOW).await.unwrap();
    let again = opened.queue.pull(Consumer::MapperLive, 1, opened.patience).await.unwrap();
    assert_eq!(again.first().map(|delivery| delivery.deliveries), Some(2));
}

pub(super) async fn a_nak_with_a_delay_comes_after_it(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, event("ghl:1")).await;
    let delivery = pull_one(&opened.queue, Consumer::MapperLive).await;
    let start = Instant::now();
    delivery.nak(SHORT).await.unwrap();
    let again = pull_one(&opened.queue, Consumer::MapperLive).await;
    assert_eq!(again.deliveries, 2);
    assert!(start.elapsed() + ROUNDING >= SHORT);
}

pub(super) async fn a_terminated_message_does_not_come_again(backend: Backend) {
    let opened = backend.with_ack_wait(SHORT).await;
    store(&opened.queue, event("ghl:1")).await;
    pull_one(&opened.queue, Consumer::MapperLive).await.term("poison").await.unwrap();
    assert!(opened.queue.pull(Consumer::MapperLive, 1, 2 * SHORT).await.unwrap().is_empty());
}

pub(super) async fn a_message_given_back_keeps_its_place(backend: Backend) {
    let opened = backend.calm().await;
    let ids: Vec<String> = (0..60).map(|number| format!("ghl:{number}")).collect();
    opened.queue.publish_all(ids.iter().map(|id| event(id)).collect()).await.unwrap();
    pull_one(&opened.queue, Consumer::MapperLive).await.nak(NOW).await.unwrap();
    let came = opened.drain(Consumer::MapperLive).await;
    match backend {
        Backend::Memory | Backend::Embedded => assert_eq!(came, ids),
        // Weaker: what was fetched ahead goes first; what waits at the server doesn't.
        Backend::JetStream => {
            let place = came.iter().position(|id| *id == ids[0]).unwrap();
            assert!(place < 48, "{came:?}");
            assert!(came.iter().filter(|id| **id != ids[0]).eq(&ids[1..]), "{came:?}");
        }
    }
}
