//! Senders that wait at the same time share a commit.

use tandem_embedded::{Database, Options};
use tandem_proto::Stream;
use tandem_queue::{Queue, Settings};

use crate::backend::{event, store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_senders_need_far_fewer_commits_than_messages() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    let queue = Queue::embedded(&database, Settings::default()).unwrap();
    let before = database.commits();
    let senders: Vec<_> = (0..128).map(|sender| tokio::spawn(publish_ten(queue.clone(), sender))).collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let commits = database.commits() - before;
    assert_eq!(queue.depth(Stream::Events).await.unwrap().waiting, 1_280);
    assert!(commits < 1_280 / 4, "{commits} commits for 1,280 messages");
}

async fn publish_ten(queue: Queue, sender: usize) {
    for number in 0..10 {
        store(&queue, event(&format!("{sender}-{number}"))).await;
    }
}
