//! What a message of the bucket says.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tandem_jetstream::async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MARKER_REASON, NATS_MESSAGE_ID};
use tandem_jetstream::async_nats::jetstream::message::StreamMessage;
use tandem_jetstream::async_nats::jetstream::stream::RawMessage;
use tandem_jetstream::async_nats::{HeaderMap, HeaderValue};

use crate::{Entry, Error};

/// As the NATS tools write and read it.
pub(super) const OPERATION: &str = "KV-Operation";
pub(super) const DELETE: &str = "DEL";

/// The last message of a key.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) sequence: u64,
    pub(super) value: Bytes,
    pub(super) is_deleted: bool,
    /// Of the write that made it.
    pub(super) write_id: Option<String>,
    /// The sequence of the message that it took the place of; 0 for none.
    pub(super) replaced: Option<u64>,
}

impl Stored {
    pub(super) fn into_entry(self) -> Option<Entry> {
        (!self.is_deleted).then_some(Entry { value: self.value, revision: self.sequence })
    }
}

/// Whether the message only says that the key is gone. Ours are deletes; the NATS tools purge too.
pub(super) fn is_deletion(headers: &HeaderMap) -> bool {
    let operation = headers.get(OPERATION).map(HeaderValue::as_str);
    operation.is_some_and(|operation| operation != "PUT") || headers.get(NATS_MARKER_REASON).is_some()
}

/// The request for the last message of a subject.
#[derive(Debug, Serialize)]
pub(super) struct LastOf<'a> {
    #[serde(rename = "last_by_subj")]
    pub(super) subject: &'a str,
}

/// The answer.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    message: RawMessage,
}

impl Answer {
    pub(super) fn into_stored(self) -> Result<Stored, Error> {
        let message = StreamMessage::try_from(self.message)
            .map_err(|error| tandem_jetstream::Error::Answer(format!("STREAM.MSG.GET: {error}")))?;
        let header = |name| message.headers.get(name).map(HeaderValue::as_str);
        Ok(Stored {
            sequence: message.sequence,
            is_deleted: is_deletion(&message.headers),
            write_id: header(NATS_MESSAGE_ID).map(ToOwned::to_owned),
            replaced: header(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE).and_then(|text| text.parse().ok()),
            value: message.payload,
        })
    }
}
