//! What a decision leaves behind: work for the record, a line in its history, and nothing before people any more.

use tandem_proto::topology::record_subject;
use tandem_proto::{Envelope, Header, Lane, Payload, Stream, v1};
use tandem_queue::{NewMessage, Queue, Work};
use tandem_reconcile::Document;
use tandem_telemetry::{Sent, Span};

use super::{Refusal, Room};

const SOURCE: &str = "review";
/// Messages looked at at once.
const PAGE: usize = 500;

/// A record's work, in a trace that begins here.
pub(super) async fn ask_for(queue: &Queue, work: Work<'_>) -> Result<(), tandem_queue::Error> {
    let (lane, connection) = (work.lane.name(), work.connection.as_str());
    let message = work.message(|id| {
        let stream = Stream::Commands.name();
        Span::send(&Sent { stream, kind: "command", lane, id, connection }).trace().to_string()
    });
    queue.publish(message).await.map(drop)
}

impl Room<'_> {
    /// The record needs work, at this revision.
    pub(super) async fn send_on(&self, document: &Document, revision: u64) -> Result<(), Refusal> {
        let (connection, record, now_ms) = (self.connection, &document.id, self.now.as_millisecond());
        let work = Work {
            source: SOURCE,
            connection,
            record,
            is_firing: false,
            revision,
            lane: Lane::Live,
            causation_id: "",
            now_ms,
        };
        ask_for(self.queue, work).await?;
        Ok(())
    }

    /// A line in the record's history.
    pub(super) async fn note(
        &self,
        document: &Document,
        revision: u64,
        (outcome, reason, fields): (&str, String, Vec<String>),
    ) -> Result<(), Refusal> {
        let record_id = document.id.to_string();
        let line = v1::JournalEntry {
            record_id: record_id.clone(),
            outcome: outcome.to_owned(),
            reason,
            fields,
            ..v1::JournalEntry::default()
        };
        let header = Header {
            id: format!("{record_id}@{revision}.{outcome}"),
            source: SOURCE.to_owned(),
            r#type: Stream::Journal.name().to_lowercase(),
            time_ms: self.now.as_millisecond(),
            subject: record_id,
            connection: self.connection.clone(),
            causation_id: String::new(),
            traceparent: String::new(),
        };
        let message = NewMessage {
            stream: Stream::Journal,
            lane: Lane::Live,
            subject: record_subject(Stream::Journal, self.connection, &document.id),
            id: header.message_id(),
            body: Envelope { header, payload: Payload::JournalEntry(line) }.encode().into(),
        };
        self.queue.publish(message).await?;
        Ok(())
    }

    /// Nobody has to look at the record any more.
    pub(super) async fn unpark(&self, document: &Document) -> Result<(), Refusal> {
        if document.parked.is_some() {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let page = self.queue.browse(Stream::Parked, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.sequence;
            for message in page.iter().filter(|message| self.is_about(&message.body, document)) {
                self.queue.remove(Stream::Parked, message.sequence).await?;
            }
        }
    }

    fn is_about(&self, body: &[u8], document: &Document) -> bool {
        Envelope::decode(body).is_ok_and(|Envelope { header, .. }| {
            header.connection == *self.connection && header.subject == document.id.as_str()
        })
    }
}
