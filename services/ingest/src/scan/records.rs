//! The last step of a scan: our own documents. Whoever was found in `OpenPhone` and has no counterpart in GHL gets a command now;
//! one that has waited for long may have lost its command; and in a sweep, a record whose contact no page showed may have
//! lost it.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{PerSide, Side};
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::Kind;
use tandem_records::Records;

use super::ledger::Pages;

/// Commands wait for longer than this only behind many others, and asking for one twice costs little.
const WAITED_LONG: Duration = Duration::from_mins(15);

/// A record that needs a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) record: RecordId,
    /// Sides whose contact was not met.
    pub(super) unmet: Vec<Side>,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Whom pages showed; none where that doesn't matter.
    pub(super) pages: Option<&'a Pages<'a>>,
    pub(super) begun_at: Timestamp,
    pub(super) now: Timestamp,
}

/// Finds them. Contacts that were linked after the scan began need not have been met.
pub(super) async fn find(
    records: &Records,
    connection: &ConnectionId,
    wanted: Wanted<'_>,
) -> Result<Vec<Look>, tandem_records::Error> {
    let mut met = None;
    if let Some(pages) = wanted.pages {
        let (ghl, openphone) = (pages.met(Side::Ghl.name()).await?, pages.met(Side::OpenPhone.name()).await?);
        met = Some(PerSide { ghl, openphone });
    }
    let mut found = Vec::new();
    let visit = |document: tandem_reconcile::Document| {
        let is_unmet = |side: &Side| {
            let Some(met) = &met else { return false };
            let link = document.link[*side].as_ref().filter(|_| document.gone[*side].is_none());
            link.is_some_and(|link| link.since < wanted.begun_at && !met[*side].contains(&link.id))
        };
        let unmet: Vec<Side> = match (&document.merged_into, document.kind) {
            // Lists of contacts show no tasks and no notes.
            (Some(_), _) | (None, Kind::Task | Kind::Note) => Vec::new(),
            (None, Kind::Contact) => Side::BOTH.into_iter().filter(is_unmet).collect(),
        };
        let is_alone = document.link[Side::Ghl].is_none() && document.link[Side::OpenPhone].is_some();
        let waits = |since: Timestamp| is_alone || since + WAITED_LONG < wanted.now;
        let needs_command = document.parked.is_none() && document.dirty_since.is_some_and(waits);
        if needs_command || !unmet.is_empty() {
            found.push(Look { record: document.id, unmet });
        }
    };
    records.each(connection, visit).await?;
    Ok(found)
}
