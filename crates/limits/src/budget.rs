//! Which budget, how large, and the answer when there is nothing left of it.

use std::fmt;
use std::time::Duration;

use tandem_policy::{ErrorClass, Rate};

/// Names a budget: a provider and the key that its limit goes by, such as app and location.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BudgetKey(pub String);

impl fmt::Display for BudgetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a provider publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetRate {
    /// Requests allowed per window.
    pub requests: u32,
    /// Length of the window.
    pub per: Duration,
    /// Requests allowed per UTC day.
    pub per_day: Option<u64>,
}

impl BudgetRate {
    /// For a budget that nobody registered: a mistake of ours must not become somebody's 429.
    pub(crate) const CAUTIOUS: Self = Self { requests: 1, per: Duration::from_secs(1), per_day: None };

    pub(crate) fn rate(self) -> Rate {
        Rate { requests: self.requests, per: self.per }
    }
}

/// No permit within the time given; nothing was taken from the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request budget is used up; the next slot is {retry_after:?} away")]
pub struct Throttled {
    /// When asking again makes sense.
    pub retry_after: Duration,
}

impl Throttled {
    /// Always throttled, with the time to stay away.
    pub fn class(&self) -> ErrorClass {
        ErrorClass::Throttled { retry_after: Some(self.retry_after) }
    }
}
