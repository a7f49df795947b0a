//! "This record needs work": the one message on COMMANDS, whoever publishes it.

use tandem_proto::topology::command_subject;
use tandem_proto::{ConnectionId, Envelope, Header, Lane, Payload, RecordId, Stream, v1};

use crate::NewMessage;

/// What a command is about, and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The service that publishes it.
    pub source: &'a str,
    /// The record's connection.
    pub connection: &'a ConnectionId,
    /// The record, or the firing.
    pub record: &'a RecordId,
    /// It is a rule that was started, and no record.
    pub is_firing: bool,
    /// Its document's revision: a command of this very state, because an earlier one may have been worked off already.
    pub revision: u64,
    /// How urgent it is.
    pub lane: Lane,
    /// The message that caused it; empty where none did.
    pub causation_id: &'a str,
    /// When it is published, Unix milliseconds.
    pub now_ms: i64,
}

impl Work<'_> {
    /// The message, in the trace that the function says for its id.
    pub fn message(&self, traceparent: impl FnOnce(&str) -> String) -> NewMessage {
        let mut header = Header {
            id: format!("{}@{}", self.record, self.revision),
            source: self.source.to_owned(),
            r#type: "work".to_owned(),
            time_ms: self.now_ms,
            subject: self.record.to_string(),
            connection: self.connection.clone(),
            causation_id: self.causation_id.to_owned(),
            traceparent: String::new(),
        };
        let id = header.message_id();
        header.traceparent = traceparent(&id.0);
        let lane = match self.lane {
            Lane::Live => v1::Lane::Live,
            Lane::Bulk => v1::Lane::Bulk,
        };
        let command = v1::Command { record_id: self.record.to_string(), lane: lane.into(), is_firing: self.is_firing };
        NewMessage {
            stream: Stream::Commands,
            lane: self.lane,
            subject: command_subject(self.lane, self.connection, self.record),
            id,
            body: Envelope { header, payload: Payload::Command(command) }.encode().into(),
        }
    }
}
