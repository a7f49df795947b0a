//! A command that the writer gives itself: a record has to be worked on because another one was.

use jiff::Timestamp;
use tandem_proto::topology::command_subject;
use tandem_proto::{Envelope, Header, Lane, Payload, Stream, v1};
use tandem_queue::NewMessage;
use tandem_reconcile::Document;

use crate::call::Caller;

/// Publishes it; `revision` is the document's, so that it is the command of this very state.
pub(crate) async fn publish(
    caller: &Caller<'_>,
    document: &Document,
    revision: u64,
) -> Result<(), tandem_queue::Error> {
    let header = Header {
        id: format!("{}@{revision}", document.id),
        source: "writer".to_owned(),
        r#type: "work".to_owned(),
        time_ms: Timestamp::now().as_millisecond(),
        subject: document.id.to_string(),
        connection: document.connection.clone(),
        causation_id: String::new(),
        traceparent: caller.span.trace().to_string(),
    };
    let lane = match caller.lane {
        Lane::Live => v1::Lane::Live,
        Lane::Bulk => v1::Lane::Bulk,
    };
    let command = v1::Command { record_id: document.id.to_string(), lane: lane.into() };
    let message = NewMessage {
        stream: Stream::Commands,
        lane: caller.lane,
        subject: command_subject(caller.lane, &document.connection, &document.id),
        id: header.message_id(),
        body: Envelope { header, payload: Payload::Command(command) }.encode().into(),
    };
    caller.deps.metrics.timed("queue_publish", caller.deps.queue.publish(message), |_| true).await.map(drop)
}
