//! Streams that keep the last message per subject.

use std::time::Duration;

use tandem_proto::{Consumer, Lane, Stream};

use crate::backend::{Backend, NOW, command, event, message, pull_one, store};

const HOUR: Duration = Duration::from_hours(1);

pub(super) async fn a_newer_command_replaces_the_waiting_one(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, command("r1", "first")).await;
    store(&opened.queue, command("r2", "other")).await;
    store(&opened.queue, command("r1", "second")).await;
    assert_eq!(opened.queue.depth(Stream::Commands).await.unwrap().waiting, 2);
    assert_eq!(opened.drain(Consumer::WriterLive).await, ["other", "second"]);
}

pub(super) async fn a_newer_command_replaces_one_in_flight(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, command("r1", "first")).await;
    let first = pull_one(&opened.queue, Consumer::WriterLive).await;
    store(&opened.queue, command("r1", "second")).await;
    let second = pull_one(&opened.queue, Consumer::WriterLive).await;
    assert_eq!((second.message.id.0.as_str(), second.deliveries), ("second", 1));
    first.ack().await.unwrap();
    assert_eq!(opened.queue.depth(Stream::Commands).await.unwrap().in_flight, 1);
    second.nak(NOW).await.unwrap();
    assert_eq!(opened.drain(Consumer::WriterLive).await, ["second"]);
}

pub(super) async fn giving_back_a_replaced_command_changes_nothing(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, command("r1", "first")).await;
    let first = pull_one(&opened.queue, Consumer::WriterLive).await;
    store(&opened.queue, command("r1", "second")).await;
    first.in_progress().await.unwrap();
    first.nak(HOUR).await.unwrap();
    assert_eq!(opened.drain(Consumer::WriterLive).await, ["second"]);
    assert!(opened.drain(Consumer::WriterLive).await.is_empty());
}

pub(super) async fn a_newer_command_replaces_a_delayed_one_and_is_ready_at_once(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, command("r1", "first")).await;
    pull_one(&opened.queue, Consumer::WriterLive).await.nak(HOUR).await.unwrap();
    let queue = opened.queue.clone();
    let pull = tokio::spawn(async move { pull_one(&queue, Consumer::WriterLive).await });
    store(&opened.queue, command("r1", "second")).await;
    let second = pull.await.unwrap();
    assert_eq!(second.message.id.0, "second");
    second.ack().await.unwrap();
    assert_eq!(opened.queue.depth(Stream::Commands).await.unwrap().delayed, 0);
}

pub(super) async fn records_and_lanes_are_apart(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, command("r1", "live")).await;
    store(&opened.queue, message(Stream::Commands, Lane::Bulk, "command.bulk.acme.r1", "bulk")).await;
    store(&opened.queue, message(Stream::Parked, Lane::Live, "parked.acme.r1", "parked")).await;
    assert_eq!(opened.queue.depth(Stream::Commands).await.unwrap().waiting, 2);
    assert_eq!(opened.queue.depth(Stream::Parked).await.unwrap().waiting, 1);
}

pub(super) async fn events_are_all_kept(backend: Backend) {
    let opened = backend.calm().await;
    store(&opened.queue, event("ghl:1")).await;
    store(&opened.queue, event("ghl:2")).await;
    assert_eq!(opened.drain(Consumer::MapperLive).await, ["ghl:1", "ghl:2"]);
}
