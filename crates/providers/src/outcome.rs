//! What a refusal means, and whether a write can have happened. The one place where both are decided.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::ApiError;

/// Nobody means longer than this, and later arithmetic must not overflow.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);
/// After a 429 that doesn't say how long.
const COOL_DOWN: Duration = Duration::from_secs(10);
/// The day's quota, where the provider doesn't say until when: look again now and then.
const QUOTA_PAUSE: Duration = Duration::from_mins(10);

/// What an answer other than success means for whoever has to decide what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 429: come back later, not before the time named, if one was.
    Throttled {
        /// How long the provider asked us to stay away.
        retry_after: Option<Duration>,
    },
    /// 429 with the day's quota used up: GHL wants no retry before the reset.
    QuotaExhausted {
        /// Until the reset, where the provider says.
        resets_after: Option<Duration>,
    },
    /// 408 or 5xx: the provider's side.
    Transient,
    /// A success status with a body that can't be read.
    Unreadable,
    /// 401: the credential is refused.
    Unauthorized,
    /// 403: the credential is good, the action isn't allowed.
    Forbidden,
    /// 402: the subscription has lapsed.
    PaymentRequired,
    /// No such contact here (any more).
    NotFound,
    /// 409: a record with that key exists.
    Conflict,
    /// Any other 4xx: the same request will be refused again.
    Refused,
    /// A redirect, or a 404 that doesn't come from the API: the base URL points somewhere else.
    Misrouted,
}

impl Class {
    /// Whether a write that was answered like this can have happened.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Throttled { .. }
            | Self::QuotaExhausted { .. }
            | Self::Unauthorized
            | Self::Forbidden
            | Self::PaymentRequired => Outcome::NotApplied,
            // A redirect after a POST can mean "done, see there", so it proves nothing.
            Self::Transient | Self::Unreadable | Self::Misrouted => Outcome::Unknown,
            Self::NotFound | Self::Conflict | Self::Refused => Outcome::Permanent,
        }
    }

    /// How long nobody is to call the provider, after one request too many.
    pub fn cool_down(self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after } => Some(retry_after.unwrap_or(COOL_DOWN)),
            Self::QuotaExhausted { resets_after } => Some(resets_after.unwrap_or(QUOTA_PAUSE)),
            Self::Transient
            | Self::Unreadable
            | Self::Unauthorized
            | Self::Forbidden
            | Self::PaymentRequired
            | Self::NotFound
            | Self::Conflict
            | Self::Refused
            | Self::Misrouted => None,
        }
    }
}

/// What is known about a write after it was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did not happen and may be tried again.
    NotApplied,
    /// It happened.
    Applied,
    /// It may have happened: look before repeating it.
    Unknown,
    /// It was refused, and the same request will be refused again.
    Permanent,
}

impl Outcome {
    /// The outcome of a write by its answer.
    pub fn of<T>(answer: &Result<T, ApiError>) -> Self {
        answer.as_ref().map_or_else(|error| error.class().outcome(), |_| Self::Applied)
    }
}

/// The seconds of a `Retry-After` header. Neither provider documents one; dates in it are not read.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_too_many_is_followed_by_the_pause_that_was_asked_for_or_an_ordinary_one() {
        let five = Some(Duration::from_secs(5));
        assert_eq!(Class::Throttled { retry_after: five }.cool_down(), five);
        assert_eq!(Class::Throttled { retry_after: None }.cool_down(), Some(COOL_DOWN));
        assert_eq!(Class::QuotaExhausted { resets_after: five }.cool_down(), five);
        assert_eq!(Class::QuotaExhausted { resets_after: None }.cool_down(), Some(QUOTA_PAUSE));
        assert_eq!(Class::Transient.cool_down(), None);
    }
}
