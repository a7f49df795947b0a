//! Commands that the writer gives itself: a record has to be worked on because another one was, or a rule was started by what it
//! became.

use jiff::Timestamp;
use tandem_mapping::Firing;
use tandem_proto::{ConnectionId, RecordId};
use tandem_queue::Work;
use tandem_reconcile::Document;

use crate::call::Caller;

/// Publishes it; `revision` is the document's, so that it is the command of this very state.
pub(crate) async fn publish(
    caller: &Caller<'_>,
    document: &Document,
    revision: u64,
) -> Result<(), tandem_queue::Error> {
    send(caller, (&document.connection, &document.id, revision), false).await
}

/// The same for a rule that was started.
pub(crate) async fn publish_firing(
    caller: &Caller<'_>,
    firing: &Firing,
    revision: u64,
) -> Result<(), tandem_queue::Error> {
    send(caller, (&firing.connection, &firing.id, revision), true).await
}

async fn send(
    caller: &Caller<'_>,
    (connection, record, revision): (&ConnectionId, &RecordId, u64),
    is_firing: bool,
) -> Result<(), tandem_queue::Error> {
    let (lane, now_ms) = (caller.lane, Timestamp::now().as_millisecond());
    let work = Work { source: "writer", connection, record, is_firing, revision, lane, causation_id: "", now_ms };
    let message = work.message(|_| caller.span.trace().to_string());
    caller.deps.metrics.timed("queue_publish", caller.deps.queue.publish(message), |_| true).await?;
    caller.deps.metrics.command_made(lane.name());
    Ok(())
}
