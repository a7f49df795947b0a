//! What was answered survives: a restart, and kill -9.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tandem_embedded::{Database, Error, Options};
use tandem_proto::{Consumer, Stream};
use tandem_queue::{Published, Queue, Settings};

use crate::backend::{NOW, drain, event, pull_one, reopen, store};

/// Where the child process publishes; only set in the child.
const CHILD_DIR: &str = "TANDEM_TEST_CHILD_DIR";

#[tokio::test]
async fn what_was_published_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let queue = reopen(&dir, Settings::default());
    let batch = (0..100).map(|number| event(&number.to_string())).collect();
    queue.publish_all(batch).await.unwrap();
    store(&queue, event("last")).await;
    drop(queue);
    let queue = reopen(&dir, Settings::default());
    assert_eq!(drain(&queue, Consumer::MapperLive).await.len(), 101);
}

#[tokio::test]
async fn ids_are_remembered_over_a_restart_also_of_acked_messages() {
    let dir = tempfile::tempdir().unwrap();
    let queue = reopen(&dir, Settings::default());
    store(&queue, event("acked")).await;
    drain(&queue, Consumer::MapperLive).await;
    store(&queue, event("waiting")).await;
    drop(queue);
    let queue = reopen(&dir, Settings::default());
    for id in ["acked", "waiting"] {
        assert_eq!(queue.publish(event(id)).await.unwrap(), Published::Duplicate);
    }
}

#[tokio::test]
async fn after_a_restart_work_in_flight_is_ready_at_once_and_its_count_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let queue = reopen(&dir, Settings::default());
    store(&queue, event("in flight")).await;
    store(&queue, event("delayed")).await;
    let held = pull_one(&queue, Consumer::MapperLive).await;
    pull_one(&queue, Consumer::MapperLive).await.nak(Duration::from_hours(1)).await.unwrap();
    drop((held, queue));
    let queue = reopen(&dir, Settings::default());
    let ready = queue.pull(Consumer::MapperLive, 10, NOW).await.unwrap();
    let ready: Vec<_> = ready.iter().map(|delivery| (delivery.message.id.0.as_str(), delivery.deliveries)).collect();
    assert_eq!(ready, [("in flight", 2)]);
    assert_eq!(queue.depth(Stream::Events).await.unwrap().delayed, 1);
}

#[tokio::test]
async fn a_closed_queue_says_so_and_has_kept_everything() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    let queue = Queue::embedded(&database, Settings::default()).unwrap();
    store(&queue, event("one")).await;
    database.close().await.unwrap();
    assert!(matches!(queue.publish(event("two")).await, Err(tandem_queue::Error::Closed)));
    assert!(matches!(queue.depth(Stream::Events).await, Err(tandem_queue::Error::Closed)));
    // The closed handle still lives, and the directory is free.
    let queue = reopen(&dir, Settings::default());
    assert_eq!(drain(&queue, Consumer::MapperLive).await, ["one"]);
}

#[tokio::test]
async fn kill_9_loses_nothing_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut answered = Vec::new();
    for round in 0..3 {
        let mut child = spawn_child(dir.path(), round);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while answered.len() < 400 * (round + 1) {
            let line = lines.next().expect("the child publishes until it is killed").unwrap();
            answered.extend(line.split_once("answered ").map(|(_, id)| id.to_owned()));
        }
        let busy = Database::open(&Options::in_dir(dir.path())).err();
        let holder = format!("process with id {}", child.id());
        assert!(matches!(busy, Some(Error::InUse { holder: named, .. }) if named.contains(&holder)));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had answered before it died is still in the pipe.
        let rest = lines.map_while(Result::ok);
        answered.extend(rest.filter_map(|line| line.split_once("answered ").map(|(_, id)| id.to_owned())));
    }
    let queue = reopen(&dir, Settings::default());
    let stored = queue.browse(Stream::Events, 0, 1_000_000).await.unwrap();
    let stored: std::collections::BTreeSet<&str> = stored.iter().map(|stored| stored.id.0.as_str()).collect();
    let lost: Vec<&String> = answered.iter().filter(|id| !stored.contains(id.as_str())).collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), answered.len());
}

/// Not a test of its own: the process that `kill_9_loses_nothing_that_was_answered` kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_publishes_until_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let database = Database::open(&Options::in_dir(&dir)).unwrap();
    let queue = Queue::embedded(&database, Settings::default()).unwrap();
    let senders: Vec<_> = (0..8).map(|sender| tokio::spawn(publish_for_ever(queue.clone(), sender))).collect();
    for sender in senders {
        sender.await.unwrap();
    }
}

async fn publish_for_ever(queue: Queue, sender: usize) {
    for number in 0.. {
        let id = format!("{}-{sender}-{number}", std::process::id());
        store(&queue, event(&id)).await;
        println!("answered {id}");
    }
}

fn spawn_child(dir: &std::path::Path, round: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durability::child_publishes_until_killed", "--nocapture"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("starting the child of round {round}: {error}"))
}
