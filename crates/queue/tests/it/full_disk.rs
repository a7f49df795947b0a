//! A full disk is refused cleanly and forgotten as soon as there is room.

use tandem_embedded::{Database, Options};
use tandem_policy::ErrorClass;
use tandem_proto::{Consumer, Stream};
use tandem_queue::{Error, NewMessage, Queue, Settings};
use tempfile::TempDir;

use crate::backend::{NOW, event};

const PAGES: u32 = 100;

fn open(dir: &TempDir, max_pages: Option<u32>) -> Queue {
    let options = Options { dir: dir.path().to_owned(), max_pages };
    Queue::embedded(&Database::open(&options).unwrap(), Settings::default()).unwrap()
}

fn large(id: usize) -> NewMessage {
    NewMessage { body: vec![7; 3_000].into(), ..event(&id.to_string()) }
}

/// Publishes until there is no room; returns how many were taken.
async fn fill(queue: &Queue) -> usize {
    for id in 0..10_000 {
        match queue.publish(large(id)).await {
            Ok(_) => {}
            Err(error) => {
                assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
                assert_eq!(error.class(), ErrorClass::Transient);
                return id;
            }
        }
    }
    panic!("the limit was never reached");
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_works_again_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, Some(PAGES));
    queue.healthy().await.unwrap();
    let taken = fill(&queue).await;
    assert!(matches!(queue.healthy().await, Err(Error::Unavailable(_))));
    assert_eq!(queue.depth(Stream::Events).await.unwrap().waiting, taken as u64);
    // Consumers go on, and make room by it.
    for delivery in queue.pull(Consumer::MapperLive, 20, NOW).await.unwrap() {
        delivery.ack().await.unwrap();
    }
    queue.healthy().await.unwrap();
    // The refused one was not half stored: neither its text nor its id.
    let published = queue.publish(large(taken)).await.unwrap();
    assert!(matches!(published, tandem_queue::Published::Stored { .. }));
}

#[tokio::test]
async fn a_batch_that_does_not_fit_is_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, Some(PAGES));
    let batch: Vec<NewMessage> = (0..500).map(large).collect();
    assert!(matches!(queue.publish_all(batch.clone()).await, Err(Error::Unavailable(_))));
    assert_eq!(queue.depth(Stream::Events).await.unwrap().waiting, 0);
    drop(queue);
    let queue = open(&dir, None);
    assert_eq!(queue.publish_all(batch).await.unwrap().len(), 500);
    assert_eq!(queue.depth(Stream::Events).await.unwrap().waiting, 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_senders_on_a_filling_disk_exactly_the_answered_ones_are_stored() {
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, Some(PAGES));
    let senders: Vec<_> = (0..300)
        .map(|id| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.publish(large(id)).await.is_ok().then(|| id.to_string()) })
        })
        .collect();
    let mut answered = Vec::new();
    for sender in senders {
        answered.extend(sender.await.unwrap());
    }
    let stored = queue.browse(Stream::Events, 0, 1_000).await.unwrap();
    let mut stored: Vec<String> = stored.into_iter().map(|stored| stored.id.0).collect();
    answered.sort_unstable();
    stored.sort_unstable();
    assert!(!stored.is_empty() && stored.len() < 300);
    assert_eq!(stored, answered);
}
