//! Tasks and notes: records of their own, found by their ids, and met only where they travel.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::Side;
use tandem_proto::{ConnectionId, Header, Lane, RecordId};
use tandem_providers::ContactId;
use tandem_providers::ghl::note::PartId;
use tandem_reconcile::{Document, Kind, Rules, adopt, hint};
use tandem_records::{Error, Loaded, thing_record_id};
use tandem_store::Expected;
use tandem_telemetry::chain;

use super::{Failure, News, Settlement, What, age, apply, index, last_of, skip};
use crate::observation::Maker;
use crate::{Connection, Deps, UNAVAILABLE};

/// After this a contact that a thing names is one that nobody has told us of.
const CONTACT_COMES: Duration = Duration::from_secs(10);
/// Parts of a note; nobody writes more.
const MOST_PARTS: usize = 1_000;

/// The thing's record and its document: nothing names who made one.
pub(super) async fn resolve(
    deps: &Deps,
    connection: &ConnectionId,
    (kind, side, id): (Kind, Side, &ContactId),
) -> Result<(RecordId, Option<Loaded>), Failure> {
    let linked = deps.records.linked_thing(connection, (kind, side), id.as_str()).await?;
    if let Some(record) = linked {
        return last_of(deps, connection, record).await;
    }
    let record = thing_record_id(connection, kind, side, id.as_str());
    let (record, loaded) = last_of(deps, connection, record).await?;
    index(deps, loaded.as_ref(), (side, id)).await?;
    Ok((record, loaded))
}

/// How it ends with a thing that is met for the first time, if it goes no further: none travel that way, or nobody has told us of
/// the contact that it names.
pub(super) async fn unwanted(
    deps: &Deps,
    news: &News<'_>,
    (record, lane, now): (&RecordId, Lane, Timestamp),
) -> Result<Option<Settlement>, Failure> {
    let What::Thing { kind, contact } = &news.what else { return Ok(None) };
    if !news.rules.writes_anything_to(news.side.other()) {
        return Ok(Some(skip(deps, news.header, do_not_travel(*kind))));
    }
    let Some(contact) = contact.as_ref().filter(|_| !news.is_deleted) else { return Ok(None) };
    if deps.records.linked(&news.header.connection, news.side, contact.as_str()).await?.is_some() {
        return Ok(None);
    }
    if news.header.source == "poll" {
        // It may have been there for long. Nobody but a scan says who else is the same person, so it waits for the next one.
        leave(deps, news, (record, contact, now)).await?;
        return Ok(Some(skip(deps, news.header, of_nobody(*kind))));
    }
    if age(news.header, now) < CONTACT_COMES {
        return Ok(Some(Settlement::Retry { code: UNAVAILABLE }));
    }
    // So this is the first that we hear of the contact.
    Ok(match Box::pin(hint_contact(deps, news, contact, lane)).await {
        Settlement::Done | Settlement::Skipped => None,
        other @ (Settlement::Dead { .. } | Settlement::Retry { .. }) => Some(other),
    })
}

async fn hint_contact(deps: &Deps, news: &News<'_>, contact: &ContactId, lane: Lane) -> Settlement {
    let what = What::Contact { seen: None, maker: Maker::Others };
    let (rules, id) = (&news.connection.rules, contact.clone());
    apply(deps, &News { rules, id, is_deleted: false, what, ..*news }, lane).await
}

/// Remembered, to be read once its contact is known.
async fn leave(
    deps: &Deps,
    news: &News<'_>,
    (record, contact, now): (&RecordId, &ContactId, Timestamp),
) -> Result<(), Failure> {
    let mut document = Document::new(news.header.connection.clone(), record.clone(), now).of_kind(news.kind());
    adopt(&mut document, news.rules, news.side, news.id.as_str(), now);
    document.place[news.side] = Some(contact.to_string());
    hint(&mut document, news.side);
    deps.records.save(&document, Expected::Absent).await?;
    Ok(deps.records.link_if_new(&document, news.side, news.id.as_str()).await?)
}

/// A note in GHL, which is several things for the other side where it is long.
pub(super) struct Parts<'a> {
    pub(super) header: &'a Header,
    pub(super) connection: &'a Connection,
    pub(super) rules: &'a Rules,
    /// Its first part.
    pub(super) note: PartId,
    /// How many it has.
    pub(super) count: usize,
    pub(super) contact: Option<ContactId>,
}

impl Parts<'_> {
    /// Every part that the note has is to be read, and every one that it had: what is no more is deleted.
    pub(super) async fn apply(&self, deps: &Deps, lane: Lane) -> Settlement {
        let mut all = Settlement::Skipped;
        for number in 1..=MOST_PARTS {
            let Some(id) = self.note.with_number(number).name() else { break };
            match self.is_known(deps, number, &id).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(event.id = %self.header.id, error = %chain(&error),
                        "the parts of a note can't be looked up; it is tried again");
                    return Settlement::Retry { code: UNAVAILABLE };
                }
            }
            match apply(deps, &self.news(number, id), lane).await {
                Settlement::Skipped => {}
                Settlement::Done => all = Settlement::Done,
                other @ (Settlement::Dead { .. } | Settlement::Retry { .. }) => return other,
            }
        }
        all
    }

    /// A part that the note has, or had.
    async fn is_known(&self, deps: &Deps, number: usize, id: &ContactId) -> Result<bool, Error> {
        if number <= self.count.max(1) {
            return Ok(true);
        }
        let linked = deps.records.linked_thing(&self.header.connection, (Kind::Note, Side::Ghl), id.as_str());
        Ok(linked.await?.is_some())
    }

    fn news(&self, number: usize, id: ContactId) -> News<'_> {
        let what = What::Thing { kind: Kind::Note, contact: self.contact.clone() };
        let is_deleted = number > self.count;
        News {
            header: self.header,
            connection: self.connection,
            rules: self.rules,
            side: Side::Ghl,
            id,
            is_deleted,
            what,
        }
    }
}

/// Something is going on with an `OpenPhone` contact: its notes are read for a while, as no event tells of them.
pub(super) async fn after_contact(
    deps: &Deps,
    connection: &Connection,
    news: &News<'_>,
    settlement: Settlement,
) -> Settlement {
    let reads_notes = connection.note_rules.as_ref().is_some_and(|rules| rules.writes_anything_to(Side::Ghl));
    let is_news = news.side == Side::OpenPhone && !news.is_deleted && settlement == Settlement::Done;
    if !reads_notes || !is_news {
        return settlement;
    }
    let at = Timestamp::from_millisecond(news.header.time_ms).unwrap_or_else(|_| Timestamp::now());
    match deps.records.notes().touch(&news.header.connection, news.id.as_str(), at).await {
        Ok(()) => settlement,
        Err(error) => {
            tracing::warn!(event.id = %news.header.id, error = %chain(&error),
                "whose notes are to be read could not be stored; it is tried again");
            Settlement::Retry { code: UNAVAILABLE }
        }
    }
}

pub(super) fn do_not_travel(kind: Kind) -> &'static str {
    if kind == Kind::Note { "notes_do_not_travel" } else { "tasks_do_not_travel" }
}

fn of_nobody(kind: Kind) -> &'static str {
    if kind == Kind::Note { "note_of_nobody" } else { "task_of_nobody" }
}
