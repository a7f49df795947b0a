//! Where Redis is, and how long things may take.

use std::time::Duration;

use secrecy::SecretString;
use tandem_policy::ErrorClass;

use crate::BudgetRate;
use crate::permit::good_for;

/// Where Redis is, and how long things may take. Every process that shares the budgets has to use the same values.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// `redis://` or `rediss://`, with user and password where there are any.
    pub url: SecretString,
    /// No request lasts longer from the permit's use to its end: the HTTP client's time limit.
    pub longest_request: Duration,
    /// One question to Redis.
    pub response_timeout: Duration,
    /// Name, network, TLS and sign-in.
    pub connect_timeout: Duration,
    /// How often to look whether Redis is there and has kept its memory.
    pub probe_every: Duration,
    /// After so long without an answer each process decides alone.
    pub away_after: Duration,
    /// How long an id is remembered.
    pub remember_for: Duration,
}

/// Who shares the budgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Members {
    /// How many processes, this one included.
    pub count: u32,
    /// This one's place among them, from 0; each has another.
    pub rank: u32,
}

/// The limits can't be opened, and trying again won't help.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not an address.
    #[error("this is no Redis address; it looks like redis://127.0.0.1:6379, or rediss://user:password@host:6379")]
    Url,
    /// Wrong user or password, or one that may not do what is needed.
    #[error("Redis refuses us: {reason}")]
    Denied {
        /// In the server's words.
        reason: String,
    },
}

impl Error {
    /// Always permanent: a Redis that can't be reached is no error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Url | Self::Denied { .. } => ErrorClass::Permanent,
        }
    }
}

impl RedisOptions {
    /// With the usual times.
    pub fn new(url: SecretString) -> Self {
        Self {
            url,
            longest_request: Duration::from_secs(30),
            response_timeout: Duration::from_millis(500),
            connect_timeout: Duration::from_millis(500),
            probe_every: Duration::from_millis(500),
            away_after: Duration::from_millis(1_500),
            remember_for: Duration::from_hours(24),
        }
    }

    /// From asking for a permit until its request no longer counts, at most.
    pub(crate) fn life(&self, rate: BudgetRate) -> Duration {
        let until_it_is_late = 2 * self.response_timeout + good_for(rate.rate().pace().interval);
        until_it_is_late + self.longest_request + rate.per
    }

    /// Within this time everybody notices that Redis is back, or that it forgot, and has said what it must know: a failing
    /// probe is still under way, then the pause, then a probe and what follows it.
    pub(crate) fn notice(&self) -> Duration {
        2 * self.connect_timeout + self.probe_every + 3 * self.response_timeout
    }

    /// When what nobody can tell any more has left the window too, such as the requests of a process that was killed.
    pub(crate) fn settling(&self, per: Duration) -> Duration {
        self.notice() + per
    }
}
