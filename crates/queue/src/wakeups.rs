//! Waking pullers when something became ready: nobody polls.

use tandem_proto::Consumer;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// One bell per consumer.
#[derive(Debug, Default)]
pub(crate) struct Wakeups {
    mapper_live: Notify,
    mapper_bulk: Notify,
    writer_live: Notify,
    writer_bulk: Notify,
}

impl Wakeups {
    /// Wakes every puller of the consumer that waits now.
    pub(crate) fn ring(&self, consumer: Consumer) {
        self.bell(consumer).notify_waiters();
    }

    /// Completes at the next ring. Enable it before looking for messages, or a ring in between is missed.
    pub(crate) fn next(&self, consumer: Consumer) -> Notified<'_> {
        self.bell(consumer).notified()
    }

    fn bell(&self, consumer: Consumer) -> &Notify {
        match consumer {
            Consumer::MapperLive => &self.mapper_live,
            Consumer::MapperBulk => &self.mapper_bulk,
            Consumer::WriterLive => &self.writer_live,
            Consumer::WriterBulk => &self.writer_bulk,
        }
    }
}
