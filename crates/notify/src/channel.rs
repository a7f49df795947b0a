//! Where a notification goes: a kind and a URL that passed the checks. The URL is a secret; what is shown is its host.

mod host;

use std::fmt;

use url::{Host, Url};

use crate::address::{Range, range};
use crate::allowed::{Allowed, canonical};

/// The longest URL that is taken.
pub const MAX_URL_CHARACTERS: usize = 2000;

/// What is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A Slack incoming webhook.
    Slack,
    /// A webhook of Microsoft Teams: a workflow that posts an Adaptive Card.
    Teams,
    /// Anything that takes JSON.
    Url,
}

/// Where a notification goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Channel {
    kind: Kind,
    /// Whoever has it can write to the channel: never shown.
    url: Url,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("kind", &self.kind).field("host", &self.host()).finish_non_exhaustive()
    }
}

/// How far a notification may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To public addresses.
    Public,
    /// To any address, because the operator names the host.
    Allowed,
}

impl Channel {
    /// A channel, if a notification may go there.
    pub fn new(kind: Kind, url: &str, allowed: &Allowed) -> Result<Self, InvalidChannel> {
        let channel = Self { kind, url: parse(url)? };
        channel.reach(allowed)?;
        Ok(channel)
    }

    /// What is at the other end.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The host, the one part of the URL that is no secret.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The whole address, for the request only.
    pub(crate) fn secret_url(&self) -> &Url {
        &self.url
    }

    /// How far it may go by what the URL says; what its name resolves to is looked at when it is sent.
    pub(crate) fn reach(&self, allowed: &Allowed) -> Result<Reach, InvalidChannel> {
        let shown = || self.host().to_owned();
        let host = self.url.host().ok_or(InvalidChannel::NotAUrl)?;
        let host = canonical(host.to_owned());
        if allowed.contains(&host, self.url.port_or_known_default().unwrap_or_default()) {
            return Ok(Reach::Allowed);
        }
        let reserved = match &host {
            Host::Ipv4(address) => range((*address).into()),
            Host::Ipv6(address) => range((*address).into()),
            Host::Domain(name) if host::is_local(name) => return Err(InvalidChannel::Local { host: shown() }),
            Host::Domain(_) => None,
        };
        if let Some(range) = reserved {
            return Err(InvalidChannel::NotPublic { host: shown(), range });
        }
        if self.url.scheme() != "https" {
            return Err(InvalidChannel::NotHttps { host: shown() });
        }
        match self.kind {
            Kind::Slack if !host::is_slack(&host) => Err(InvalidChannel::NotSlack { host: shown() }),
            Kind::Teams if !host::is_teams(&host) => Err(InvalidChannel::NotTeams { host: shown() }),
            Kind::Slack | Kind::Teams | Kind::Url => Ok(Reach::Public),
        }
    }
}

/// The URL, if its form is one that a notification can go to.
fn parse(text: &str) -> Result<Url, InvalidChannel> {
    let text = text.trim();
    if text.chars().count() > MAX_URL_CHARACTERS {
        return Err(InvalidChannel::TooLong);
    }
    // The parser leaves line breaks out without a word, which would glue two lines together.
    if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(InvalidChannel::Space);
    }
    let url = Url::parse(text).map_err(|_| InvalidChannel::NotAUrl)?;
    let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")).map(str::to_owned) else {
        return Err(InvalidChannel::NotAUrl);
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidChannel::User { host });
    }
    if url.fragment().is_some() {
        return Err(InvalidChannel::Fragment { host });
    }
    Ok(url)
}

/// What an operator does about a refusal that is wrong.
pub(crate) const IF_MEANT: &str = "a notification goes to a public address only. If that is meant, put the host into \
                                   `notifications.allowed_hosts`";

/// A notification can't go there. Says what to do about it, and no more of the URL than its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChannel {
    /// It is no http or https URL.
    #[error("it is not a URL; write the whole of it, beginning with https://")]
    NotAUrl,
    /// Longer than [`MAX_URL_CHARACTERS`].
    #[error("the URL is longer than {MAX_URL_CHARACTERS} characters")]
    TooLong,
    /// A space or a line break within.
    #[error("the URL has a space or a line break in it")]
    Space,
    /// A user or a password before the host.
    #[error("the URL of {host} has a user or a password in front of the host; leave it out")]
    User {
        /// The URL's host.
        host: String,
    },
    /// Something after `#`.
    #[error("the URL of {host} has a part after `#`, which is never sent; leave it out")]
    Fragment {
        /// The URL's host.
        host: String,
    },
    /// http to a host that isn't allowed to.
    #[error(
        "the URL of {host} is http, which anybody on the way can read; use https. If http is meant, put the host into \
         `notifications.allowed_hosts`"
    )]
    NotHttps {
        /// The URL's host.
        host: String,
    },
    /// An address that isn't public.
    #[error("{host} is {range}; {IF_MEANT}")]
    NotPublic {
        /// The URL's host.
        host: String,
        /// Where it is instead.
        range: Range,
    },
    /// A name that means something only on this machine or in this network.
    #[error("{host} is a name of this machine or of the private network; {IF_MEANT}")]
    Local {
        /// The URL's host.
        host: String,
    },
    /// A Slack webhook that isn't at Slack.
    #[error(
        "{host} is not Slack; the URL of an incoming webhook begins with https://hooks.slack.com/. If another host takes \
         the same messages, put it into `notifications.allowed_hosts`"
    )]
    NotSlack {
        /// The URL's host.
        host: String,
    },
    /// A Teams webhook that isn't at Microsoft.
    #[error(
        "{host} is not where Teams has webhooks; make one with the Workflows app and take its URL, whose host ends with \
         .logic.azure.com or .powerplatform.com. If another host takes the same messages, put it into \
         `notifications.allowed_hosts`"
    )]
    NotTeams {
        /// The URL's host.
        host: String,
    },
}

#[cfg(test)]
mod tests;
