//! The backends that the suite runs over, and small builders.

use std::time::Duration;

use secrecy::SecretString;
use tandem_embedded::{Database, Options};
use tandem_jetstream::JetStream;
use tandem_proto::{ConnectionId, Consumer, Lane, MessageId, Stream};
use tandem_queue::{Delivery, NewMessage, Published, Queue, Settings};
use tandem_testkit::servers::Nats;
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
    JetStream,
}

/// A queue of its own for one test.
pub(crate) struct Opened {
    pub(crate) queue: Queue,
    /// How long a message that is ready may take to come. What is published elsewhere travels.
    pub(crate) patience: Duration,
    _dir: Option<TempDir>,
    _server: Option<Nats>,
}

impl Backend {
    pub(crate) async fn open(self, settings: Settings) -> Opened {
        match self {
            Self::Memory | Self::Embedded => self.open_local(settings),
            Self::JetStream => {
                let server = Nats::start();
                let queue = at_server(&server, settings).await;
                Opened { queue, patience: Duration::from_millis(500), _dir: None, _server: Some(server) }
            }
        }
    }

    /// In memory or embedded: needs no waiting.
    pub(crate) fn open_local(self, settings: Settings) -> Opened {
        let dir = tempfile::tempdir().unwrap();
        let queue = match self {
            Self::Memory => Queue::memory(settings),
            Self::Embedded => reopen(&dir, settings),
            Self::JetStream => panic!("not local"),
        };
        Opened { queue, patience: NOW, _dir: Some(dir), _server: None }
    }

    /// A queue whose redeliveries don't disturb.
    pub(crate) async fn calm(self) -> Opened {
        self.open(Settings::default()).await
    }

    /// A queue with this `ack_wait`.
    pub(crate) async fn with_ack_wait(self, ack_wait: Duration) -> Opened {
        self.open(Settings { ack_wait, ..Settings::default() }).await
    }
}

impl Opened {
    /// The ids of what can be pulled; all of it is acked.
    pub(crate) async fn drain(&self, consumer: Consumer) -> Vec<String> {
        drain_patiently(&self.queue, consumer, self.patience).await
    }
}

/// The connections that the suite speaks of.
pub(crate) fn connections() -> Vec<ConnectionId> {
    let names = (0..8).map(|number| format!("c{number}"));
    let names = names.chain(["acme", "busy", "quiet", "another"].map(str::to_owned));
    names.map(|name| ConnectionId::new(&name).unwrap()).collect()
}

/// Where the server listens.
pub(crate) fn options(url: String) -> tandem_jetstream::Options {
    tandem_jetstream::Options::new([SecretString::from(url)])
}

/// A connection and a queue of their own, as another process would have them.
pub(crate) async fn at_server(server: &Nats, settings: Settings) -> Queue {
    let connection = JetStream::connect(&options(server.url())).await.unwrap();
    Queue::jetstream(&connection, settings, &connections()).await.unwrap()
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
    drain_patiently(queue, consumer, NOW).await
}

/// The ids of what can be pulled until nothing comes for as long as `patience`; all of it is acked.
pub(crate) async fn drain_patiently(queue: &Queue, consumer: Consumer, patience: Duration) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let deliveries = queue.pull(consumer, 1_000, patience).await.unwrap();
        if deliveries.is_empty() {
            return ids;
        }
        for delivery in deliveries {
            ids.push(delivery.message.id.to_string());
            delivery.ack().await.unwrap();
        }
    }
}
