//! Notes in GHL: under their contact, with a text of any length (contract sheet, sections 4.4, 4.5, 4.21, 4.23 and 4.24).

use std::collections::BTreeSet;
use std::ops::Range;

use tandem_contact::{Field, Side, part};
use tandem_providers::ContactId;
use tandem_providers::ghl::Id;
use tandem_providers::ghl::note::{self, NewNote, Note, PartId};
use tandem_reconcile::{Found, Writes};

use super::{Prepared, observed, wanted};
use crate::call::{Caller, Trouble};
use crate::run::Unfit;
use crate::thing::bare;

/// A part of the note; none where the text is shorter than that.
///
/// A part that something else is to be put in place of, and that has only moved, is what it was: whoever changed the parts before it
/// didn't mean this one.
pub(crate) async fn read(
    caller: &Caller<'_>,
    contact: &ContactId,
    (id, replaced): (&PartId, Option<&str>),
) -> Result<Option<Found>, Trouble> {
    let text = text(caller, contact, &id.note).await?;
    let moved = replaced.filter(|known| part::find(&text, id.number, known).is_some()).map(str::to_owned);
    let there = moved.or_else(|| part::part(&text, id.number));
    // A note without a text is a note.
    let there = there.or_else(|| (id.number == 1).then(String::new));
    Ok(there.map(|part| Found { id: id.to_string(), observed: observed(&part), at: None }))
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
    (text, range): (&str, &Range<usize>),
    writes: Option<&Writes>,
) -> Result<Prepared, Unfit> {
    let version = &caller.connection.ghl.version;
    let is_all = text[..range.start].trim().is_empty() && text[range.end..].trim().is_empty();
    let update = |new| note::update(contact, &id.note, &part::replaced(text, range, new), version);
    match writes.map(wanted) {
        None if is_all => Ok(Prepared::GhlDelete(note::delete(contact, &id.note, version))),
        None => Ok(Prepared::GhlCut(update(None))),
        Some(None) if is_all => {
            let why = "a note that says nothing is not written";
            Err(Unfit::NoPlace(BTreeSet::from([Field::NoteText]), why.to_owned()))
        }
        Some(new) => Ok(Prepared::Ghl(update(new), id.number)),
    }
}
