//! What has to be done now and then: gauges, and letting go of old history.

use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;
use tandem_ingest::Sink;
use tandem_limits::Limits;
use tandem_proto::Stream;
use tandem_records::Audit;
use tandem_telemetry::Metrics;
use tokio_util::sync::CancellationToken;

use crate::Backends;
use crate::backends::Reached;

const GAUGE_PAUSE: Duration = Duration::from_secs(5);
/// Gauge rounds between two looks at old history.
const ROUNDS_PER_TRIM: u64 = 720;

/// Gauge rounds between two looks for what a killed broker left behind.
const ROUNDS_PER_RECOVERY: u64 = 4;

/// How long it is kept who changed what over the management API.
const AUDIT_KEPT: Duration = Duration::from_hours(90 * 24);

/// How long history is kept; dead letters and parked records are people's to deal with.
fn kept(stream: Stream) -> Option<Duration> {
    match stream {
        Stream::Journal => Some(Duration::from_hours(30 * 24)),
        Stream::Conflicts => Some(Duration::from_hours(90 * 24)),
        Stream::Events | Stream::Commands | Stream::Parked | Stream::Dead => None,
    }
}

/// What is looked at.
pub(crate) struct Rooms {
    /// Not there before it was reached.
    pub(crate) reached: Reached,
    pub(crate) limits: Limits,
    /// Where webhooks are taken.
    pub(crate) sink: Option<Sink>,
    pub(crate) metrics: Metrics,
}

/// Runs until the shutdown.
pub(crate) async fn run(rooms: Rooms, shutdown: CancellationToken) -> Result<(), Infallible> {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = rooms.watch() => {}
        () = rooms.keep() => {}
    }
    Ok(())
}

impl Rooms {
    /// What this process knows by itself, which matters most while the queue is away and doesn't answer.
    async fn watch(&self) {
        loop {
            self.metrics.limiter_fallback(self.limits.in_fallback());
            if let Some(sink) = &self.sink {
                self.metrics.spool_messages(sink.spooled_messages());
            }
            tokio::time::sleep(GAUGE_PAUSE).await;
        }
    }

    async fn keep(&self) {
        for round in 0_u64.. {
            self.gauge().await;
            if round % ROUNDS_PER_TRIM == 0 {
                self.trim().await;
            }
            if round % ROUNDS_PER_RECOVERY == 0 {
                self.recover().await;
            }
            tokio::time::sleep(GAUGE_PAUSE).await;
        }
    }

    async fn gauge(&self) {
        let Some(Backends { queue, .. }) = self.reached.get() else { return };
        for stream in Stream::ALL {
            match queue.depth(stream).await {
                Ok(depth) => {
                    self.metrics.queue_depth(stream.name(), depth.waiting + depth.in_flight + depth.delayed);
                }
                Err(error) => tracing::debug!(%error, "the depth of {} could not be read", stream.name()),
            }
        }
    }

    async fn recover(&self) {
        let Some(Backends { queue, .. }) = self.reached.get() else { return };
        match queue.recover().await {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "{count} messages that the broker had left behind are handed out again"),
            Err(error) => tracing::debug!(%error, "a look for what the broker left behind failed"),
        }
    }

    async fn trim(&self) {
        let Some(Backends { queue, records, store, .. }) = self.reached.get() else { return };
        for stream in Stream::ALL {
            let Some(kept) = kept(stream) else { continue };
            let oldest = Timestamp::now() - kept;
            match queue.trim(stream, oldest.as_millisecond()).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "{count} old messages of {} were let go", stream.name()),
                Err(error) => tracing::warn!(%error, "old messages of {} could not be let go", stream.name()),
            }
        }
        // As long as the journal tells of them.
        let oldest = Timestamp::now() - kept(Stream::Journal).unwrap_or_default();
        match records.firings().trim(oldest).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "{count} rules that were carried out long ago were let go"),
            Err(error) => tracing::warn!(%error, "rules that were carried out long ago could not be let go"),
        }
        match Audit::new(store.clone()).trim(Timestamp::now() - AUDIT_KEPT).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "{count} old entries of the audit were let go"),
            Err(error) => tracing::warn!(%error, "old entries of the audit could not be let go"),
        }
    }
}
