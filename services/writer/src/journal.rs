//! What happened to a record, for people.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tandem_contact::{Field, Side, Value};
use tandem_proto::topology::record_subject;
use tandem_proto::{Envelope, Header, Lane, Payload, Stream, v1};
use tandem_queue::NewMessage;
use tandem_reconcile::{Cause, Document, Note};
use tandem_telemetry::chain;

use crate::call::{Caller, Trouble};

/// One line of a record's history.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) outcome: &'static str,
    pub(crate) reason: String,
    pub(crate) side: Option<Side>,
    pub(crate) fields: BTreeSet<Field>,
    pub(crate) request: &'static str,
    pub(crate) status: u32,
    pub(crate) provider_trace: String,
    /// Tells it from others of the same revision and outcome.
    pub(crate) mark: String,
}

impl Line {
    pub(crate) fn new(outcome: &'static str, side: Side) -> Self {
        Self { outcome, side: Some(side), ..Self::default() }
    }

    pub(crate) fn with_fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields = fields.into_iter().collect();
        self
    }

    pub(crate) fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    pub(crate) fn with_request(mut self, template: &'static str) -> Self {
        self.request = template;
        self
    }

    pub(crate) fn with_trouble(mut self, trouble: &Trouble) -> Self {
        self.reason = trouble.reason();
        self.status = trouble.status();
        self.provider_trace = trouble.provider_trace();
        self
    }
}

/// Writes one line and counts it. A line that can't be stored is no reason to undo what happened.
pub(crate) async fn write(caller: &Caller<'_>, document: &Document, revision: u64, line: Line) {
    caller.deps.metrics.writer_outcome(line.side.map_or("none", Side::name), line.outcome);
    if caller.deps.rehearsal.is_none() {
        tell(document, &line);
    }
    let fields = line.fields.iter().map(|field| field.name().to_owned()).collect();
    let side = match line.side {
        Some(Side::Ghl) => v1::Side::Ghl,
        Some(Side::OpenPhone) => v1::Side::Openphone,
        None => v1::Side::Unspecified,
    };
    let id = format!("{}@{revision}.{}{}", document.id, line.outcome, line.mark);
    let entry = v1::JournalEntry {
        record_id: document.id.to_string(),
        outcome: line.outcome.to_owned(),
        reason: line.reason,
        side: side.into(),
        fields,
        request: line.request.to_owned(),
        status: line.status,
        provider_trace: line.provider_trace,
        causes: document.causes.iter().map(wire).collect(),
    };
    publish(caller, document, Stream::Journal, id, Payload::JournalEntry(entry)).await;
}

fn wire(cause: &Cause) -> v1::Cause {
    v1::Cause { event: cause.event.clone(), time_ms: cause.at.as_millisecond(), traceparent: cause.traceparent.clone() }
}

fn tell(document: &Document, line: &Line) {
    let (provider, outcome, request) = (line.side.map_or("", Side::name), line.outcome, line.request);
    let status = (line.status != 0).then_some(line.status);
    let fields: Vec<&str> = line.fields.iter().map(|field| field.name()).collect();
    tracing::info!(connection.id = %document.connection, record.id = %document.id, provider, outcome,
        fields = fields.join(","), request, status,
        "record {} {outcome} {provider}", document.id);
}

/// Keeps what a conflict lost.
pub(crate) async fn conflicts(caller: &Caller<'_>, document: &Document, revision: u64, notes: &[Note]) {
    for note in notes {
        let Note::Conflict { field, winner, kept, lost } = note else { continue };
        caller.deps.metrics.conflict(winner.name());
        let json = |value: &Option<Value>| serde_json::to_vec(value).unwrap_or_default();
        let conflict = v1::Conflict {
            record_id: document.id.to_string(),
            field: field.name().to_owned(),
            winner: match winner {
                Side::Ghl => v1::Side::Ghl.into(),
                Side::OpenPhone => v1::Side::Openphone.into(),
            },
            kept: json(kept),
            lost: json(lost),
            reason: "both sides changed the field".to_owned(),
        };
        let id = format!("{}@{revision}.{}", document.id, field.name());
        publish(caller, document, Stream::Conflicts, id, Payload::Conflict(conflict)).await;
    }
}

/// Puts a record before people: one waiting entry per record.
pub(crate) async fn park(caller: &Caller<'_>, document: &Document, revision: u64) {
    let Some(parked) = &document.parked else { return };
    let line = Line { outcome: "parked", reason: parked.reason.clone(), ..Line::default() };
    caller.deps.metrics.skipped("parked");
    caller.deps.metrics.parked(&parked.code);
    write(caller, document, revision, line).await;
    let entry = v1::JournalEntry {
        record_id: document.id.to_string(),
        outcome: parked.code.clone(),
        reason: parked.reason.clone(),
        ..v1::JournalEntry::default()
    };
    let id = format!("{}@{revision}.parked", document.id);
    publish(caller, document, Stream::Parked, id, Payload::JournalEntry(entry)).await;
}

async fn publish(caller: &Caller<'_>, document: &Document, stream: Stream, id: String, payload: Payload) {
    let header = Header {
        id,
        source: "writer".to_owned(),
        r#type: stream.name().to_lowercase(),
        time_ms: Timestamp::now().as_millisecond(),
        subject: document.id.to_string(),
        connection: document.connection.clone(),
        causation_id: String::new(),
        traceparent: caller.span.trace().to_string(),
    };
    let message = NewMessage {
        stream,
        lane: Lane::Live,
        subject: record_subject(stream, &document.connection, &document.id),
        id: header.message_id(),
        body: Envelope { header, payload }.encode().into(),
    };
    let publish = caller.deps.queue.publish(message);
    if let Err(error) = caller.deps.metrics.timed("queue_publish", publish, |_| true).await {
        tracing::warn!(record.id = %document.id, stream = stream.name(), error = %chain(&error),
            "a line about record {} could not be stored", document.id);
    }
}
