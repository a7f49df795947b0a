//! Making streams and consumers, or saying why not.

use std::time::{Duration, Instant};

use tandem_jetstream::JetStream;
use tandem_jetstream::async_nats::jetstream::stream::Config;
use tandem_proto::{ConnectionId, Consumer};
use tandem_queue::{Error, Queue, Settings};
use tandem_testkit::servers::Nats;

use crate::backend::{at_server, event_of, options, pull_one, store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_with_other_settings_is_left_alone_and_named_with_all_that_differs() {
    let server = Nats::start();
    let connection = JetStream::connect(&options(server.url())).await.unwrap();
    let foreign = Config { name: "COMMANDS".to_owned(), subjects: vec!["command.>".to_owned()], ..Config::default() };
    connection.ensure_stream(foreign).await.unwrap();
    let error = Queue::jetstream(&connection, Settings::default(), &[]).await.unwrap_err();
    assert!(!error.class().is_retryable());
    let Error::Broker(source) = error else { panic!("{error:?}") };
    let text = source.to_string();
    for part in [
        "COMMANDS",
        "retention is Limits, not WorkQueue",
        "max_msgs_per_subject is unlimited, not 1",
        "nats stream edit",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_that_start_at_the_same_moment_do_not_disturb_each_other() {
    let server = Nats::start();
    let url = server.url();
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let options = options(url.clone());
            tokio::spawn(async move {
                let connection = JetStream::connect(&options).await.unwrap();
                Queue::jetstream(&connection, Settings::default(), &crate::backend::connections()).await.unwrap()
            })
        })
        .collect();
    for opened in opening {
        opened.await.unwrap().healthy().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_times_reach_the_consumers_that_are_there() {
    let server = Nats::start();
    drop(at_server(&server, Settings::default()).await);
    let settings = Settings { ack_wait: Duration::from_millis(500), ..Settings::default() };
    let queue = at_server(&server, settings).await;
    store(&queue, event_of("acme", "one")).await;
    let first = pull_one(&queue, Consumer::MapperLive).await;
    let again = pull_one(&queue, Consumer::MapperLive).await;
    assert_eq!((first.deliveries, again.deliveries), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: `cargo test -p tandem-queue -- --ignored --nocapture a_thousand`"]
async fn a_thousand_connections_are_opened_in_seconds() {
    let server = Nats::start();
    let connection = JetStream::connect(&options(server.url())).await.unwrap();
    let ids: Vec<ConnectionId> = (0..1_000).map(|number| ConnectionId::new(format!("c{number}")).unwrap()).collect();
    let start = Instant::now();
    drop(Queue::jetstream(&connection, Settings::default(), &ids).await.unwrap());
    let first = start.elapsed();
    let start = Instant::now();
    let queue = Queue::jetstream(&connection, Settings::default(), &ids).await.unwrap();
    let again = start.elapsed();
    let messages = ids.iter().enumerate().map(|(number, id)| event_of(id.as_str(), &number.to_string()));
    queue.publish_all(messages.collect()).await.unwrap();
    let start = Instant::now();
    let mut handled = 0;
    while handled < ids.len() {
        for delivery in queue.pull(Consumer::MapperLive, 64, Duration::from_secs(5)).await.unwrap() {
            delivery.ack().await.unwrap();
            handled += 1;
        }
    }
    println!("opened in {first:?}, again in {again:?}; one message of each handled in {:?}", start.elapsed());
    let start = Instant::now();
    queue.depth(tandem_proto::Stream::Events).await.unwrap();
    println!("depth in {:?}", start.elapsed());
    assert!(first < Duration::from_secs(30) && again < Duration::from_secs(5));
}
