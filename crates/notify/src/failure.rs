//! Why a notification wasn't taken, sorted by the one thing that matters: can it have arrived?

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::InvalidChannel;
use crate::channel::IF_MEANT;
use crate::resolver::NotPublic;

/// The HTTP client's error, without its address.
type Cause = Box<dyn Error + Send + Sync>;

/// A notification wasn't taken, or nobody knows. Names the host, never the rest of the URL.
#[derive(Debug, thiserror::Error)]
#[error("{host}: {why}")]
pub struct Failure {
    /// Where it should have gone.
    pub host: String,
    /// What went wrong.
    pub why: Why,
    /// The cause, where there is one.
    #[source]
    source: Option<Cause>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It was never sent.
    NotSent(NotSent),
    /// It may have arrived.
    Unknown(Unknown),
    /// The other side doesn't want it: 4xx.
    Refused {
        /// The status.
        status: u16,
        /// How long it asks us to stay away, if it does.
        retry_after: Option<Duration>,
        /// Slack's word for it, such as `channel_is_archived`.
        reason: Option<String>,
    },
    /// One too many, or closed for a while: try again, but not before the time named, if one was.
    Throttled {
        /// How long the other side asks us to stay away.
        retry_after: Option<Duration>,
    },
}

/// Why nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSent {
    /// It may not go there.
    NotAllowed(InvalidChannel),
    /// The name has private addresses only.
    Private,
    /// The name has no address.
    Name,
    /// No connection: network or TLS.
    Connect,
    /// The time was over before there was a connection.
    TimedOut,
    /// It can't be put into HTTP.
    Invalid,
}

/// Why the outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// No answer in time.
    TimedOut,
    /// The connection broke before there was an answer.
    Broken,
    /// An answer that proves nothing: a redirect, 408 or 5xx.
    Answered(u16),
}

impl Failure {
    pub(crate) fn new(host: &str, why: Why) -> Self {
        Self { host: host.to_owned(), why, source: None }
    }

    /// Sorts the HTTP client's error. Before the body was asked for (`begun`), nothing can have arrived.
    pub(crate) fn of_client(host: &str, error: reqwest::Error, begun: bool) -> Self {
        let error = error.without_url();
        let why = if begun { Why::Unknown(unknown(&error)) } else { Why::NotSent(not_sent(&error)) };
        Self { host: host.to_owned(), why, source: Some(error.into()) }
    }

    /// True when it surely didn't arrive, so that sending it again can't show it twice.
    pub fn is_undelivered(&self) -> bool {
        match self.why {
            Why::NotSent(_) | Why::Refused { .. } | Why::Throttled { .. } => true,
            Why::Unknown(_) => false,
        }
    }

    /// True when the webhook isn't there any more: somebody has to make a new one.
    pub fn is_gone(&self) -> bool {
        matches!(self.why, Why::Refused { status: 404 | 410, .. })
    }

    /// How long the other side asks us to stay away, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.why {
            Why::Refused { retry_after, .. } | Why::Throttled { retry_after } => retry_after,
            Why::NotSent(_) | Why::Unknown(_) => None,
        }
    }
}

fn unknown(error: &reqwest::Error) -> Unknown {
    if error.is_timeout() { Unknown::TimedOut } else { Unknown::Broken }
}

fn not_sent(error: &reqwest::Error) -> NotSent {
    if is_private(error) {
        NotSent::Private
    } else if error.is_builder() {
        NotSent::Invalid
    } else if error.is_timeout() {
        NotSent::TimedOut
    } else if error.is_dns() {
        NotSent::Name
    } else {
        NotSent::Connect
    }
}

/// The resolver had nothing to give out.
fn is_private(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<NotPublic>() {
            return true;
        }
        source = cause.source();
    }
    false
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(reason) => write!(f, "not sent: {reason}"),
            Self::Unknown(reason) => write!(f, "it may have arrived: {reason}"),
            Self::Refused { status, reason, .. } => {
                write!(f, "refused with {status}")?;
                reason.iter().try_for_each(|reason| write!(f, " ({reason})"))?;
                f.write_str(if matches!(status, 404 | 410) { ": the webhook is gone, make a new one" } else { "" })
            }
            Self::Throttled { retry_after: Some(pause) } => {
                write!(f, "too many at once: it asks for a pause of {} s", pause.as_secs())
            }
            Self::Throttled { retry_after: None } => f.write_str("too many at once"),
        }
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed(invalid) => invalid.fmt(f),
            Self::Private => write!(f, "the name resolves to a private address; {IF_MEANT}"),
            Self::Name => f.write_str("the name has no address"),
            Self::Connect => f.write_str("no connection"),
            Self::TimedOut => f.write_str("no connection in time"),
            Self::Invalid => f.write_str("it is not valid HTTP"),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Broken => f.write_str("the connection broke"),
            Self::Answered(status @ 300..=399) => write!(f, "it answered {status}, and redirects are not followed"),
            Self::Answered(status) => write!(f, "it answered {status}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(why: Why) -> Failure {
        Failure::new("hooks.slack.com", why)
    }

    fn refused(status: u16, reason: Option<&str>) -> Failure {
        failure(Why::Refused { status, retry_after: None, reason: reason.map(str::to_owned) })
    }

    #[test]
    fn a_failure_is_told_in_words() {
        let pause = Some(Duration::from_secs(30));
        for (failure, expected) in [
            (failure(Why::NotSent(NotSent::Connect)), "not sent: no connection"),
            (failure(Why::Unknown(Unknown::TimedOut)), "it may have arrived: no answer in time"),
            (failure(Why::Unknown(Unknown::Answered(502))), "it may have arrived: it answered 502"),
            (
                failure(Why::Unknown(Unknown::Answered(302))),
                "it may have arrived: it answered 302, and redirects are not followed",
            ),
            (refused(403, Some("action_prohibited")), "refused with 403 (action_prohibited)"),
            (refused(404, Some("no_service")), "refused with 404 (no_service): the webhook is gone, make a new one"),
            (failure(Why::Throttled { retry_after: pause }), "too many at once: it asks for a pause of 30 s"),
            (
                failure(Why::NotSent(NotSent::Private)),
                "not sent: the name resolves to a private address; a notification goes to a public address only. If that \
                 is meant, put the host into `notifications.allowed_hosts`",
            ),
        ] {
            assert_eq!(failure.to_string(), format!("hooks.slack.com: {expected}"));
        }
    }

    #[test]
    fn a_failure_knows_what_may_be_done() {
        assert!(refused(410, None).is_gone() && refused(404, None).is_gone() && !refused(403, None).is_gone());
        assert!(refused(400, None).is_undelivered() && failure(Why::NotSent(NotSent::Name)).is_undelivered());
        assert!(!failure(Why::Unknown(Unknown::Broken)).is_undelivered());
        let pause = Some(Duration::from_secs(3));
        assert_eq!(failure(Why::Throttled { retry_after: pause }).retry_after(), pause);
        assert_eq!(failure(Why::Unknown(Unknown::Broken)).retry_after(), None);
    }
}
