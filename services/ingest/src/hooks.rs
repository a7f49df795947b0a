//! `OpenPhone` webhooks that Tandem makes itself, for connections without configured secrets: looked after at the start and
//! every hour, made again when they are gone.
//!
//! [`keep_hooks`] calls the provider, one process at a time; [`HookSecrets`] is what every process verifies deliveries
//! with.

mod calls;
mod claim;
mod look;
mod plan;
mod secrets;

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tandem_limits::Limits;
use tandem_policy::backoff;
use tandem_proto::ConnectionId;
use tandem_store::Store;
use tandem_telemetry::{Metrics, chain};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use calls::HookConnection;
use calls::{Caller, Trouble};
use claim::Turn;
use look::{Found, Look};
pub use secrets::HookSecrets;

/// Looks under way at the same time.
const AT_ONCE: usize = 8;
/// Requests of one look begin within this.
const WORK: Duration = Duration::from_mins(1);
/// Between two questions whether another process is done.
const BUSY: Duration = Duration::from_secs(2);
/// Between two readings of all secrets; what matters is read when a signature doesn't fit.
const READ_AGAIN: Duration = Duration::from_mins(5);
/// Between two tries to read them for the first time.
const FIRST_READ: Duration = Duration::from_secs(1);

/// How often, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct HookTiming {
    /// Between two looks; drawn between nine and eleven tenths of it.
    pub interval: Duration,
    /// Between two looks at least, however many deliveries match no secret.
    pub look_again: Duration,
    /// How long a secret is left alone, even when deliveries match none: something else may be wrong.
    pub rotate_again: Duration,
    /// First and longest wait after a failure.
    pub retry: (Duration, Duration),
    /// How long a secret that was replaced is taken: longer than the provider tries to deliver, which is 28 hours.
    pub overlap: Duration,
    /// How long an answer can take.
    pub answer_within: Duration,
}

impl Default for HookTiming {
    fn default() -> Self {
        Self {
            interval: Duration::from_hours(1),
            look_again: Duration::from_mins(1),
            rotate_again: Duration::from_hours(1),
            retry: (Duration::from_secs(10), Duration::from_hours(1)),
            overlap: Duration::from_hours(48),
            answer_within: Duration::from_secs(35),
        }
    }
}

/// Whose webhooks are looked after.
#[derive(Debug, Clone)]
pub struct HookConfig {
    /// How the provider reaches us.
    pub public_url: Url,
    /// The connections whose webhooks are ours to make.
    pub connections: Vec<HookConnection>,
    /// How often, and for how long.
    pub timing: HookTiming,
}

/// What looking after webhooks works with.
#[derive(Debug, Clone)]
pub struct HookDeps {
    /// Takes the secrets.
    pub secrets: HookSecrets,
    /// Knows whose turn it is.
    pub store: Store,
    /// Request budgets.
    pub limits: Limits,
    /// Counts.
    pub metrics: Metrics,
}

/// Where `OpenPhone` delivers for a connection.
pub fn hook_url(public_url: &Url, connection: &ConnectionId) -> Url {
    crate::oauth::own_url(public_url, &format!("/webhooks/openphone/{connection}"))
}

/// Looks after webhooks until the shutdown. A look under way is finished: a secret that was told is stored.
pub async fn keep_hooks(config: HookConfig, deps: HookDeps, shutdown: CancellationToken) {
    let keeper = Keeper { timing: config.timing, deps, at_once: Semaphore::new(AT_ONCE), shutdown };
    let each = config.connections.iter().map(|one| keeper.keep(one, hook_url(&config.public_url, &one.id)));
    let reading = async {
        tokio::select! {
            () = keeper.shutdown.cancelled() => {}
            never = keeper.deps.secrets.keep_reading() => match never {},
        }
    };
    tokio::join!(join_all(each), reading);
}

impl HookSecrets {
    async fn keep_reading(&self) -> std::convert::Infallible {
        loop {
            let mut is_all = true;
            for connection in self.connections() {
                self.refresh(connection).await;
                is_all &= self.trusted(connection, Timestamp::now()).is_some();
            }
            sleep(if is_all { READ_AGAIN } else { FIRST_READ }).await;
        }
    }
}

/// Why the next look is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The process has started, or the look before failed.
    Unknown,
    /// It is time.
    Time,
    /// A delivery matched no secret.
    Suspicion,
}

impl Why {
    fn after_failure(self) -> Self {
        match self {
            Self::Unknown | Self::Time => Self::Unknown,
            Self::Suspicion => Self::Suspicion,
        }
    }
}

struct Keeper {
    timing: HookTiming,
    deps: HookDeps,
    at_once: Semaphore,
    shutdown: CancellationToken,
}

impl Keeper {
    async fn keep(&self, one: &HookConnection, url: Url) {
        let (mut why, mut failures) = (Why::Unknown, 0);
        while !self.shutdown.is_cancelled() {
            let (pause, next) = match self.turn(one, &url, why).await {
                Ok(turn) => {
                    failures = 0;
                    turn
                }
                Err(trouble) => {
                    let pause = self.failed(one, &trouble, failures);
                    failures += 1;
                    (pause, why.after_failure())
                }
            };
            let may_be_early = (failures == 0 && next == Why::Time).then(|| Instant::now() + self.timing.look_again);
            why = tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = sleep(pause) => next,
                () = self.suspicion(&one.id, may_be_early) => Why::Suspicion,
            };
        }
    }

    /// Ends when a delivery matched no secret, not before that time.
    async fn suspicion(&self, connection: &ConnectionId, not_before: Option<Instant>) {
        match not_before {
            Some(not_before) => {
                self.deps.secrets.suspected(connection).await;
                sleep_until(not_before).await;
            }
            None => std::future::pending().await,
        }
    }

    /// A look, if it is our turn; then how long to wait, and for what.
    async fn turn(&self, one: &HookConnection, url: &Url, why: Why) -> Result<(Duration, Why), Trouble> {
        // Nothing could be stored: whoever starts before its store waits here.
        self.deps.secrets.stored().await;
        let Ok(_place) = self.at_once.acquire().await else { return Err(Trouble::Stopping) };
        let fresh = if why == Why::Time { self.timing.interval / 4 * 3 } else { Duration::ZERO };
        let (now, began) = (Timestamp::now(), std::time::Instant::now());
        let turn = claim::take(&self.deps.store, &one.id, (now, WORK + self.timing.answer_within, fresh)).await?;
        let claim = match turn {
            Turn::Ours(claim) => claim,
            Turn::Theirs { until } => {
                let wait = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                return Ok((wait.min(BUSY), why));
            }
            Turn::Done { at } => {
                let since = Duration::try_from(now.duration_since(at)).unwrap_or_default();
                return Ok((self.interval().saturating_sub(since), Why::Time));
            }
        };
        let HookDeps { secrets, limits, metrics, .. } = &self.deps;
        let send_by = began + WORK;
        let caller = Caller { to: one, limits, metrics, send_by };
        let ends = send_by + self.timing.answer_within;
        let look = Look { caller, url, secrets, timing: &self.timing, ends, shutdown: &self.shutdown };
        let found = look.run(why == Why::Suspicion).await;
        let fine_at = found.is_ok().then(Timestamp::now);
        if let Err(error) = claim.release(&self.deps.store, fine_at).await {
            tracing::debug!(connection.id = %one.id, error = %chain(&error), "the turn ends by itself");
        }
        metrics.webhook_check(match found? {
            Found::Fine => "fine",
            Found::Mended => "mended",
        });
        Ok((self.interval(), Why::Time))
    }

    fn interval(&self) -> Duration {
        self.timing.interval.mul_f64(0.2_f64.mul_add(rand::random::<f64>(), 0.9))
    }

    /// Tells of it, and says how long to wait.
    fn failed(&self, one: &HookConnection, trouble: &Trouble, failures: u32) -> Duration {
        if matches!(trouble, Trouble::Stopping) {
            return Duration::ZERO;
        }
        self.deps.metrics.webhook_check("failed");
        let (base, cap) = self.timing.retry;
        // At least half: the point of the first wait is that a key which is a moment old is let in.
        let half = backoff::ceiling(failures, base, cap) / 2;
        let pause = half + backoff::delay(failures, base / 2, cap / 2, rand::random());
        let pause = trouble.retry_after().map_or(pause, |wait| wait.max(pause));
        tracing::error!(connection.id = %one.id, delay_ms = pause.as_millis(), error = %chain(trouble),
            "the OpenPhone webhook of connection {} can't be looked after; what it has delivered so far is kept", one.id);
        pause
    }
}
