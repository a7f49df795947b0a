//! What all checks of one run share: the budgets, the time that is left, and what was seen of clocks.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tandem_limits::Limits;
use tandem_outbound::Client;
use tandem_service::Config;
use tandem_store::Store;
use tandem_telemetry::Metrics;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::clock::Reading;
use crate::assemble;

/// No request is begun later, so that a run ends within a minute.
const STEPS: Duration = Duration::from_secs(40);
/// Removing what was made may be begun until then.
const CLEANING: Duration = Duration::from_secs(50);
/// Longest wait for one answer; with [`CLEANING`], less than a minute.
const ANSWER: Duration = Duration::from_secs(8);
/// Connections checked at the same time.
const AT_ONCE: usize = 64;

/// Whether a Tandem is there to take what is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Running {
    /// There is.
    Yes,
    /// There is none.
    No,
    /// It can't be seen from here: the services may be on other machines.
    Elsewhere,
}

/// What a run works with.
#[derive(Debug, Clone)]
pub(crate) struct Deps {
    /// Request budgets.
    pub(crate) limits: Limits,
    /// Counts.
    pub(crate) metrics: Metrics,
    /// Where tokens are, or why they can't be reached.
    pub(crate) store: Result<Store, String>,
    /// Whether deliveries are taken.
    pub(crate) running: Running,
    /// Ends the run early.
    pub(crate) stop: CancellationToken,
}

/// What may still be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Anything.
    Steps,
    /// Removing what was made; a stop doesn't hinder it.
    Cleaning,
}

/// What all checks of one run share.
pub(super) struct Room {
    pub(super) deps: Deps,
    pub(super) ghl: Client,
    pub(super) openphone: Client,
    pub(super) at_once: Semaphore,
    began: Instant,
    readings: Mutex<Vec<Reading>>,
}

impl Room {
    /// `config` as [`narrowed`].
    pub(super) fn new(config: &Config, deps: Deps) -> anyhow::Result<Self> {
        let providers = &config.providers;
        Ok(Self {
            ghl: assemble::client(&providers.ghl.base_url, &providers.ghl.timing)?,
            openphone: assemble::client(&providers.openphone.base_url, &providers.openphone.timing)?,
            deps,
            at_once: Semaphore::new(AT_ONCE),
            began: Instant::now(),
            readings: Mutex::default(),
        })
    }

    /// How long a request may still wait for its turn; none when it is too late.
    pub(super) fn left(&self, phase: Phase) -> Option<Duration> {
        let (limit, is_over) = match phase {
            Phase::Steps => (STEPS, self.deps.stop.is_cancelled()),
            Phase::Cleaning => (CLEANING, false),
        };
        let left = limit.saturating_sub(self.began.elapsed());
        (!is_over && !left.is_zero()).then_some(left)
    }

    /// Waits, unless the time or a stop comes first; false then.
    pub(super) async fn pause(&self, wait: Duration, phase: Phase) -> bool {
        let Some(left) = self.left(phase) else { return false };
        if wait >= left {
            return false;
        }
        let stopped = async {
            match phase {
                Phase::Steps => self.deps.stop.cancelled().await,
                Phase::Cleaning => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stopped => false,
            () = tokio::time::sleep(wait) => true,
        }
    }

    pub(super) fn note(&self, reading: Option<Reading>) {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner).extend(reading);
    }

    pub(super) fn readings(&self) -> Vec<Reading> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The configuration with time limits that fit into a run, and with a part of the request budgets where somebody else spends
/// them too.
pub(super) fn narrowed(config: &Config, share: u32) -> Config {
    let mut config = config.clone();
    let ghl = (&mut config.providers.ghl.timing, &mut config.providers.ghl.rate);
    let openphone = (&mut config.providers.openphone.timing, &mut config.providers.openphone.rate);
    for (timing, rate) in [ghl, openphone] {
        timing.timeout = timing.timeout.min(ANSWER);
        timing.connect_timeout = timing.connect_timeout.min(timing.timeout);
        rate.requests = (rate.requests / share.max(1)).max(1);
    }
    config
}
