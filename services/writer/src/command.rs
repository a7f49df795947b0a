//! A command that the writer gives itself: a record has to be worked on because another one was.

use jiff::Timestamp;
use tandem_queue::Work;
use tandem_reconcile::Document;

use crate::call::Caller;

/// Publishes it; `revision` is the document's, so that it is the command of this very state.
pub(crate) async fn publish(
    caller: &Caller<'_>,
    document: &Document,
    revision: u64,
) -> Result<(), tandem_queue::Error> {
    let (connection, lane) = (&document.connection, caller.lane);
    let now_ms = Timestamp::now().as_millisecond();
    let work = Work { source: "writer", connection, record: &document.id, revision, lane, causation_id: "", now_ms };
    let message = work.message(|_| caller.span.trace().to_string());
    caller.deps.metrics.timed("queue_publish", caller.deps.queue.publish(message), |_| true).await?;
    caller.deps.metrics.command_made(lane.name());
    Ok(())
}
