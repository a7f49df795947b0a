//! What goes in and what comes out.

use std::time::Duration;

use bytes::Bytes;
use tandem_proto::{ConnectionId, Consumer, Lane, MessageId, Stream, topology};

/// Times the queue goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// An unsettled delivery is handed out again after this.
    pub ack_wait: Duration,
    /// A message id is remembered this long.
    pub dedup_window: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { ack_wait: Duration::from_mins(1), dedup_window: Duration::from_mins(10) }
    }
}

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Where it goes.
    pub stream: Stream,
    /// How urgent it is.
    pub lane: Lane,
    /// Its address in the stream; the third token is the connection.
    pub subject: String,
    /// What duplicates are recognised by.
    pub id: MessageId,
    /// The encoded envelope.
    pub body: Bytes,
}

impl NewMessage {
    /// The consumer that will be given the message; none in the streams that only people read.
    pub(crate) fn consumer(&self) -> Option<Consumer> {
        Consumer::of(self.stream, self.lane)
    }

    /// The connection that fairness goes by.
    pub(crate) fn connection(&self) -> &str {
        topology::connection_in(&self.subject)
    }
}

/// What became of a publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It is in the stream, durably.
    Stored {
        /// Its place; later messages of the stream have higher ones.
        sequence: u64,
    },
    /// Its id was seen within the window: nothing was stored now.
    Duplicate,
}

/// A message in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the stream.
    pub sequence: u64,
    /// Its address in the stream.
    pub subject: String,
    /// How urgent it is.
    pub lane: Lane,
    /// What duplicates are recognised by.
    pub id: MessageId,
    /// The encoded envelope.
    pub body: Bytes,
    /// When it was published, Unix milliseconds.
    pub stored_at_ms: i64,
}

impl Stored {
    /// The connection of an event or a command.
    pub fn connection(&self) -> Option<ConnectionId> {
        ConnectionId::new(topology::connection_in(&self.subject)).ok()
    }
}

/// How much is in a stream. Streams without a consumer count everything as waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Ready to be pulled.
    pub waiting: u64,
    /// Pulled and not settled.
    pub in_flight: u64,
    /// Given back with a delay that still runs.
    pub delayed: u64,
}
