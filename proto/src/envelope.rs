//! The checked form of an envelope; the generated one never leaves this file.

use prost::Message as _;

use crate::{ConnectionId, InvalidId, MessageId, v1};

/// Header and payload of one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Where it comes from and what it belongs to.
    pub header: Header,
    /// What it says.
    pub payload: Payload,
}

/// `CloudEvents` context attributes and Tandem's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// With `source` unique.
    pub id: String,
    /// A side's name or a service's.
    pub source: String,
    /// `contact.updated`, `work`, ...
    pub r#type: String,
    /// When it happened, Unix milliseconds.
    pub time_ms: i64,
    /// Record or provider id the message is about.
    pub subject: String,
    /// The connection it belongs to.
    pub connection: ConnectionId,
    /// Id of the direct parent; empty for the first.
    pub causation_id: String,
    /// W3C trace context of the producer; empty when there is none.
    pub traceparent: String,
}

impl Header {
    /// The message id the queue drops duplicates by: `CloudEvents` says source + id is unique.
    pub fn message_id(&self) -> MessageId {
        MessageId(format!("{}:{}", self.source, self.id))
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A fact from a provider.
    Event(v1::Event),
    /// A record needs work.
    Command(v1::Command),
    /// A message set aside.
    DeadLetter(v1::DeadLetter),
    /// A line of history.
    JournalEntry(v1::JournalEntry),
    /// Two values met.
    Conflict(v1::Conflict),
}

/// Bytes that are no envelope of ours.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not protobuf, or not this message.
    #[error("the message is not a tandem.v1 envelope")]
    Wire(#[from] prost::DecodeError),
    /// A part that every envelope has is not there.
    #[error("the envelope has no {0}")]
    Missing(&'static str),
    /// The connection id has a form no connection can have.
    #[error("the envelope's connection id is malformed")]
    Connection(#[from] InvalidId),
}

impl Envelope {
    /// The wire form.
    pub fn encode(&self) -> Vec<u8> {
        let header = &self.header;
        let wire = v1::Envelope {
            header: Some(v1::Header {
                id: header.id.clone(),
                source: header.source.clone(),
                r#type: header.r#type.clone(),
                time_ms: header.time_ms,
                subject: header.subject.clone(),
                connection_id: header.connection.to_string(),
                causation_id: header.causation_id.clone(),
                traceparent: header.traceparent.clone(),
            }),
            payload: Some(self.payload.clone().into_wire()),
        };
        wire.encode_to_vec()
    }

    /// Reads and checks the wire form.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = v1::Envelope::decode(bytes)?;
        let header = wire.header.ok_or(DecodeError::Missing("header"))?;
        let payload = wire.payload.ok_or(DecodeError::Missing("payload"))?;
        Ok(Self {
            header: Header {
                connection: ConnectionId::new(header.connection_id)?,
                id: header.id,
                source: header.source,
                r#type: header.r#type,
                time_ms: header.time_ms,
                subject: header.subject,
                causation_id: header.causation_id,
                traceparent: header.traceparent,
            },
            payload: Payload::from_wire(payload),
        })
    }
}

impl Payload {
    fn into_wire(self) -> v1::envelope::Payload {
        use v1::envelope::Payload as Wire;
        match self {
            Self::Event(event) => Wire::Event(event),
            Self::Command(command) => Wire::Command(command),
            Self::DeadLetter(letter) => Wire::DeadLetter(letter),
            Self::JournalEntry(entry) => Wire::JournalEntry(entry),
            Self::Conflict(conflict) => Wire::Conflict(conflict),
        }
    }

    fn from_wire(wire: v1::envelope::Payload) -> Self {
        use v1::envelope::Payload as Wire;
        match wire {
            Wire::Event(event) => Self::Event(event),
            Wire::Command(command) => Self::Command(command),
            Wire::DeadLetter(letter) => Self::DeadLetter(letter),
            Wire::JournalEntry(entry) => Self::JournalEntry(entry),
            Wire::Conflict(conflict) => Self::Conflict(conflict),
        }
    }
}

#[cfg(test)]
mod tests;
