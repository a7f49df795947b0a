//! The last step of a scan: our own documents. Whoever was found in `OpenPhone` and has no counterpart in GHL gets a command now;
//! one that has waited for long may have lost its command; in a sweep, a record whose contact no page showed may have
//! lost it; and a task or note that was left alone because its person was not known, or not across, may go on.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{Field, PerSide, Side, Value};
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{COMPLETED, Document, Kind};
use tandem_records::{Error, Records};

use super::ledger::Pages;

/// Commands wait for longer than this only behind many others, and asking for one twice costs little.
const WAITED_LONG: Duration = Duration::from_mins(15);

/// A record that needs a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) record: RecordId,
    /// Sides that are to be read: their contact was not met, or their task or note was left alone.
    pub(super) unmet: Vec<Side>,
    /// Unless they were linked after this.
    pub(super) before: Timestamp,
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
pub(super) async fn find(records: &Records, connection: &ConnectionId, wanted: Wanted<'_>) -> Result<Vec<Look>, Error> {
    let mut met = None;
    if let Some(pages) = wanted.pages {
        let (ghl, openphone) = (pages.met(Side::Ghl.name()).await?, pages.met(Side::OpenPhone.name()).await?);
        met = Some(PerSide { ghl, openphone });
    }
    let (mut found, mut left) = (Vec::new(), Vec::new());
    let visit = |document: Document| {
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
            found.push(Look { record: document.id, unmet, before: wanted.begun_at });
        } else if let Some(side) = left_alone(&document) {
            left.push((side, document));
        }
    };
    records.each(connection, visit).await?;
    for (side, thing) in left {
        if is_about_somebody_across(records, &thing).await? {
            found.push(Look { record: thing.id, unmet: vec![side], before: wanted.now });
        }
    }
    Ok(found)
}

/// The side of a task or note that is nowhere else, and about which nothing is under way. A task that is done stays where it is.
fn left_alone(thing: &Document) -> Option<Side> {
    let is_open = thing.canon_value(Field::TaskStatus).and_then(Value::as_text) != Some(COMPLETED);
    let is_at_rest = thing.dirty_since.is_none() && thing.parked.is_none() && thing.merged_into.is_none();
    let is_there = |side: &Side| thing.link[*side].is_some() && thing.gone[*side].is_none();
    let is_nowhere = |side: Side| thing.link[side].is_none() && thing.gone[side].is_none();
    let side = Side::BOTH.into_iter().find(|side| is_there(side) && is_nowhere(side.other()));
    side.filter(|_| thing.kind != Kind::Contact && is_open && is_at_rest)
}

/// Or on the way there.
async fn is_about_somebody_across(records: &Records, thing: &Document) -> Result<bool, Error> {
    let Some(person) = records.whose(thing).await? else { return Ok(false) };
    let Some(person) = records.last_of(&thing.connection, person).await? else { return Ok(false) };
    let (person, is_gone) = (&person.document, |side: &Side| person.document.gone[*side].is_some());
    let is_whole = Side::BOTH.iter().all(|side| person.link[*side].is_some());
    let is_on_the_way = person.dirty_since.is_some() && person.parked.is_none();
    Ok((is_whole || is_on_the_way) && !Side::BOTH.iter().any(is_gone))
}
