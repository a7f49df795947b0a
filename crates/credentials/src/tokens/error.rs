//! Why there is no token to call with.

use jiff::Timestamp;
use tandem_policy::ErrorClass;

use crate::{Holder, Paused, Reason, TroubleKind, VaultError};

/// There is no token to call with. No message holds one.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// Nobody has connected it.
    #[error("{holder} is not connected to GHL: connect it with `tandem connect`")]
    NotConnected {
        /// Whose token.
        holder: Holder,
    },
    /// Nothing can be done here: events are kept until a person has done something.
    #[error("{holder} is paused: {paused}")]
    Paused {
        /// Whose token.
        holder: Holder,
        /// Why.
        paused: Paused,
    },
    /// Not now.
    #[error("there is no token of {} for now: {}", .0.holder, trouble(.0.trouble))]
    Later(Later),
    /// It can't be read or stored.
    #[error("the token can't be read or stored")]
    Vault(#[from] VaultError),
    /// The process is ending.
    #[error("the process is ending")]
    Interrupted,
}

/// When to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// Whose token.
    pub holder: Holder,
    /// Not before this.
    pub until: Timestamp,
    /// What stands in the way; none while a renewal is under way.
    pub trouble: Option<TroubleKind>,
}

impl NoToken {
    /// Whether asking again makes sense.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotConnected { .. } | Self::Paused { .. } => ErrorClass::Permanent,
            Self::Later(_) | Self::Interrupted => ErrorClass::Transient,
            Self::Vault(error) => error.class(),
        }
    }
}

fn trouble(trouble: Option<TroubleKind>) -> &'static str {
    trouble.map_or("it is being renewed", TroubleKind::words)
}

impl TroubleKind {
    /// What it is, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unreachable => "GHL can't be reached, or wants fewer requests",
            Self::OutcomeUnknown => "GHL gave no usable answer",
            Self::LocationInactive => {
                "GHL says that the location is not active; it works again once it is switched on there"
            }
            Self::Unauthorized => "GHL refuses the app's client id or secret: check `providers.ghl`",
            Self::Refused => "GHL refuses the request for a new token",
            Self::NoCompanyToken => "the agency's token is not to be had",
        }
    }
}

impl std::fmt::Display for Paused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NeedsReconnect(reason) => reason.words(),
            Self::Uninstalled => "the app was removed from the GHL account; connect it again with `tandem connect`",
            Self::StillRefused => "GHL refuses a token that is new; another one is asked for when it is a minute old",
        })
    }
}

impl Reason {
    /// What it is and what helps, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Refused => "GHL gives no new token; connect it again with `tandem connect`",
            Self::OtherAccount => "GHL gave a token of another account; connect it again with `tandem connect`",
        }
    }
}
