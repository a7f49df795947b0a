//! `OpenPhone` tells of no note (contract sheet, section 7.3), and reading those of everybody takes too long: they are read of
//! people with whom something is going on.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tandem_contact::Side;
use tandem_providers::ContactId;
use tandem_providers::openphone::conversation::{self, Conversation, Filter, Known, Owner};
use tandem_providers::openphone::webhook::{NOTE_GONE, NOTE_SEEN};
use tandem_reconcile::Document;
use tandem_records::{Turn, changed};

use super::{Failure, News, publish};
use crate::call::Caller;
use crate::note::prints;
use crate::thing::SKEW;

/// So long after something was last going on with somebody their notes are read.
const ACTIVE: Duration = Duration::from_hours(24);
/// Contacts whose notes are read at a time.
const MOST_CONTACTS: usize = 100;
/// Pages of conversations that are looked at.
const MOST_PAGES: usize = 200;

/// Reads the notes of those that were not read for longest.
pub(super) async fn tell(caller: &Caller<'_>, turn: &Turn, begun: Timestamp) -> Result<(), Failure> {
    let (notes, connection, since) = (caller.deps.records.notes(), &caller.connection.id, begun - ACTIVE);
    meet(caller, turn.last.map_or(since, |last| (last - SKEW).max(since))).await?;
    let due = notes.due(connection, since, MOST_CONTACTS).await?;
    let (mut read, mut told) = (BTreeSet::new(), Ok(()));
    for contact in due {
        match tell_of(caller, &contact, turn).await {
            // Whoever can't be read doesn't hold up the others, and comes behind them the next time.
            Err(Failure::Provider(trouble)) if trouble.not_the_records_fault().is_none() => {
                let error = trouble.reason();
                tracing::warn!(connection.id = %connection, error, "a contact's notes could not be read; it is tried again");
            }
            Ok(()) => {}
            Err(failure) => {
                told = Err(failure);
                break;
            }
        }
        read.insert(contact);
    }
    notes.were_read(connection, &read, (begun, since)).await?;
    tracing::debug!(connection.id = %connection, count = read.len(), "the notes of {} contacts were read", read.len());
    told
}

/// Whoever was talked with since then: the list has the latest activity first.
async fn meet(caller: &Caller<'_>, since: Timestamp) -> Result<(), Failure> {
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let request = conversation::list_v1(&Filter::default(), after.as_deref());
        let page = caller.read(Side::OpenPhone, request, conversation::page).await.map_err(Failure::Provider)?;
        let new: Vec<_> = page.items.iter().filter_map(|talk| Some((talk, active_at(talk)?))).collect();
        let is_old = new.iter().any(|(_, at)| *at < since);
        for (talk, at) in new.into_iter().filter(|(_, at)| *at >= since) {
            touch(caller, talk, at).await?;
        }
        after = page.next;
        if is_old || after.is_none() {
            break;
        }
    }
    Ok(())
}

fn active_at(talk: &Conversation) -> Option<Timestamp> {
    talk.last_activity_at.or(talk.updated_at)
}

/// Group conversations are nobody's.
async fn touch(caller: &Caller<'_>, talk: &Conversation, at: Timestamp) -> Result<(), Failure> {
    let (records, connection) = (&caller.deps.records, &caller.connection.id);
    let known = Known::of(talk);
    let Owner::Person(number) = known.owner() else { return Ok(()) };
    let Some(record) = records.holder(connection, &format!("phone:{number}")).await? else { return Ok(()) };
    let Some(person) = records.load(connection, &record).await? else { return Ok(()) };
    if let Some(contact) = person.document.provider_id(Side::OpenPhone) {
        records.notes().touch(connection, contact, at).await?;
    }
    Ok(())
}

/// Events first: a crash between the two tells the same again, under the same ids.
async fn tell_of(caller: &Caller<'_>, contact: &str, turn: &Turn) -> Result<(), Failure> {
    let (notes, connection) = (caller.deps.records.notes(), &caller.connection.id);
    let (Ok(id), true) = (ContactId::new(contact), is_kept_in_step(caller, contact).await?) else { return Ok(()) };
    let before = notes.seen(connection, contact).await?;
    // A deleted person's notes are left alone.
    let Some(now) = prints(caller, &id).await.map_err(Failure::Provider)? else { return Ok(()) };
    for note in changed(&before.prints, &now) {
        let (name, print) = match now.get(&note) {
            Some(print) => (NOTE_SEEN, print.as_str()),
            None => (NOTE_GONE, "gone"),
        };
        let body = json!({ "type": name, "data": { "resource": { "id": note, "contactId": contact } } });
        let news =
            News { side: Side::OpenPhone, name, id: format!("{note}:{print}"), contact: contact.to_owned(), body };
        publish(caller, news, turn).await?;
    }
    Ok(notes.note(connection, contact, (before, &now)).await?)
}

/// Notes on others are told of once their person is on both sides.
async fn is_kept_in_step(caller: &Caller<'_>, contact: &str) -> Result<bool, Failure> {
    let (records, connection) = (&caller.deps.records, &caller.connection.id);
    let Some(record) = records.linked(connection, Side::OpenPhone, contact).await? else { return Ok(false) };
    let is_there = |person: &Document, side: Side| person.link[side].is_some() && person.gone[side].is_none();
    let person = records.load(connection, &record).await?;
    Ok(person.is_some_and(|person| Side::BOTH.into_iter().all(|side| is_there(&person.document, side))))
}
