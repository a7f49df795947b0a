//! Batches with bad members, and a full store.

use tandem_proto::{Consumer, Stream};
use tandem_queue::{NewMessage, Published, Queue, Settings};
use tandem_testkit::eventually;
use tandem_testkit::servers::Nats;

use crate::backend::{LONG, at_server, event, pull_one, store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_another_process_stored_spoil_no_batch() {
    let server = Nats::start();
    let other = at_server(&server, Settings::default()).await;
    let queue = at_server(&server, Settings::default()).await;
    let old: Vec<NewMessage> = (0..100).step_by(7).map(|number| event(&number.to_string())).collect();
    other.publish_all(old.clone()).await.unwrap();
    for expected_new in [100 - old.len(), 0] {
        let published = publish_at_once(&queue, (0..100).map(|number| event(&number.to_string())).collect()).await;
        let published: Vec<Published> = published.into_iter().map(Result::unwrap).collect();
        let new = published.iter().filter(|one| **one != Published::Duplicate).count();
        assert_eq!(new, expected_new);
    }
    assert_eq!(queue.browse(Stream::Events, 0, 1_000).await.unwrap().len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sequences_answered_are_those_of_the_messages() {
    let server = Nats::start();
    let queue = at_server(&server, Settings::default()).await;
    let messages: Vec<NewMessage> = (0..300).map(|number| event(&number.to_string())).collect();
    let published = publish_at_once(&queue, messages).await;
    for (number, published) in published.into_iter().enumerate() {
        let Published::Stored { sequence } = published.unwrap() else { panic!("taken for a duplicate") };
        assert_eq!(queue.find(Stream::Events, sequence).await.unwrap().unwrap().id.0, number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_large_fails_alone_and_for_good() {
    let server = Nats::start();
    let queue = at_server(&server, Settings::default()).await;
    let mut messages: Vec<NewMessage> = (0..40).map(|number| event(&number.to_string())).collect();
    messages[20].body = vec![7; 2 * 1024 * 1024].into();
    let published = publish_at_once(&queue, messages).await;
    for (number, published) in published.into_iter().enumerate() {
        match published {
            Ok(_) => assert_ne!(number, 20),
            Err(error) => {
                assert_eq!(number, 20);
                assert!(!error.class().is_retryable(), "{error:?}");
            }
        }
    }
    assert_eq!(queue.browse(Stream::Events, 0, 1_000).await.unwrap().len(), 39);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_store_refuses_and_takes_again_once_there_is_room() {
    let server = Nats::builder().max_file_store(1024 * 1024).start();
    let queue = at_server(&server, Settings::default()).await;
    queue.healthy().await.unwrap();
    let large = |number: usize| NewMessage { body: vec![7; 30_000].into(), ..event(&number.to_string()) };
    let mut taken = 0;
    let error = loop {
        assert!(taken < 100, "the limit was never reached");
        match queue.publish(large(taken)).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(error.class().is_retryable(), "{error:?}");
    // Many at once are refused as well, and nothing old went to make room.
    let refused = publish_at_once(&queue, (200..210).map(large).collect()).await;
    assert!(refused.into_iter().all(|one| one.is_err_and(|error| error.class().is_retryable())));
    let held = queue.browse(Stream::Events, 0, 1_000).await.unwrap();
    assert_eq!((held.len(), held[0].id.0.as_str()), (taken, "0"));
    // Consumers go on, and make room by it.
    for _ in 0..5 {
        pull_one(&queue, Consumer::MapperLive).await.ack().await.unwrap();
    }
    eventually("room", LONG, async || queue.publish(large(taken)).await.ok()).await;
    queue.healthy().await.unwrap();
}

async fn publish_at_once(queue: &Queue, messages: Vec<NewMessage>) -> Vec<Result<Published, tandem_queue::Error>> {
    let tasks: Vec<_> = messages
        .into_iter()
        .map(|message| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.publish(message).await })
        })
        .collect();
    let mut published = Vec::new();
    for task in tasks {
        published.push(task.await.unwrap());
    }
    published
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publish_that_nobody_waits_for_any_more_stands() {
    let server = Nats::start();
    let queue = at_server(&server, Settings::default()).await;
    let publish = queue.publish(event("given up"));
    drop(tokio::time::timeout(std::time::Duration::ZERO, publish).await);
    store(&queue, event("next")).await;
    assert_eq!(queue.browse(Stream::Events, 0, 10).await.unwrap().len(), 2);
}
