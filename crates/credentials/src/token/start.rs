//! What people and the provider's events do to the document: connecting, installing, removing.

use jiff::Timestamp;

use super::outcome::take;
use super::{Document, State};
use crate::{Account, CompanyId, Grant};

/// Tokens that a person's consent brought. They replace whatever was there.
pub(crate) fn connected(before: Option<&Document>, account: Account, grant: &Grant, now: Timestamp) -> Document {
    let mut document = fresh(before, account, now);
    let operation = document.operations;
    take(&mut document, grant, operation, now);
    document
}

/// The app was put into a location through its agency, whose token gives the location's. None where that was known, or
/// is older than what is known.
pub(crate) fn installed(before: Option<&Document>, account: Account, at: Timestamp) -> Option<Document> {
    let is_over = before.is_none_or(|document| match document.state {
        State::Uninstalled { since } | State::NeedsReconnect { since, .. } => since < at,
        State::Active | State::Refreshing { .. } | State::Reconnecting { .. } => false,
    });
    is_over.then(|| fresh(before, account, at))
}

/// The app was removed; the tokens go. None where that was known, or is older than the last connecting.
pub(crate) fn uninstalled(document: Document, at: Timestamp) -> Option<Document> {
    let is_known = matches!(document.state, State::Uninstalled { .. });
    // Events tell the time in milliseconds.
    let is_old = at.as_millisecond() < document.connected_at.as_millisecond();
    (!is_known && !is_old).then(|| Document {
        pair: None,
        state: State::Uninstalled { since: at },
        trouble: None,
        operations: document.operations + 1,
        ..document
    })
}

/// The app was removed from an agency. That ends what came through the agency, and not what a person connected directly.
pub(crate) fn uninstalled_with(document: Document, company: &CompanyId, at: Timestamp) -> Option<Document> {
    let is_below = matches!(&document.account, Account::Location { company: Some(own), .. } if own == company);
    let came_through = document.pair.as_ref().is_none_or(|pair| pair.is_exchanged);
    if is_below && came_through { uninstalled(document, at) } else { None }
}

/// A document without tokens, to which nothing that began before matters.
fn fresh(before: Option<&Document>, account: Account, now: Timestamp) -> Document {
    let (generation, operations) = before.map_or((0, 0), |before| (before.generation, before.operations));
    Document {
        schema: Document::SCHEMA,
        account,
        scopes: Vec::new(),
        generation,
        operations: operations + 1,
        connected_at: now,
        connected_as: operations + 1,
        pair: None,
        state: State::Active,
        trouble: None,
        is_exchange_refused: false,
    }
}
