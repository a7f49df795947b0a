//! The backends that the suite runs over, and what a provider would see.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::SecretString;
use tandem_limits::{BudgetKey, BudgetRate, Limits, Members, Permit, RedisOptions, Trip};
use tandem_proto::Lane;
use tandem_testkit::servers::Redis;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub(crate) const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
pub(crate) const OPENPHONE: BudgetRate = BudgetRate { requests: 10, per: Duration::from_secs(1), per_day: None };
pub(crate) const GHL: BudgetRate = BudgetRate { requests: 100, per: Duration::from_secs(10), per_day: None };
/// As large as GHL's, with a window that a test can wait for.
const GHL_SHORT: BudgetRate = BudgetRate { requests: 100, per: Duration::from_secs(2), per_day: None };

/// One line per backend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Backend {
    /// Time is simulated.
    InProcess,
    /// Time is real: claims are checked over shorter spans.
    Redis,
}

/// A backend in use.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) limits: Limits,
    pub(crate) key: BudgetKey,
    server: Option<Redis>,
}

impl Backend {
    /// Budgets with none registered.
    pub(crate) async fn open(self) -> Open {
        let key = BudgetKey("provider:key".to_owned());
        match self {
            Self::InProcess => {
                // A day that began an hour ago.
                let limits = Limits::in_process_at(SystemTime::UNIX_EPOCH + 20_000 * DAY + HOUR);
                Open { limits, key, server: None }
            }
            Self::Redis => {
                let server = Redis::start();
                others_are_there(&server);
                let limits = Limits::redis(options(&server), alone).await.unwrap();
                Open { limits, key, server: Some(server) }
            }
        }
    }

    /// Budgets with one registered.
    pub(crate) async fn with(self, rate: BudgetRate) -> Open {
        let open = self.open().await;
        open.limits.register(open.key.clone(), rate);
        open
    }

    /// Rates, and windows to look at.
    pub(crate) fn rates(self) -> [(BudgetRate, u32); 2] {
        match self {
            Self::InProcess => [(OPENPHONE, 60), (GHL, 6)],
            Self::Redis => [(OPENPHONE, 4), (GHL_SHORT, 2)],
        }
    }

    /// A span that is long enough, simulated or real.
    pub(crate) fn span(self, simulated: Duration, real: Duration) -> Duration {
        match self {
            Self::InProcess => simulated,
            Self::Redis => real,
        }
    }

    /// Lets time pass.
    pub(crate) async fn pass(self, time: Duration) {
        match self {
            Self::InProcess => tokio::time::advance(time).await,
            Self::Redis => tokio::time::sleep(time).await,
        }
    }

    /// How much longer than it should something may take.
    pub(crate) fn slack(self) -> Duration {
        self.span(Duration::from_millis(10), Duration::from_millis(250))
    }

    /// Until the day's quota starts over; the in-process day began an hour ago.
    pub(crate) fn until_midnight(self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let real = DAY.checked_sub(Duration::from_secs(now.as_secs() % DAY.as_secs())).unwrap();
        self.span(23 * HOUR, real)
    }
}

impl Open {
    /// The next day.
    pub(crate) async fn let_the_day_pass(&self) {
        match &self.server {
            None => tokio::time::advance(DAY).await,
            Some(server) => {
                // What is stored becomes yesterday's.
                let state = format!("tandem:{{{}}}:state", self.key);
                server.command(&["HINCRBY", &state, "day", "-1"]);
            }
        }
    }
}

/// Times of the size that tests can wait for.
pub(crate) fn options(server: &Redis) -> RedisOptions {
    RedisOptions {
        longest_request: Duration::from_secs(5),
        response_timeout: Duration::from_millis(200),
        connect_timeout: Duration::from_millis(200),
        probe_every: Duration::from_millis(100),
        away_after: Duration::from_millis(500),
        ..RedisOptions::new(SecretString::from(server.url()))
    }
}

pub(crate) fn alone() -> Members {
    Members { count: 1, rank: 0 }
}

/// As if others were using this Redis for a long time: nobody has to find out first whether somebody decides alone.
pub(crate) fn others_are_there(server: &Redis) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros().to_string();
    server.command(&["HSET", "tandem:limits:mark", "name", "others", "since", "0", "beat", &now]);
}

/// When requests arrived, as the provider counts them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Provider {
    arrivals: Arc<Mutex<Vec<(Instant, Lane)>>>,
    connecting: Option<Duration>,
}

impl Provider {
    /// One of which it is known how long opening a connection to it takes.
    pub(crate) fn connected_in(connecting: Duration) -> Self {
        Self { connecting: Some(connecting), ..Self::default() }
    }

    pub(crate) fn count(&self, lane: Lane) {
        self.arrivals.lock().unwrap().push((Instant::now(), lane));
    }

    pub(crate) fn arrivals(&self) -> Vec<(Instant, Lane)> {
        self.arrivals.lock().unwrap().clone()
    }

    pub(crate) fn count_of(&self, lane: Lane) -> usize {
        self.arrivals().iter().filter(|(_, one)| *one == lane).count()
    }

    /// Percent of the rate at which these came, by order of arrival. Requests come in waves as long as a window and an answer:
    /// whole windows full have to be looked at.
    pub(crate) fn use_of(&self, rate: BudgetRate, these: Range<usize>) -> f64 {
        let mut arrivals: Vec<Instant> = self.arrivals().into_iter().map(|(arrival, _)| arrival).collect();
        arrivals.sort_unstable();
        let time = arrivals[these.end - 1].duration_since(arrivals[these.start - 1]);
        let published = f64::from(rate.requests) * time.as_secs_f64() / rate.per.as_secs_f64();
        f64::from(u32::try_from(these.len()).unwrap()) * 100.0 / published
    }

    /// Most requests in any window of this length, both ends included.
    pub(crate) fn worst_window(&self, per: Duration) -> usize {
        let mut arrivals: Vec<Instant> = self.arrivals().into_iter().map(|(arrival, _)| arrival).collect();
        arrivals.sort_unstable();
        let in_window =
            |first: usize| arrivals[first..].iter().take_while(|one| **one <= arrivals[first] + per).count();
        (0..arrivals.len()).map(in_window).max().unwrap_or(0)
    }
}

/// Keeps callers busy for a while; returns what the provider saw.
pub(crate) async fn backlog(
    backend: Backend,
    rate: BudgetRate,
    callers: &[(Lane, [Duration; 2])],
    time: Duration,
) -> Provider {
    backlog_at(Provider::default(), (backend, rate), callers, time).await
}

pub(crate) async fn backlog_at(
    provider: Provider,
    (backend, rate): (Backend, BudgetRate),
    callers: &[(Lane, [Duration; 2])],
    time: Duration,
) -> Provider {
    let open = backend.with(rate).await;
    let mut tasks = JoinSet::new();
    for (lane, times) in callers {
        tasks.spawn(call_for_ever((open.limits.clone(), open.key.clone()), *lane, provider.clone(), *times));
    }
    tokio::time::sleep(time).await;
    provider
}

/// Asks for permits one after the other for ever; each request arrives after `before` and is answered after `then`.
pub(crate) async fn call_for_ever(
    (limits, key): (Limits, BudgetKey),
    lane: Lane,
    provider: Provider,
    times: [Duration; 2],
) {
    loop {
        match limits.acquire(&key, lane, HOUR).await {
            Ok(permit) => call(permit, lane, &provider, times).await,
            Err(throttled) => tokio::time::sleep(throttled.retry_after.min(Duration::from_millis(100))).await,
        }
    }
}

async fn call(permit: Permit, lane: Lane, provider: &Provider, times: [Duration; 2]) {
    let start = Instant::now();
    if permit.expired(start) {
        return permit.cancel();
    }
    tokio::time::sleep(times[0]).await;
    provider.count(lane);
    tokio::time::sleep(times[1]).await;
    permit.answered(Trip { took: start.elapsed(), connecting: provider.connecting });
}
