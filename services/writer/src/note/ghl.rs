//! Notes in GHL: under their contact, with a text of any length (contract sheet, sections 4.4, 4.5, 4.21, 4.23 and 4.24).

use std::collections::BTreeSet;

use tandem_contact::{Field, Side, Value, part};
use tandem_providers::ContactId;
use tandem_providers::ghl::Id;
use tandem_providers::ghl::note::{self, NewNote, Note, PartId};
use tandem_reconcile::{Found, Writes};

use super::{Prepared, observed, value, wanted};
use crate::call::{Caller, Trouble};
use crate::run::Unfit;
use crate::thing::bare;

/// A part of the note; none where the text is shorter than that.
pub(crate) async fn read(caller: &Caller<'_>, contact: &ContactId, id: &PartId) -> Result<Option<Found>, Trouble> {
    let text = text(caller, contact, &id.note).await?;
    let found = |observed| Found { id: id.to_string(), observed, at: None };
    Ok(match part::part(&text, id.number) {
        Some(part) => Some(found(observed(&part))),
        // A note without a text is a note.
        None if id.number == 1 => Some(found(observed(""))),
        None => None,
    })
}

/// The whole text.
pub(crate) async fn text(caller: &Caller<'_>, contact: &ContactId, id: &Id) -> Result<String, Trouble> {
    let request = note::get(contact, id, &caller.connection.ghl.version);
    Ok(caller.read(Side::Ghl, request, note::note).await?.body)
}

pub(super) async fn list(caller: &Caller<'_>, contact: &ContactId) -> Result<Vec<Note>, Trouble> {
    let request = note::list(contact, &caller.connection.ghl.version);
    Ok(caller.read(Side::Ghl, request, note::notes).await?.items)
}

/// What a part of the text means.
pub(crate) fn part_value(text: &str, number: usize) -> Option<Value> {
    value(&part::part(text, number)?)
}

/// The note that a write was answered with. The parts of a longer one may be others now: what they are is read.
pub(super) fn written(note: &Note, number: usize) -> Found {
    let is_short = number == 1 && part::count(&note.body) == 1;
    let name = PartId::whole(&note.id).map(|whole| whole.with_number(number).to_string());
    let bare = bare(&name.unwrap_or_else(|| note.id.as_str().to_owned()));
    if is_short { Found { observed: observed(&note.body), ..bare } } else { bare }
}

pub(super) fn create(caller: &Caller<'_>, contact: &ContactId, text: &str) -> Prepared {
    let new = NewNote { body: part::without_marks(text).to_owned(), title: None, author: None };
    Prepared::Ghl(note::create(contact, &new, &caller.connection.ghl.version), 1)
}

/// The request that changes one part of the text, or takes it away.
pub(crate) fn change(
    caller: &Caller<'_>,
    (contact, id): (&ContactId, &PartId),
    text: &str,
    writes: Option<&Writes>,
) -> Result<Prepared, Unfit> {
    let version = &caller.connection.ghl.version;
    let is_whole = id.number == 1 && part::count(text) == 1;
    let Some(writes) = writes else {
        if is_whole {
            return Ok(Prepared::GhlDelete(note::delete(contact, &id.note, version)));
        }
        let rest = part::replaced(text, id.number, None).ok_or(Unfit::Lossy)?;
        return Ok(Prepared::GhlCut(note::update(contact, &id.note, &rest, version)));
    };
    let new = wanted(writes);
    let text = match new {
        None if is_whole => {
            let why = "a note that says nothing is not written";
            return Err(Unfit::NoPlace(BTreeSet::from([Field::NoteText]), why.to_owned()));
        }
        // There was nothing in it that it could be put in place of.
        Some(new) if is_whole => part::without_marks(new).to_owned(),
        _ => part::replaced(text, id.number, new).ok_or(Unfit::Lossy)?,
    };
    Ok(Prepared::Ghl(note::update(contact, &id.note, &text, version), id.number))
}
