//! The intents: what goes into the store before a request leaves.

use jiff::Timestamp;

use super::{Document, Intent, IntentKind, State, Timing};
use crate::Call;

/// Between the end of the last request and somebody else's turn: clocks differ a little.
const MARGIN: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// A renewal that may start when the document is stored.
#[derive(Debug)]
pub(crate) struct Begun {
    /// To be stored first.
    pub(crate) document: Document,
    /// To be sent then.
    pub(crate) call: Call,
    /// What the outcome is reported with.
    pub(crate) intent: Intent,
}

/// Means to send the refresh token; none where there is none.
pub(crate) fn begin_refresh(mut document: Document, timing: &Timing, (owner, now): (&str, Timestamp)) -> Option<Begun> {
    let refresh = document.pair.as_mut()?.refresh.take()?;
    let settle_at = now + timing.send_window + timing.answer_within + MARGIN;
    let intent = intent(&mut document, IntentKind::Refresh, (owner, settle_at));
    let call = Call::Refresh { refresh: refresh.clone(), account: document.account.clone() };
    document.state = State::Refreshing { intent: intent.clone(), refresh };
    Some(Begun { document, call, intent })
}

/// Means to ask for a pair without a refresh token. One that is in an intent is lost with it.
pub(crate) fn begin_reconnect(mut document: Document, timing: &Timing, (owner, now): (&str, Timestamp)) -> Begun {
    // Two requests, one after the other.
    let settle_at = now + timing.send_window + 2 * timing.answer_within + MARGIN;
    let intent = intent(&mut document, IntentKind::Reconnect, (owner, settle_at));
    let call = Call::Reconnect { account: document.account.clone() };
    document.state = State::Reconnecting { intent: intent.clone() };
    Begun { document, call, intent }
}

/// Asking with the agency's token uses nothing up and is stored only when it is done: of two that ask at once, both are
/// right. Returned is what the outcome is reported with.
pub(crate) fn begin_exchange(document: &Document, (owner, now): (&str, Timestamp)) -> Intent {
    let operation = document.operations + 1;
    Intent { kind: IntentKind::Exchange, operation, owner: owner.to_owned(), settle_at: now }
}

fn intent(document: &mut Document, kind: IntentKind, (owner, settle_at): (&str, Timestamp)) -> Intent {
    document.operations += 1;
    Intent { kind, operation: document.operations, owner: owner.to_owned(), settle_at }
}
