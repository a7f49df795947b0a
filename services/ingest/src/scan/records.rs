//! The last step of a sweep: our own documents. A record whose contact no page showed may have lost it; one that has waited
//! for long may have lost its command.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{PerSide, Side};
use tandem_proto::{ConnectionId, RecordId};
use tandem_records::Records;

use super::ledger::{Met, Pages};

/// Commands wait for longer than this only behind many others, and asking for one twice costs little.
const WAITED_LONG: Duration = Duration::from_mins(15);

/// A record that needs a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) record: RecordId,
    /// Sides whose contact was not met.
    pub(super) unmet: Vec<Side>,
}

/// Finds them. Contacts that were linked after the scan began need not have been met.
pub(super) async fn find(
    records: &Records,
    connection: &ConnectionId,
    pages: &Pages<'_>,
    (begun_at, now): (Timestamp, Timestamp),
) -> Result<Vec<Look>, tandem_records::Error> {
    let met = PerSide { ghl: pages.met(Side::Ghl.name()).await?, openphone: pages.met(Side::OpenPhone.name()).await? };
    let is_unmet = |met: &Met<'_>, link: Option<(&str, Timestamp)>| {
        link.is_some_and(|(id, since)| since < begun_at && !met.contains(id))
    };
    let mut found = Vec::new();
    records
        .each(connection, |document| {
            let unmet = Side::BOTH.into_iter().filter(|side| {
                let link = document.link[*side].as_ref().map(|link| (link.id.as_str(), link.since));
                document.gone[*side].is_none() && is_unmet(&met[*side], link)
            });
            let unmet: Vec<Side> = unmet.collect();
            let has_waited = document.dirty_since.is_some_and(|since| since + WAITED_LONG < now);
            if !unmet.is_empty() || has_waited && document.parked.is_none() {
                found.push(Look { record: document.id, unmet });
            }
        })
        .await?;
    Ok(found)
}
