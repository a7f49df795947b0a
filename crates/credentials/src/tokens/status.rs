//! How a holder's tokens are, for checks and people: nothing secret in it.

use jiff::Timestamp;

use crate::token::{Document, State};
use crate::{Account, Reason, TroubleKind};

/// How a holder's tokens are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Where they are in their life.
    pub stage: Stage,
    /// What they are for.
    pub account: Account,
    /// What they allow, where the provider said so.
    pub scopes: Vec<String>,
    /// How many pairs there have been.
    pub generation: u64,
    /// The end of the access token, where there is one.
    pub expires_at: Option<Timestamp>,
    /// The last attempt to renew failed: why, and when the next one comes.
    pub trouble: Option<(TroubleKind, Timestamp)>,
    /// The last time that a person or the provider connected it.
    pub connected_at: Timestamp,
}

/// Where tokens are in their life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// They work, or will be renewed when they are asked for.
    Active,
    /// Being renewed.
    Renewing,
    /// A person has to connect it again.
    NeedsReconnect(Reason),
    /// The app was removed from the account.
    Uninstalled,
}

impl Status {
    pub(crate) fn of(document: &Document, now: Timestamp) -> Self {
        let stage = match &document.state {
            State::Refreshing { intent, .. } | State::Reconnecting { intent } if now < intent.settle_at => {
                Stage::Renewing
            }
            State::Active | State::Refreshing { .. } | State::Reconnecting { .. } => Stage::Active,
            State::NeedsReconnect { reason, .. } => Stage::NeedsReconnect(*reason),
            State::Uninstalled { .. } => Stage::Uninstalled,
        };
        Self {
            stage,
            account: document.account.clone(),
            scopes: document.scopes.clone(),
            generation: document.generation,
            expires_at: document.pair.as_ref().map(|pair| pair.expires_at),
            trouble: document.trouble.map(|trouble| (trouble.kind, trouble.not_before)),
            connected_at: document.connected_at,
        }
    }
}
