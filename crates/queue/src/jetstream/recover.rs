//! Messages that a server kept although their consumer is past them.
//!
//! Seen with nats-server 2.15.1: killed with -9 right after acks, it comes back with the consumer's position but with some of
//! the acked messages still in the stream. Nobody is given them any more. They are published anew: whether they were
//! worked on or not, working on them again does no harm, and nothing stays behind.

use tandem_jetstream::async_nats::jetstream::consumer::Info;
use tandem_proto::{MessageId, Stream};

use super::Broker;
use crate::{Error, NewMessage};

impl Broker {
    /// Returns how many were published anew.
    pub(crate) async fn recover(&self) -> Result<u64, Error> {
        let mut count = 0;
        for stream in [Stream::Events, Stream::Commands] {
            let consumers = self.connection.consumers(stream.name()).await?;
            let known: u64 = consumers.iter().map(|one| one.num_pending + one.num_ack_pending as u64).sum();
            if self.messages(stream).await? <= known {
                continue;
            }
            for consumer in &consumers {
                count += self.recover_behind(stream, consumer).await?;
            }
        }
        Ok(count)
    }

    /// Everything up to the consumer's ack floor was acked; what is there all the same was left behind.
    async fn recover_behind(&self, stream: Stream, consumer: &Info) -> Result<u64, Error> {
        let (floor, subjects) = (consumer.ack_floor.stream_sequence, &consumer.config.filter_subject);
        let mut count = 0;
        let mut next = 1;
        while let Some(left) = self.next_of(stream, next, subjects).await?.filter(|left| left.sequence <= floor) {
            next = left.sequence + 1;
            let again = NewMessage {
                stream,
                lane: left.lane,
                subject: left.subject,
                // The same from every process that finds it.
                id: MessageId(format!("{}~{}", left.id, left.sequence)),
                body: left.body,
            };
            self.publish(vec![again]).await?;
            if !stream.keeps_last_per_subject() {
                self.remove(stream, left.sequence).await?;
            }
            count += 1;
        }
        Ok(count)
    }
}
