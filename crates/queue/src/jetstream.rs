//! The backend at NATS JetStream, shared by any number of processes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tandem_jetstream::JetStream;
use tandem_jetstream::async_nats::Subject;
use tandem_proto::{ConnectionId, Consumer, Stream};
use tokio::time::Instant;

use crate::wakeups::Wakeups;
use crate::{Error, NewMessage, Published, Settings};

mod buffer;
mod feeder;
mod look;
mod publisher;
mod reader;
mod recent;
mod recover;
mod send;
mod settle;
mod wire;
mod wiring;

pub(crate) use buffer::Fetched;
pub(crate) use reader::Interest;
pub(crate) use settle::Verdict;

use publisher::Publisher;
use reader::Reader;

#[derive(Debug)]
pub(crate) struct Broker {
    connection: JetStream,
    settings: Settings,
    wakeups: Arc<Wakeups>,
    connections: Arc<Vec<ConnectionId>>,
    publishers: Vec<(Stream, Publisher)>,
    /// Started by the first pull: a writer must not hold events.
    readers: [(Consumer, OnceLock<Reader>); Consumer::ALL.len()],
    stopped: AtomicBool,
}

impl Broker {
    pub(crate) async fn open(
        connection: &JetStream,
        settings: Settings,
        connections: &[ConnectionId],
        wakeups: Arc<Wakeups>,
    ) -> Result<Self, Error> {
        wiring::ensure(connection, settings, connections).await?;
        let publisher = |stream| (stream, Publisher::start(connection.clone(), settings));
        Ok(Self {
            connection: connection.clone(),
            settings,
            wakeups,
            connections: Arc::new(connections.to_vec()),
            publishers: Stream::ALL.into_iter().map(publisher).collect(),
            readers: Consumer::ALL.map(|consumer| (consumer, OnceLock::new())),
            stopped: AtomicBool::new(false),
        })
    }

    /// In the order of the messages within each stream; the answers are in the order given.
    pub(crate) async fn publish(&self, messages: Vec<NewMessage>) -> Result<Vec<Published>, Error> {
        let mut answers = vec![Published::Duplicate; messages.len()];
        let mut orders = Vec::new();
        for (stream, publisher) in &self.publishers {
            let of_stream = |(_, message): &(usize, &NewMessage)| message.stream == *stream;
            let (places, own): (Vec<usize>, Vec<NewMessage>) =
                messages.iter().enumerate().filter(of_stream).map(|(place, message)| (place, message.clone())).unzip();
            if !own.is_empty() {
                orders.push((places, publisher.publish(own)));
            }
        }
        // All of them are on their way; an error of one doesn't leave the others unheard.
        let mut failed = None;
        for (places, order) in orders {
            match order.await {
                Ok(published) => places.into_iter().zip(published).for_each(|(place, one)| answers[place] = one),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(answers), Err)
    }

    /// Keeps the reader awake while somebody waits for messages.
    pub(crate) fn interest(&self, consumer: Consumer) -> Option<Interest> {
        self.reader(consumer).map(Reader::interest)
    }

    /// What was fetched already; more is on its way if there is any.
    pub(crate) fn take(&self, consumer: Consumer, max: usize, but: &BTreeSet<ConnectionId>) -> Vec<Fetched> {
        self.reader(consumer).map(|reader| reader.take((max, but), Instant::now())).unwrap_or_default()
    }

    pub(crate) async fn stop_pulling(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        for (_, reader) in &self.readers {
            if let Some(reader) = reader.get() {
                reader.stop().await;
            }
        }
    }

    pub(crate) async fn settle(&self, reply: &Subject, verdict: Verdict) -> Result<(), Error> {
        settle::settle(self.connection.client(), reply, verdict).await
    }

    fn reader(&self, consumer: Consumer) -> Option<&Reader> {
        let (_, reader) = self.readers.iter().find(|(one, _)| *one == consumer)?;
        if self.stopped.load(Ordering::SeqCst) {
            return reader.get();
        }
        Some(reader.get_or_init(|| {
            let connections = Arc::clone(&self.connections);
            Reader::start(self.connection.clone(), consumer, self.settings, connections, Arc::clone(&self.wakeups))
        }))
    }
}
