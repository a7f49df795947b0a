//! The server goes and comes back: nothing that was answered is lost, nothing is stored twice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tandem_jetstream::async_nats::jetstream::stream::Info;
use tandem_jetstream::{JetStream, Options};
use tandem_proto::{ConnectionId, Consumer, Stream};
use tandem_queue::{Published, Queue, Settings};
use tandem_testkit::servers::{Nats, NatsCluster};
use tandem_testkit::{Proxy, eventually};

use crate::backend::{LONG, at_server, command, connections, event, event_of, options, pull_one, store};

/// Longer than all attempts of a publish together.
const PUBLISH_LIMIT: Duration = Duration::from_secs(8);

fn quick() -> Settings {
    Settings { ack_wait: Duration::from_secs(2), ..Settings::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_loses_nothing_that_waits_or_is_worked_on() {
    let server = Nats::start();
    let queue = at_server(&server, quick()).await;
    let ids: BTreeSet<String> = (0..60).map(|number| format!("ghl:{number}")).collect();
    let messages = ids.iter().enumerate().map(|(number, id)| event_of(&format!("c{}", number % 4), id));
    queue.publish_all(messages.collect()).await.unwrap();
    let held = pull_one(&queue, Consumer::MapperLive).await;
    let acked = pull_one(&queue, Consumer::MapperLive).await;
    let mut handled = BTreeSet::from([acked.message.id.0.clone()]);
    acked.ack().await.unwrap();
    server.kill();
    server.start_again();
    let deadline = Instant::now() + LONG;
    while handled.len() < ids.len() {
        assert!(Instant::now() < deadline, "{} of {} came", handled.len(), ids.len());
        handled.extend(handle(&queue).await);
    }
    assert_eq!(handled, ids);
    assert!(ids.contains(&held.message.id.0));
    eventually("an empty stream", LONG, async || {
        let depth = queue.depth(Stream::Events).await.ok()?;
        (depth.waiting + depth.in_flight == 0).then_some(())
    })
    .await;
}

/// Pulls once; returns what was acked.
async fn handle(queue: &Queue) -> Vec<String> {
    let mut handled = Vec::new();
    for delivery in queue.pull(Consumer::MapperLive, 10, Duration::from_secs(1)).await.unwrap() {
        let id = delivery.message.id.0.clone();
        // The connection may be made anew just now: then the message comes again.
        handled.extend(delivery.ack().await.is_ok().then_some(id));
    }
    handled
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_under_publishers_loses_nothing_answered_and_repeats_nothing() {
    let server = Nats::start();
    let queue = at_server(&server, quick()).await;
    let senders: Vec<_> = (0..8).map(|sender| tokio::spawn(publish_until_stored(queue.clone(), sender))).collect();
    for _ in 0..2 {
        let seen = queue.depth(Stream::Events).await.unwrap().waiting;
        eventually("some progress", LONG, async || {
            queue.depth(Stream::Events).await.ok().filter(|depth| depth.waiting > seen + 20)
        })
        .await;
        server.kill();
        server.start_again();
    }
    let mut answered = BTreeSet::new();
    for sender in senders {
        answered.extend(sender.await.unwrap());
    }
    let stored = queue.browse(Stream::Events, 0, 10_000).await.unwrap();
    let distinct: BTreeSet<String> = stored.iter().map(|stored| stored.id.0.clone()).collect();
    assert_eq!(stored.len(), distinct.len(), "something was stored twice");
    assert_eq!(distinct, answered);
}

/// Each message is repeated with its id until it is answered.
async fn publish_until_stored(queue: Queue, sender: usize) -> Vec<String> {
    let mut answered = Vec::new();
    for number in 0..150 {
        let id = format!("{sender}-{number}");
        while queue.publish(event(&id)).await.is_err() {}
        answered.push(id);
    }
    answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_publishing_fails_in_time_and_works_again_by_itself() {
    let server = Nats::start();
    let queue = at_server(&server, quick()).await;
    store(&queue, event("before")).await;
    server.stop();
    let start = Instant::now();
    let error = queue.publish(event("without")).await.unwrap_err();
    assert!(error.class().is_retryable(), "{error:?}");
    assert!(start.elapsed() < PUBLISH_LIMIT, "{:?}", start.elapsed());
    let start = Instant::now();
    assert!(queue.healthy().await.unwrap_err().class().is_retryable());
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert!(queue.pull(Consumer::MapperLive, 1, Duration::from_millis(100)).await.unwrap().is_empty());
    server.start_again();
    eventually("health", LONG, async || queue.healthy().await.ok()).await;
    store(&queue, event("after")).await;
    queue.publish(event("without")).await.unwrap();
    let stored = queue.browse(Stream::Events, 0, 10).await.unwrap();
    let mut ids: Vec<&str> = stored.iter().map(|stored| stored.id.0.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["after", "before", "without"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_given_up_on_and_its_late_answer_stores_nothing_twice() {
    let server = Nats::start();
    let queue = at_server(&server, quick()).await;
    server.pause();
    let start = Instant::now();
    let (one, another) = tokio::join!(queue.publish(event("one")), queue.publish(event("another")));
    assert!(one.unwrap_err().class().is_retryable() && another.unwrap_err().class().is_retryable());
    assert!(start.elapsed() < PUBLISH_LIMIT, "{:?}", start.elapsed());
    server.resume();
    for id in ["one", "another"] {
        // What was given up on may have been stored after all.
        let published = queue.publish(event(id)).await.unwrap();
        assert!(matches!(published, Published::Stored { .. } | Published::Duplicate));
    }
    assert_eq!(queue.browse(Stream::Events, 0, 10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_goes_on_without_the_leader() {
    let cluster = NatsCluster::start(3);
    let options = Options { replicas: 3, ..Options::new(cluster.urls().into_iter().map(SecretString::from)) };
    let connection = JetStream::connect(&options).await.unwrap();
    let ids = [ConnectionId::new("acme").unwrap()];
    let queue = Queue::jetstream(&connection, quick(), &ids).await.unwrap();
    let batch: Vec<_> = (0..20).map(|number| event(&number.to_string())).collect();
    queue.publish_all(batch).await.unwrap();
    pull_one(&queue, Consumer::MapperLive).await.ack().await.unwrap();
    let info: Info = connection.api("STREAM.INFO.EVENTS", &()).await.unwrap();
    let leader = info.cluster.and_then(|cluster| cluster.leader).expect("a leader");
    cluster.named(&leader).kill();
    // What is under way during the election is repeated with its id.
    let published = eventually("a publish without the leader", LONG, async || queue.publish(event("later")).await.ok());
    published.await;
    let mut handled = BTreeSet::new();
    let start = Instant::now();
    while handled.len() < 20 {
        assert!(start.elapsed() < LONG, "{} came", handled.len());
        handled.extend(handle(&queue).await);
    }
    assert!(handled.contains("later"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_partition_pulls_go_on_and_what_was_lost_on_the_way_comes_again() {
    let server = Nats::start();
    let proxy = Proxy::in_front_of(server.port());
    let near = at_server(&server, quick()).await;
    let connection = JetStream::connect(&options(format!("nats://127.0.0.1:{}", proxy.port()))).await.unwrap();
    let far = Queue::jetstream(&connection, quick(), &connections()).await.unwrap();
    let mut handled = BTreeSet::new();
    for round in 0..3 {
        let batch = (0..40).map(|number| event_of(&format!("c{}", number % 8), &format!("{round}:{number}")));
        near.publish_all(batch.collect()).await.unwrap();
        let held = pull_one(&far, Consumer::MapperLive).await;
        proxy.cut();
        drop(held);
        store(&near, event(&format!("{round}:cut off"))).await;
        proxy.restore();
        let start = Instant::now();
        while handled.len() < 41 * (round + 1) {
            assert!(start.elapsed() < LONG, "{} came", handled.len());
            handled.extend(handle(&far).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_left_behind_its_consumer_is_handed_out_again() {
    let server = Nats::start();
    let queue = at_server(&server, quick()).await;
    for round in 0..3 {
        let commands = (0..40).map(|number| command(&format!("r{round}x{number}"), &format!("c{round}x{number}")));
        queue.publish_all(commands.collect()).await.unwrap();
        let held = queue.pull(Consumer::WriterLive, 40, LONG).await.unwrap();
        assert!(!held.is_empty());
        for delivery in held {
            // What was fetched before the server went can't be acked any more; it comes again.
            drop(delivery.ack().await);
        }
        server.kill();
        server.start_again();
    }
    eventually("an empty stream", LONG, async || {
        // Whatever is found is worked off like anything else.
        queue.recover().await.ok()?;
        for delivery in queue.pull(Consumer::WriterLive, 100, Duration::from_millis(200)).await.ok()? {
            delivery.ack().await.ok()?;
        }
        (queue.depth(Stream::Commands).await.ok()?.waiting == 0).then_some(())
    })
    .await;
    assert_eq!(queue.recover().await.unwrap(), 0);
}
