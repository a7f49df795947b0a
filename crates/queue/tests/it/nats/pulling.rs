//! Several processes, and consumers that go away.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use tandem_jetstream::JetStream;
use tandem_jetstream::async_nats::jetstream::consumer::Info;
use tandem_proto::Consumer;
use tandem_queue::{Delivery, Queue, Settings};
use tandem_testkit::eventually;
use tandem_testkit::servers::Nats;

use crate::backend::{LONG, at_server, drain_patiently, event, event_of, options, pull_one, store};

const PATIENCE: Duration = Duration::from_millis(700);

/// What an operator's command would ask for.
async fn operator(server: &Nats, subject: &str) {
    let connection = JetStream::connect(&options(server.url())).await.unwrap();
    let _: IgnoredAny = connection.api(subject, &()).await.unwrap();
}

async fn consumer(server: &Nats, stream: &str, name: &str) -> Info {
    let connection = JetStream::connect(&options(server.url())).await.unwrap();
    connection.api(&format!("CONSUMER.INFO.{stream}.{name}"), &()).await.unwrap()
}

async fn finds_nothing(queue: &Queue, consumer: Consumer) -> bool {
    queue.pull(consumer, 9, Duration::from_millis(50)).await.unwrap().is_empty()
}

async fn publish(queue: &Queue, count: usize) {
    let events = (0..count).map(|number| event_of(&format!("c{}", number % 8), &number.to_string()));
    queue.publish_all(events.collect()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_the_work_and_no_two_hold_the_same_message() {
    let server = Nats::start();
    let queues = [at_server(&server, Settings::default()).await, at_server(&server, Settings::default()).await];
    let pullers: Vec<_> = (0..4).map(|number| tokio::spawn(hold_all(queues[number % 2].clone()))).collect();
    publish(&queues[0], 400).await;
    let mut held = Vec::new();
    let mut shares = Vec::new();
    for puller in pullers {
        let of_one = puller.await.unwrap();
        shares.push(of_one.len());
        held.extend(of_one);
    }
    let distinct: BTreeSet<u64> = held.iter().map(|delivery| delivery.message.sequence).collect();
    assert_eq!((held.len(), distinct.len()), (400, 400));
    assert!(shares[0] + shares[2] > 0 && shares[1] + shares[3] > 0, "{shares:?}");
    assert!(held.iter().all(|delivery| delivery.deliveries == 1));
}

async fn hold_all(queue: Queue) -> Vec<Delivery> {
    let mut held = Vec::new();
    loop {
        let deliveries = queue.pull(Consumer::MapperLive, 5, Duration::from_secs(2)).await.unwrap();
        if deliveries.is_empty() {
            return held;
        }
        held.extend(deliveries);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pulls_recover_when_a_consumer_is_removed() {
    let server = Nats::start();
    let queue = at_server(&server, Settings::default()).await;
    store(&queue, event("before")).await;
    pull_one(&queue, Consumer::MapperLive).await.ack().await.unwrap();
    operator(&server, "CONSUMER.DELETE.EVENTS.mapper-live-acme").await;
    store(&queue, event("after")).await;
    let delivery = pull_one(&queue, Consumer::MapperLive).await;
    assert_eq!(delivery.message.id.0, "after");
    delivery.ack().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ack_that_reaches_nobody_is_an_error_and_the_message_comes_again() {
    let server = Nats::start();
    let queue = at_server(&server, Settings::default()).await;
    store(&queue, event("one")).await;
    let delivery = pull_one(&queue, Consumer::MapperLive).await;
    // Else the consumer is made anew before the ack comes: that one is answered, and the message comes again all the same.
    queue.stop_pulling().await;
    operator(&server, "CONSUMER.DELETE.EVENTS.mapper-live-acme").await;
    let error = delivery.ack().await.unwrap_err();
    assert!(error.class().is_retryable(), "{error:?}");
    let again = pull_one(&at_server(&server, Settings::default()).await, Consumer::MapperLive).await;
    assert_eq!(again.message.id.0, "one");
    again.ack().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_fetched_ahead_is_others_at_once_when_a_process_stops_pulling_or_ends() {
    let server = Nats::start();
    for ends in [false, true] {
        let other = at_server(&server, Settings::default()).await;
        let queue = at_server(&server, Settings::default()).await;
        let ids: Vec<_> = (0..12).map(|number| event(&format!("{ends}:{number}"))).collect();
        queue.publish_all(ids).await.unwrap();
        let held = pull_one(&queue, Consumer::MapperLive).await;
        let start = Instant::now();
        if ends {
            // Its deliveries are a part of it.
            held.nak(Duration::ZERO).await.unwrap();
            drop(queue);
        } else {
            queue.stop_pulling().await;
            // Also of what it has never pulled.
            let (live, bulk) = (Consumer::MapperLive, Consumer::MapperBulk);
            assert!(finds_nothing(&queue, live).await && finds_nothing(&queue, bulk).await);
            held.ack().await.unwrap();
            store(&queue, event("still publishing")).await;
        }
        let came = drain_patiently(&other, Consumer::MapperLive, PATIENCE).await;
        assert_eq!(came.len(), 12, "{came:?}");
        assert!(start.elapsed() < Settings::default().ack_wait / 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_pulls_no_more_keeps_nothing() {
    let server = Nats::start();
    let settings = Settings { ack_wait: Duration::from_secs(4), ..Settings::default() };
    let other = at_server(&server, settings).await;
    let queue = at_server(&server, settings).await;
    publish(&queue, 40).await;
    let held = pull_one(&queue, Consumer::MapperLive).await;
    let mut came = BTreeSet::new();
    let start = Instant::now();
    while came.len() < 39 {
        assert!(start.elapsed() < LONG, "{} came", came.len());
        held.in_progress().await.unwrap();
        for delivery in other.pull(Consumer::MapperLive, 50, PATIENCE).await.unwrap() {
            came.insert(delivery.message.id.0.clone());
            delivery.ack().await.unwrap();
        }
    }
    held.ack().await.unwrap();
    // And it starts again where it is asked to.
    store(&queue, event("later")).await;
    pull_one(&queue, Consumer::MapperLive).await.ack().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_pulled_is_fetched() {
    let server = Nats::start();
    let queue = at_server(&server, Settings::default()).await;
    publish(&queue, 20).await;
    assert!(queue.pull(Consumer::WriterLive, 1, PATIENCE).await.unwrap().is_empty());
    let events = consumer(&server, "EVENTS", "mapper-live-c0").await;
    assert_eq!((events.num_waiting, events.num_ack_pending, events.num_pending), (0, 0, 3));
    assert_eq!(consumer(&server, "COMMANDS", "writer-live-c0").await.num_waiting, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_connection_that_no_process_knows_wait_for_one_that_does() {
    let server = Nats::start();
    let queue = at_server(&server, Settings::default()).await;
    store(&queue, event_of("unheard-of", "one")).await;
    assert!(queue.pull(Consumer::MapperLive, 1, PATIENCE).await.unwrap().is_empty());
    let connection = JetStream::connect(&options(server.url())).await.unwrap();
    let known = [tandem_proto::ConnectionId::new("unheard-of").unwrap()];
    let later = Queue::jetstream(&connection, Settings::default(), &known).await.unwrap();
    pull_one(&later, Consumer::MapperLive).await.ack().await.unwrap();
    eventually("the end of it", LONG, async || {
        let depth = later.depth(tandem_proto::Stream::Events).await.ok()?;
        (depth.waiting + depth.in_flight == 0).then_some(())
    })
    .await;
}
