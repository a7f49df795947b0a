//! A message in a worker's hands.

use std::fmt;
use std::time::Duration;

use tandem_jetstream::async_nats::Subject;

use crate::{Error, Queue, Stored};

/// A message handed to this worker until it is settled or `ack_wait` has passed. Settling consumes it.
///
/// One that is dropped is handed out again after `ack_wait`, to somebody.
#[must_use = "a delivery that isn't settled comes back after ack_wait"]
pub struct Delivery {
    /// The message.
    pub message: Stored,
    /// How often it was handed out, this time included.
    pub deliveries: u32,
    queue: Queue,
    receipt: Receipt,
    settled: bool,
}

/// How a backend knows the delivery again.
#[derive(Debug, Clone)]
pub(crate) enum Receipt {
    /// By the message's place in the stream.
    Sequence(u64),
    /// By the subject that the broker gave it.
    Reply(Subject),
}

impl Delivery {
    pub(crate) fn new(queue: Queue, message: Stored, deliveries: u32, receipt: Receipt) -> Self {
        Self { message, deliveries, queue, receipt, settled: false }
    }

    /// Done: the message goes. Should the ack get lost in a crash, the message comes again.
    pub async fn ack(mut self) -> Result<(), Error> {
        self.settled = true;
        self.queue.settle(&self.receipt, None).await
    }

    /// Not done: hand it out again after the delay, to anybody.
    pub async fn nak(mut self, delay: Duration) -> Result<(), Error> {
        self.settled = true;
        self.queue.give_back(&self.receipt, delay).await
    }

    /// Never to be done: the message goes. Whoever calls this has stored the dead letter before.
    pub async fn term(mut self, reason: &str) -> Result<(), Error> {
        self.settled = true;
        tracing::debug!(message.id = %self.message.id, reason, "a message was given up");
        self.queue.settle(&self.receipt, Some(reason)).await
    }

    /// Still at it: `ack_wait` starts anew.
    pub async fn in_progress(&self) -> Result<(), Error> {
        self.queue.prolong(&self.receipt).await
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if !self.settled {
            tracing::debug!(message.id = %self.message.id, "a delivery was dropped unsettled and comes back after ack_wait");
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("sequence", &self.message.sequence)
            .field("subject", &self.message.subject)
            .field("deliveries", &self.deliveries)
            .finish_non_exhaustive()
    }
}
