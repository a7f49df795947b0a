//! Publishes of messages as large as ingest's, with nothing around them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tandem_jetstream::async_nats::HeaderMap;
use tandem_jetstream::async_nats::header::NATS_MESSAGE_ID;
use tandem_jetstream::{JetStream, Options};
use tandem_proto::{Lane, MessageId, Stream, topology};
use tandem_queue::{NewMessage, Queue, Settings};
use tandem_testkit::servers::Nats;
use tandem_tests::Shape;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::server::Place;
use super::{Pace, body, pace};
use crate::system::connection;

/// How they are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By our queue: callers that wait at the same time share a write to the disk.
    Shared,
    /// One message each: a transaction in the database, a plain publish at JetStream.
    Single,
}

/// Who stores a message.
#[derive(Clone)]
enum Publisher {
    Queue(Queue),
    /// Keeps two messages from sharing a transaction.
    InTurn(Queue, Arc<Mutex<()>>),
    JetStream(JetStream),
}

impl Publisher {
    async fn publish(&self, message: NewMessage) -> anyhow::Result<()> {
        match self {
            Self::Queue(queue) => drop(queue.publish(message).await?),
            Self::InTurn(queue, turn) => {
                let _turn = turn.lock().await;
                queue.publish(message).await?;
            }
            Self::JetStream(jetstream) => {
                let mut headers = HeaderMap::new();
                headers.insert(NATS_MESSAGE_ID, message.id.0.as_str());
                let sent = jetstream.context().publish_with_headers(message.subject, headers, message.body).await?;
                sent.await?;
            }
        }
        Ok(())
    }
}

/// So many callers for so long.
pub(super) async fn measure(shape: Shape, way: Way, (callers, time): (usize, Duration)) -> anyhow::Result<Pace> {
    match shape {
        Shape::Embedded => {
            let place = Place::open()?;
            let publisher = match way {
                Way::Shared => Publisher::Queue(place.queue.clone()),
                Way::Single => Publisher::InTurn(place.queue.clone(), Arc::default()),
            };
            run(publisher, (callers, time), || Some(place.database.commits())).await
        }
        Shape::Distributed => {
            let nats = Nats::start();
            let jetstream = tandem_jetstream::connect_waiting(&Options::new([nats.url().into()])).await?;
            // Makes the same streams for both ways.
            let queue = Queue::jetstream(&jetstream, Settings::default(), &[connection(0)?]).await?;
            let publisher = match way {
                Way::Shared => Publisher::Queue(queue),
                Way::Single => Publisher::JetStream(jetstream),
            };
            run(publisher, (callers, time), || None).await
        }
    }
}

async fn run(
    publisher: Publisher,
    (callers, time): (usize, Duration),
    commits: impl Fn() -> Option<u64>,
) -> anyhow::Result<Pace> {
    let subject = topology::event_subject(Lane::Live, &connection(0)?, "ghl");
    let body = Bytes::from(vec![b'x'; body("0-0").len() + 200]);
    let (before, started) = (commits(), Instant::now());
    let mut publishing = JoinSet::new();
    for caller in 0..callers {
        let message = NewMessage {
            stream: Stream::Events,
            lane: Lane::Live,
            subject: subject.clone(),
            id: MessageId(format!("ghl:{caller}-")),
            body: body.clone(),
        };
        publishing.spawn(publish_until(publisher.clone(), message, started + time));
    }
    let mut total = 0;
    while let Some(count) = publishing.join_next().await {
        total += count??;
    }
    Ok(pace(total, started, before.zip(commits())))
}

/// Publishes the message under ever new ids.
async fn publish_until(publisher: Publisher, message: NewMessage, until: Instant) -> anyhow::Result<usize> {
    let mut count = 0;
    while Instant::now() < until {
        let id = MessageId(format!("{}{count}", message.id.0));
        publisher.publish(NewMessage { id, ..message.clone() }).await?;
        count += 1;
    }
    Ok(count)
}
