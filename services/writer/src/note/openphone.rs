//! Notes in `OpenPhone`: on their contact, plain and short, and nobody in them is to be notified (contract sheet, section 7.3).

use std::collections::BTreeSet;

use tandem_contact::{Field, Side, mention};
use tandem_providers::openphone::Id;
use tandem_providers::openphone::note::{self, Note, Text};
use tandem_providers::{Class, ContactId};
use tandem_reconcile::{Found, Writes};
use tandem_records::Fingerprints;

use super::{Prepared, observed, wanted};
use crate::call::{Caller, Trouble};
use crate::run::Unfit;
use crate::thing::print;

/// Pages of one contact's notes that are read.
const MOST_PAGES: usize = 100;

/// `GET /contacts/{id}/notes/{noteId}`.
pub(crate) async fn read(caller: &Caller<'_>, contact: &ContactId, id: &Id) -> Result<Found, Trouble> {
    let note = caller.read(Side::OpenPhone, note::get(contact, id), note::note).await?;
    Ok(found(&note))
}

/// All notes of the contact.
pub(super) async fn list(caller: &Caller<'_>, contact: &ContactId) -> Result<Vec<Note>, Trouble> {
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let request = note::list(contact, after.as_deref());
        let page = caller.read(Side::OpenPhone, request, note::page).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(all)
}

/// What the notes of a contact are; none where there is no such contact.
pub(crate) async fn prints(caller: &Caller<'_>, contact: &ContactId) -> Result<Option<Fingerprints>, Trouble> {
    match list(caller, contact).await {
        Ok(notes) => Ok(Some(notes.iter().map(|note| (note.id.to_string(), print(&found(note)))).collect())),
        Err(Trouble::Refused(error)) if error.class() == Class::NotFound => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

pub(super) fn found(note: &Note) -> Found {
    Found { id: note.id.to_string(), observed: observed(&note.text), at: note.updated_at }
}

pub(super) fn create(contact: &ContactId, text: &str) -> Result<Prepared, Unfit> {
    Ok(Prepared::OpenPhone(note::create(contact, &taken(text)?)))
}

/// The request that changes the note, or removes it.
pub(crate) fn change(contact: &ContactId, id: &ContactId, writes: Option<&Writes>) -> Result<Prepared, Unfit> {
    let id = Id::new(id.as_str()).map_err(|_| Unfit::Lossy)?;
    let Some(writes) = writes else {
        return Ok(Prepared::OpenPhoneDelete(note::delete(contact, &id)));
    };
    let text = wanted(writes).ok_or_else(|| {
        let why = "a note that says nothing has no place in OpenPhone";
        Unfit::NoPlace(BTreeSet::from([Field::NoteText]), why.to_owned())
    })?;
    Ok(Prepared::OpenPhone(note::update(contact, &id, &taken(text)?)))
}

/// A text as `OpenPhone` takes it.
fn taken(text: &str) -> Result<Text, Unfit> {
    Text::new(&mention::broken_up(text)).map_err(|_| Unfit::Lossy)
}
