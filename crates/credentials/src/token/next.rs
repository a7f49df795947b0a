//! What to do now: use the token, wait, or renew it in the best way there is.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::{Document, Pair, Reason, State, TroubleKind};
use crate::{Account, CompanyId};

/// A token this close to its end is not handed out: the request takes its time.
const MARGIN: Duration = Duration::from_secs(10);

/// A token that is younger isn't renewed because it was refused: the next one would be refused as well.
const FRESH: SignedDuration = SignedDuration::from_mins(1);

/// What the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// The generation of a token that the provider has refused.
    pub(crate) refused: Option<u64>,
    /// How long before its end a token is renewed; of short-lived ones at most a quarter of their life.
    pub(crate) early: Duration,
}

/// What to do now.
#[derive(Debug)]
pub(crate) enum Next<'a> {
    /// Call with it.
    Use(&'a SecretString),
    /// Look again then, or when the document changes.
    Wait { until: Timestamp, why: Waiting },
    /// Send the refresh token.
    Refresh,
    /// Ask with the agency's token.
    Exchange { company: &'a CompanyId, location: &'a str },
    /// Ask for a new pair without a refresh token.
    Reconnect,
    /// Nothing can be done here.
    Paused(Paused),
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// The end of a renewal that is under way.
    Renewal,
    /// The next attempt.
    Trouble(TroubleKind),
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paused {
    /// A person has to connect it again.
    NeedsReconnect(Reason),
    /// The app was removed from the account.
    Uninstalled,
    /// The provider refuses a token that is new: a newer one wouldn't help.
    StillRefused,
}

/// Decides.
pub(crate) fn next<'a>(document: &'a Document, now: Timestamp, need: &Need) -> Next<'a> {
    match &document.state {
        State::Uninstalled { .. } => return Next::Paused(Paused::Uninstalled),
        State::NeedsReconnect { reason, .. } => return Next::Paused(Paused::NeedsReconnect(*reason)),
        State::Refreshing { intent, .. } | State::Reconnecting { intent } if now < intent.settle_at => {
            let wait = Next::Wait { until: intent.settle_at, why: Waiting::Renewal };
            return usable(document, now, need).map_or(wait, Next::Use);
        }
        // An intent whose time has passed is as good as none: what it held is lost.
        State::Active | State::Refreshing { .. } | State::Reconnecting { .. } => {}
    }
    let usable = usable(document, now, need);
    if let Some(access) = usable.filter(|_| !is_due(document.pair.as_ref(), now, need.early)) {
        return Next::Use(access);
    }
    if usable.is_none() && is_fresh(document, now, need) {
        return Next::Paused(Paused::StillRefused);
    }
    if let Some(trouble) = document.trouble.filter(|trouble| now < trouble.not_before) {
        let wait = Next::Wait { until: trouble.not_before, why: Waiting::Trouble(trouble.kind) };
        return usable.map_or(wait, Next::Use);
    }
    way(document)
}

/// The token, unless it is about to end or was refused.
pub(crate) fn usable<'a>(document: &'a Document, now: Timestamp, need: &Need) -> Option<&'a SecretString> {
    let pair = document.pair.as_ref()?;
    let margin = MARGIN.min(life(pair) / 10);
    let lasts = now + margin < pair.expires_at;
    (lasts && need.refused != Some(document.generation)).then_some(&pair.access)
}

/// The best way to a new pair.
fn way(document: &Document) -> Next<'_> {
    let has_refresh = document.pair.as_ref().is_some_and(|pair| pair.refresh.is_some());
    match &document.account {
        _ if has_refresh => Next::Refresh,
        Account::Location { id, company: Some(company) } if !document.is_exchange_refused => {
            Next::Exchange { company, location: id }
        }
        Account::Location { .. } | Account::Company { .. } => Next::Reconnect,
    }
}

/// True when it is time to renew the token.
fn is_due(pair: Option<&Pair>, now: Timestamp, early: Duration) -> bool {
    pair.is_none_or(|pair| now + early.min(life(pair) / 4) >= pair.expires_at)
}

fn is_fresh(document: &Document, now: Timestamp, need: &Need) -> bool {
    let was_refused = need.refused == Some(document.generation);
    was_refused && document.pair.as_ref().is_some_and(|pair| now < pair.obtained_at + FRESH)
}

fn life(pair: &Pair) -> Duration {
    pair.expires_at.duration_since(pair.obtained_at).try_into().unwrap_or_default()
}
