//! What people and probes see. Every read is answered by the stream's leader.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tandem_jetstream::Error as BrokerError;
use tandem_jetstream::async_nats::Request;
use tandem_jetstream::async_nats::jetstream::ErrorCode;
use tandem_jetstream::async_nats::jetstream::message::StreamMessage;
use tandem_jetstream::async_nats::jetstream::stream::{Info, RawMessage};
use tandem_proto::{ConnectionId, Consumer, Stream};

use super::{Broker, wire, wiring};
use crate::{Depth, Error, Stored};

/// A probe must not hang.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
/// As large as a message, so that it needs the room of one.
const HEALTH_BODY: usize = 4096;

#[derive(Serialize)]
struct Get<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_by_subj: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
}

#[derive(Deserialize)]
struct Got {
    message: RawMessage,
}

#[derive(Serialize)]
struct Delete {
    seq: u64,
    no_erase: bool,
}

#[derive(Serialize)]
struct Purge {
    seq: u64,
}

#[derive(Deserialize)]
struct Purged {
    purged: u64,
}

#[derive(Deserialize)]
struct Done {}

impl Broker {
    /// One request for each message.
    pub(crate) async fn browse(&self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Stored>, Error> {
        let mut found = Vec::new();
        let mut next = after.saturating_add(1);
        while found.len() < limit {
            let get = Get { seq: Some(next), next_by_subj: Some(">"), start_time: None };
            let Some(message) = self.get(stream, &get).await? else { break };
            next = message.sequence.saturating_add(1);
            found.push(message);
        }
        Ok(found)
    }

    /// One request for each message, oldest first: the server finds only the next one.
    pub(crate) async fn history(&self, subject: &str, most: usize) -> Result<Vec<Stored>, Error> {
        let (mut found, mut next) = (VecDeque::new(), 1);
        while let Some(message) = self.next_of(Stream::Journal, next, subject).await? {
            next = message.sequence.saturating_add(1);
            found.push_back(message);
            if found.len() > most {
                found.pop_front();
            }
        }
        Ok(found.into())
    }

    pub(crate) async fn find(&self, stream: Stream, sequence: u64) -> Result<Option<Stored>, Error> {
        // 0 would be taken for a missing number.
        if sequence == 0 {
            return Ok(None);
        }
        self.get(stream, &Get { seq: Some(sequence), next_by_subj: None, start_time: None }).await
    }

    pub(crate) async fn remove(&self, stream: Stream, sequence: u64) -> Result<bool, Error> {
        if self.find(stream, sequence).await?.is_none() {
            return Ok(false);
        }
        let subject = format!("STREAM.MSG.DELETE.{}", stream.name());
        match self.connection.api::<Done>(&subject, &Delete { seq: sequence, no_erase: true }).await {
            Ok(Done {}) => Ok(true),
            // Somebody else was quicker.
            Err(BrokerError::Rejected { code, .. }) if ErrorCode(code) == ErrorCode::SEQUENCE_NOT_FOUND => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Everything before the first message that is young enough.
    pub(crate) async fn trim(&self, stream: Stream, keep_newer_than_ms: i64) -> Result<u64, Error> {
        let get = Get { seq: None, next_by_subj: None, start_time: Some(time(keep_newer_than_ms)) };
        let up_to = match self.get(stream, &get).await? {
            Some(first_kept) => first_kept.sequence,
            None => self.info(stream).await?.state.last_sequence.saturating_add(1),
        };
        let subject = format!("STREAM.PURGE.{}", stream.name());
        let Purged { purged } = self.connection.api(&subject, &Purge { seq: up_to }).await?;
        Ok(purged)
    }

    /// The server counts delayed messages among those in flight.
    pub(crate) async fn depth(&self, stream: Stream) -> Result<Depth, Error> {
        let mut in_flight = 0;
        if Consumer::ALL.iter().any(|consumer| consumer.stream() == stream) {
            let consumers = self.connection.consumers(stream.name()).await?;
            in_flight = consumers.iter().map(|consumer| consumer.num_ack_pending as u64).sum();
        }
        let messages = self.info(stream).await?.state.messages;
        let in_flight = in_flight.min(messages);
        Ok(Depth { waiting: messages - in_flight, in_flight, delayed: 0 })
    }

    /// Where the consumer isn't there yet, nothing was addressed to it by a process that knows the connection.
    pub(crate) async fn backlog(&self, consumer: Consumer, connection: &ConnectionId) -> Result<u64, Error> {
        let name = wiring::consumer_name(consumer, connection);
        let found = self.connection.consumer(consumer.stream().name(), &name).await?;
        Ok(found.map_or(0, |info| info.num_pending + info.num_ack_pending as u64))
    }

    pub(crate) async fn healthy(&self) -> Result<(), Error> {
        let request = Request::new().payload(vec![0; HEALTH_BODY].into()).timeout(Some(HEALTH_TIMEOUT));
        if !self.connection.is_connected() {
            return Err(BrokerError::Unavailable("not connected".to_owned()).into());
        }
        let sent = self.connection.client().send_request(wiring::HEALTH_SUBJECT, request).await;
        super::send::answer(&sent.map_err(BrokerError::from)?)?;
        Ok(())
    }

    /// How many messages the stream holds.
    pub(super) async fn messages(&self, stream: Stream) -> Result<u64, Error> {
        Ok(self.info(stream).await?.state.messages)
    }

    /// The first message at or behind a sequence whose subject fits.
    pub(super) async fn next_of(&self, stream: Stream, seq: u64, subjects: &str) -> Result<Option<Stored>, Error> {
        self.get(stream, &Get { seq: Some(seq), next_by_subj: Some(subjects), start_time: None }).await
    }

    async fn info(&self, stream: Stream) -> Result<Info, Error> {
        Ok(self.connection.api(&format!("STREAM.INFO.{}", stream.name()), &()).await?)
    }

    async fn get(&self, stream: Stream, get: &Get<'_>) -> Result<Option<Stored>, Error> {
        match self.connection.api::<Got>(&format!("STREAM.MSG.GET.{}", stream.name()), get).await {
            Ok(Got { message }) => {
                let message = StreamMessage::try_from(message);
                let message = message.map_err(|error| BrokerError::Answer(format!("a stored message: {error}")))?;
                Ok(Some(wire::stored(stream, message)))
            }
            Err(BrokerError::Rejected { code, .. }) if ErrorCode(code) == ErrorCode::NO_MESSAGE_FOUND => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).unwrap_or(jiff::Timestamp::MAX).to_string()
}
