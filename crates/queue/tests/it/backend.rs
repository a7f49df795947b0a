//! The backends that the suite runs over, and small builders.

use std::time::Duration;

use tandem_embedded::{Database, Options};
use tandem_proto::{Consumer, Lane, MessageId, Stream};
use tandem_queue::{Delivery, NewMessage, Published, Queue, Settings};
use tempfile::TempDir;

/// Longer than anything should take; a test that waits this long has failed.
pub(crate) const LONG: Duration = Duration::from_secs(20);
/// Waits are counted in whole milliseconds; this much may be missing.
pub(crate) const ROUNDING: Duration = Duration::from_millis(3);
/// No waiting.
pub(crate) const NOW: Duration = Duration::ZERO;

/// One line per backend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Backend {
    Memory,
    Embedded,
}

/// A queue of its own for one test.
pub(crate) struct Opened {
    pub(crate) queue: Queue,
    _dir: Option<TempDir>,
}

impl Backend {
    pub(crate) fn open(self, settings: Settings) -> Opened {
        match self {
            Self::Memory => Opened { queue: Queue::memory(settings), _dir: None },
            Self::Embedded => {
                let dir = tempfile::tempdir().unwrap();
                Opened { queue: reopen(&dir, settings), _dir: Some(dir) }
            }
        }
    }

    /// A queue whose redeliveries don't disturb.
    pub(crate) fn calm(self) -> Opened {
        self.open(Settings::default())
    }

    /// A queue with this `ack_wait`.
    pub(crate) fn with_ack_wait(self, ack_wait: Duration) -> Opened {
        self.open(Settings { ack_wait, ..Settings::default() })
    }
}

/// The embedded queue in a directory that may hold one already.
pub(crate) fn reopen(dir: &TempDir, settings: Settings) -> Queue {
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    Queue::embedded(&database, settings).unwrap()
}

/// An event of connection `acme`.
pub(crate) fn event(id: &str) -> NewMessage {
    event_of("acme", id)
}

/// An event of any connection.
pub(crate) fn event_of(connection: &str, id: &str) -> NewMessage {
    message(Stream::Events, Lane::Live, &format!("event.live.{connection}.ghl"), id)
}

/// A live command for a record of `acme`.
pub(crate) fn command(record: &str, id: &str) -> NewMessage {
    message(Stream::Commands, Lane::Live, &format!("command.live.acme.{record}"), id)
}

/// Any message; its body is made from the id.
pub(crate) fn message(stream: Stream, lane: Lane, subject: &str, id: &str) -> NewMessage {
    NewMessage {
        stream,
        lane,
        subject: subject.to_owned(),
        id: MessageId(id.to_owned()),
        body: format!("body of {id}").into(),
    }
}

/// Publishes what must be new; returns its sequence.
pub(crate) async fn store(queue: &Queue, message: NewMessage) -> u64 {
    match queue.publish(message).await.unwrap() {
        Published::Stored { sequence } => sequence,
        Published::Duplicate => panic!("taken for a duplicate"),
    }
}

/// Pulls the one message that must be there, or come.
pub(crate) async fn pull_one(queue: &Queue, consumer: Consumer) -> Delivery {
    let mut deliveries = queue.pull(consumer, 1, LONG).await.unwrap();
    deliveries.pop().expect("a message within the limit")
}

/// The ids of what can be pulled now; all of it is acked.
pub(crate) async fn drain(queue: &Queue, consumer: Consumer) -> Vec<String> {
    let mut ids = Vec::new();
    for delivery in queue.pull(consumer, 1_000, NOW).await.unwrap() {
        ids.push(delivery.message.id.to_string());
        delivery.ack().await.unwrap();
    }
    ids
}
