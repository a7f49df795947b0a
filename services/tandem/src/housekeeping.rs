//! What has to be done now and then: gauges, and letting go of old history.

use std::time::Duration;

use jiff::Timestamp;
use tandem_proto::Stream;
use tandem_queue::Queue;
use tandem_telemetry::Metrics;
use tokio_util::sync::CancellationToken;

const GAUGE_PAUSE: Duration = Duration::from_secs(5);
/// Gauge rounds between two looks at old history.
const ROUNDS_PER_TRIM: u64 = 720;

/// How long history is kept; dead letters and parked records are people's to deal with.
fn kept(stream: Stream) -> Option<Duration> {
    match stream {
        Stream::Journal => Some(Duration::from_hours(30 * 24)),
        Stream::Conflicts => Some(Duration::from_hours(90 * 24)),
        Stream::Events | Stream::Commands | Stream::Parked | Stream::Dead => None,
    }
}

/// Runs until the shutdown.
pub(crate) async fn run(
    queue: Queue,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> Result<(), tandem_queue::Error> {
    for round in 0_u64.. {
        gauge(&queue, &metrics).await;
        if round % ROUNDS_PER_TRIM == 0 {
            trim(&queue).await;
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = tokio::time::sleep(GAUGE_PAUSE) => {}
        }
    }
    Ok(())
}

async fn gauge(queue: &Queue, metrics: &Metrics) {
    for stream in Stream::ALL {
        match queue.depth(stream).await {
            Ok(depth) => metrics.queue_depth(stream.name(), depth.waiting + depth.in_flight + depth.delayed),
            Err(error) => tracing::debug!(%error, "the depth of {} could not be read", stream.name()),
        }
    }
}

async fn trim(queue: &Queue) {
    for stream in Stream::ALL {
        let Some(kept) = kept(stream) else { continue };
        let oldest = Timestamp::now() - kept;
        match queue.trim(stream, oldest.as_millisecond()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "{count} old messages of {} were let go", stream.name()),
            Err(error) => tracing::warn!(%error, "old messages of {} could not be let go", stream.name()),
        }
    }
}
