//! Streams and consumers as the server has them.

use tandem_jetstream::JetStream;
use tandem_jetstream::async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use tandem_jetstream::async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use tandem_proto::{ConnectionId, Consumer, Stream};

use crate::{Error, Settings};

/// Holds the one message that [`super::Broker::healthy`] writes.
pub(super) const HEALTH_STREAM: &str = "HEALTH";
pub(super) const HEALTH_SUBJECT: &str = "health.write";

/// Without a number of its own a stream takes 1,000, which four connections' worth of lanes may pass.
const MAX_CONSUMERS: i32 = 100_000;
/// Delayed messages count too, and a connection that is paused may have many.
const MAX_ACK_PENDING: i64 = 100_000;
/// One for each process that pulls.
const MAX_WAITING: i64 = 512;

/// Makes what isn't there. Any number of services may do so at once.
pub(super) async fn ensure(
    connection: &JetStream,
    settings: Settings,
    connections: &[ConnectionId],
) -> Result<(), Error> {
    for stream in Stream::ALL {
        connection.ensure_stream(stream_config(stream, settings, connection.replicas())).await?;
    }
    connection.ensure_stream(health_config(connection.replicas())).await?;
    for stream in [Stream::Events, Stream::Commands] {
        let readers = Consumer::ALL.into_iter().filter(|consumer| consumer.stream() == stream);
        let configs = readers.flat_map(|consumer| connections.iter().map(move |id| (consumer, id)));
        let configs = configs.map(|(consumer, id)| consumer_config(consumer, id, settings)).collect();
        connection.ensure_consumers(stream.name(), configs).await?;
    }
    Ok(())
}

fn stream_config(stream: Stream, settings: Settings, replicas: usize) -> Config {
    let subjects = match stream {
        Stream::Events => "event.>",
        Stream::Commands => "command.>",
        Stream::Parked => "parked.>",
        Stream::Dead => "dead.>",
        Stream::Conflicts => "conflicts.>",
        Stream::Journal => "journal.>",
    };
    let has_reader = matches!(stream, Stream::Events | Stream::Commands);
    Config {
        name: stream.name().to_owned(),
        subjects: vec![subjects.to_owned()],
        // Acked is gone; the others are kept until housekeeping trims them.
        retention: if has_reader { RetentionPolicy::WorkQueue } else { RetentionPolicy::Limits },
        // Full means that a publish fails, and never that something old goes. A subject's newer message replaces the older one,
        // which is a discarding of old.
        discard: if stream.keeps_last_per_subject() { DiscardPolicy::Old } else { DiscardPolicy::New },
        max_messages_per_subject: if stream.keeps_last_per_subject() { 1 } else { -1 },
        max_consumers: if has_reader { MAX_CONSUMERS } else { -1 },
        duplicate_window: settings.dedup_window,
        allow_atomic_publish: true,
        ..unlimited(replicas)
    }
}

fn health_config(replicas: usize) -> Config {
    Config {
        name: HEALTH_STREAM.to_owned(),
        subjects: vec!["health.>".to_owned()],
        max_messages_per_subject: 1,
        ..unlimited(replicas)
    }
}

fn unlimited(replicas: usize) -> Config {
    Config {
        storage: StorageType::File,
        num_replicas: replicas,
        max_bytes: -1,
        max_messages: -1,
        // Reads go to the leader, which has seen every write.
        allow_direct: false,
        ..Config::default()
    }
}

pub(super) fn consumer_name(consumer: Consumer, connection: &ConnectionId) -> String {
    format!("{}-{connection}", consumer.name())
}

pub(super) fn consumer_config(consumer: Consumer, connection: &ConnectionId, settings: Settings) -> pull::Config {
    let name = consumer_name(consumer, connection);
    pull::Config {
        name: Some(name.clone()),
        durable_name: Some(name),
        filter_subject: consumer.subjects_of(connection),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: settings.ack_wait,
        // Giving up is decided by us: the broker would keep the message for ever and hand it to nobody.
        max_deliver: -1,
        max_ack_pending: MAX_ACK_PENDING,
        max_waiting: MAX_WAITING,
        ..pull::Config::default()
    }
}
