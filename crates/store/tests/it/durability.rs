//! What was answered survives, and a full disk is refused cleanly.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use tandem_embedded::{Database, Options};
use tandem_store::{Error, Expected, Store};

use crate::backend::reopen;

/// Where the child process writes; only set in the child.
const CHILD_DIR: &str = "TANDEM_TEST_CHILD_DIR";

#[tokio::test]
async fn what_was_put_is_there_after_a_restart_and_revisions_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(dir.path(), None);
    let kept = store.put("kept", "value", Expected::Absent).await.unwrap();
    let deleted = store.put("deleted", "value", Expected::Absent).await.unwrap();
    store.delete("deleted", deleted).await.unwrap();
    drop(store);
    let store = reopen(dir.path(), None);
    assert_eq!(store.get("kept").await.unwrap().unwrap().revision, kept);
    assert!(store.put("deleted", "again", Expected::Absent).await.unwrap() > deleted);
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    let store = Store::embedded(&database).unwrap();
    database.close().await.unwrap();
    assert!(matches!(store.put("a", "", Expected::Absent).await, Err(Error::Closed)));
    assert!(matches!(store.get("a").await, Err(Error::Closed)));
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_works_again_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(dir.path(), Some(60));
    let mut taken = Vec::new();
    let error = loop {
        match store.put(&format!("key{}", taken.len()), vec![7_u8; 5_000], Expected::Absent).await {
            Ok(revision) => taken.push(revision),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    assert_eq!(store.count("key").await.unwrap(), taken.len() as u64);
    store.delete("key0", taken[0]).await.unwrap();
    store.put("again", vec![7_u8; 5_000], Expected::Absent).await.unwrap();
    drop(store);
    let store = reopen(dir.path(), None);
    assert_eq!(store.count("").await.unwrap(), taken.len() as u64);
    store.put("more", vec![7_u8; 50_000], Expected::Absent).await.unwrap();
}

#[tokio::test]
async fn kill_9_loses_no_answered_put_and_no_revision() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durability::child_counts_until_killed", "--nocapture"])
        .env(CHILD_DIR, dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut answered = 0;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    while answered < 300 {
        let line = lines.next().expect("the child counts until it is killed");
        answered = line.split_once("answered ").map_or(answered, |(_, revision)| revision.parse().unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines {
        answered = line.split_once("answered ").and_then(|(_, revision)| revision.parse().ok()).unwrap_or(answered);
    }
    let entry = reopen(dir.path(), None).get("counter").await.unwrap().unwrap();
    assert!(entry.revision >= answered, "{answered} was answered, {} is there", entry.revision);
}

/// Not a test of its own: the process that the test above kills.
#[tokio::test]
async fn child_counts_until_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let store = reopen(dir.as_ref(), None);
    let mut expected = Expected::Absent;
    loop {
        let revision = store.put("counter", "value", expected).await.unwrap();
        println!("answered {revision}");
        expected = Expected::Revision(revision);
    }
}
