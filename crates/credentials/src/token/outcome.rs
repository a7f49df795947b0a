//! What a request came to, and the document after it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tandem_policy::backoff;

use super::{Document, Intent, IntentKind, Moment, Pair, Reason, State, Trouble, TroubleKind};
use crate::{Account, Answer, Grant};

/// No token lives longer, and later arithmetic must not overflow.
const MAX_LIFE: Duration = Duration::from_hours(24 * 366);

/// The provider's refusals in a row after which a way is given up, where one alone proves nothing.
const MAX_REFUSALS: u32 = 5;

/// The document after an answer; none where the answer changes nothing, because somebody else went on.
pub(crate) fn settle(document: Document, intent: &Intent, answer: &Answer, moment: Moment) -> Option<Document> {
    if let Answer::Tokens(grant) = answer {
        return land(document, intent, grant, moment.now);
    }
    match intent.kind {
        IntentKind::Refresh => refresh_failed(document, intent, answer, moment),
        IntentKind::Reconnect => reconnect_failed(document, intent, answer, moment),
        IntentKind::Exchange => exchange_failed(document, intent, answer, moment),
    }
}

/// The document after a wait for the agency's token was in vain.
pub(crate) fn no_company_token(mut document: Document, intent: &Intent, moment: Moment) -> Option<Document> {
    let is_ours = document.operations + 1 == intent.operation;
    document.trouble = Some(trouble_after(document.trouble, TroubleKind::NoCompanyToken, None, moment));
    is_ours.then_some(document)
}

/// Takes tokens in. Also late ones: a pair that was given is not lost because its intent's time has passed, unless a
/// newer pair is there.
fn land(mut document: Document, intent: &Intent, grant: &Grant, now: Timestamp) -> Option<Document> {
    let newest = document.pair.as_ref().map_or(0, |pair| pair.operation).max(document.connected_as);
    let is_exchange = intent.kind == IntentKind::Exchange;
    let is_overtaken = is_exchange && document.operations >= intent.operation;
    let is_void = intent.operation <= newest || matches!(document.state, State::Uninstalled { .. });
    if is_void || is_overtaken {
        return None;
    }
    if is_of_other_account(&document.account, grant) {
        document.state = State::NeedsReconnect { reason: Reason::OtherAccount, since: now };
        return Some(document);
    }
    document.operations = document.operations.max(intent.operation);
    document.state = match document.state {
        // Somebody asks for a newer pair; this one serves until that is there.
        State::Refreshing { intent: newer, refresh } if newer.operation > intent.operation => {
            State::Refreshing { intent: newer, refresh }
        }
        State::Reconnecting { intent: newer } if newer.operation > intent.operation => {
            State::Reconnecting { intent: newer }
        }
        State::Active | State::Refreshing { .. } | State::Reconnecting { .. } | State::NeedsReconnect { .. } => {
            State::Active
        }
        State::Uninstalled { since } => State::Uninstalled { since },
    };
    take(&mut document, grant, intent.operation, now);
    Some(document)
}

/// Puts the tokens into the document.
pub(super) fn take(document: &mut Document, grant: &Grant, operation: u64, now: Timestamp) {
    document.pair = Some(Pair {
        access: grant.access.clone(),
        obtained_at: now,
        expires_at: now + grant.expires_in.min(MAX_LIFE),
        refresh: grant.refresh.clone(),
        operation,
        is_exchanged: grant.is_exchanged,
    });
    if !grant.scopes.is_empty() {
        document.scopes.clone_from(&grant.scopes);
    }
    if let Account::Location { company: company @ None, .. } = &mut document.account {
        company.clone_from(&grant.company);
    }
    document.generation += 1;
    document.trouble = None;
    document.is_exchange_refused = false;
}

/// True for tokens of somebody else, which must not be written with.
pub(super) fn is_of_other_account(account: &Account, grant: &Grant) -> bool {
    match account {
        Account::Location { id, .. } => grant.location.as_ref().is_some_and(|other| other != id),
        Account::Company { id } => grant.company.as_ref().is_some_and(|other| other != id),
    }
}

fn refresh_failed(mut document: Document, intent: &Intent, answer: &Answer, moment: Moment) -> Option<Document> {
    let refresh = match document.state {
        State::Refreshing { intent: held, refresh } if held == *intent => refresh,
        // It was never stored, or its time has passed and somebody else went on.
        State::Active
        | State::Refreshing { .. }
        | State::Reconnecting { .. }
        | State::NeedsReconnect { .. }
        | State::Uninstalled { .. } => return None,
    };
    document.state = State::Active;
    let (kind, retry_after) = failure(answer);
    let next = trouble_after(document.trouble, kind, retry_after, moment);
    let is_hopeless = kind == TroubleKind::Refused && next.failures >= MAX_REFUSALS;
    match answer {
        // Used, or perhaps used: it goes out of the document, and another way is taken at once.
        Answer::Tokens(_) | Answer::InvalidGrant | Answer::Unknown => document.trouble = None,
        Answer::Refused if is_hopeless => document.trouble = None,
        Answer::LocationInactive | Answer::NotApplied { .. } | Answer::Unauthorized | Answer::Refused => {
            document.trouble = Some(next);
            if let Some(pair) = document.pair.as_mut() {
                pair.refresh = Some(refresh);
            }
        }
    }
    Some(document)
}

fn reconnect_failed(mut document: Document, intent: &Intent, answer: &Answer, moment: Moment) -> Option<Document> {
    let is_ours = matches!(&document.state, State::Reconnecting { intent: held } if held == intent);
    if !is_ours {
        return None;
    }
    let (kind, retry_after) = failure(answer);
    let next = trouble_after(document.trouble, kind, retry_after, moment);
    // A pair that came late is a way on.
    let has_refresh = document.pair.as_ref().is_some_and(|pair| pair.refresh.is_some());
    let is_final = match answer {
        Answer::InvalidGrant | Answer::Refused => true,
        Answer::Unauthorized => next.failures >= MAX_REFUSALS,
        Answer::Tokens(_) | Answer::LocationInactive | Answer::NotApplied { .. } | Answer::Unknown => false,
    };
    document.trouble = Some(next);
    document.state = if is_final && !has_refresh {
        State::NeedsReconnect { reason: Reason::Refused, since: moment.now }
    } else {
        State::Active
    };
    Some(document)
}

fn exchange_failed(mut document: Document, intent: &Intent, answer: &Answer, moment: Moment) -> Option<Document> {
    if document.operations + 1 != intent.operation {
        return None;
    }
    let (kind, retry_after) = failure(answer);
    let next = trouble_after(document.trouble, kind, retry_after, moment);
    let is_final = match answer {
        Answer::InvalidGrant | Answer::Refused => true,
        Answer::Unauthorized => next.failures >= MAX_REFUSALS,
        Answer::Tokens(_) | Answer::LocationInactive | Answer::NotApplied { .. } | Answer::Unknown => false,
    };
    document.is_exchange_refused = is_final;
    // Another way is taken at once.
    document.trouble = (!is_final).then_some(next);
    Some(document)
}

fn failure(answer: &Answer) -> (TroubleKind, Option<Duration>) {
    match answer {
        Answer::Tokens(_) | Answer::Unknown => (TroubleKind::OutcomeUnknown, None),
        Answer::InvalidGrant | Answer::Refused => (TroubleKind::Refused, None),
        Answer::LocationInactive => (TroubleKind::LocationInactive, None),
        Answer::NotApplied { retry_after } => (TroubleKind::Unreachable, *retry_after),
        Answer::Unauthorized => (TroubleKind::Unauthorized, None),
    }
}

/// The first and the longest wait after a failure.
fn waits(kind: TroubleKind) -> (Duration, Duration) {
    match kind {
        TroubleKind::Unreachable | TroubleKind::NoCompanyToken => (Duration::from_secs(2), Duration::from_mins(2)),
        TroubleKind::OutcomeUnknown => (Duration::from_secs(10), Duration::from_mins(10)),
        TroubleKind::LocationInactive => (Duration::from_mins(1), Duration::from_mins(30)),
        TroubleKind::Unauthorized | TroubleKind::Refused => (Duration::from_secs(30), Duration::from_mins(15)),
    }
}

/// At least half of the wait that backoff allows: nothing is gained by asking again at once.
fn trouble_after(before: Option<Trouble>, kind: TroubleKind, retry_after: Option<Duration>, moment: Moment) -> Trouble {
    let failures = before.map_or(0, |trouble| trouble.failures);
    let (base, cap) = waits(kind);
    let half = backoff::ceiling(failures, base, cap) / 2;
    let wait = half + backoff::delay(failures, base / 2, cap / 2, moment.random);
    let wait = wait.max(retry_after.unwrap_or_default());
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_hours(24));
    Trouble { kind, failures: failures.saturating_add(1), not_before: moment.now + wait }
}
