//! Notes on contacts: plain text, on the dated surface only. They fire no dated event and leave the contact's update
//! time alone; only the app's own webhooks carry them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::openphone::asked::Asked;
use crate::openphone::lists;
use crate::openphone::routes::Rule;
use crate::openphone::server::{OpenPhone, ok};
use crate::stamp::{Stamp, iso, later};

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /contacts/{contactId}/notes", "08", list),
    Rule::writes("POST /contacts/{contactId}/notes", "08", add),
    Rule::reads("GET /contacts/{contactId}/notes/{noteId}", "08", get),
    Rule::writes("PATCH /contacts/{contactId}/notes/{noteId}", "08", patch),
    Rule::writes("DELETE /contacts/{contactId}/notes/{noteId}", "08", delete),
];

/// The longest text.
const LONGEST: usize = 2000;

#[derive(Clone)]
pub(super) struct Note {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) by: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

impl Note {
    pub(super) fn view(&self) -> Value {
        let (created, updated) = (iso(self.created), iso(self.updated));
        json!({
            "id": self.id, "text": self.text, "media": [], "createdAt": created, "updatedAt": updated,
            "actorId": self.by,
        })
    }
}

fn known<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> Result<&'a [Note], Answer> {
    let space = &openphone.spaces[asked.at];
    space.shelf.place(asked.id(0)).ok_or_else(|| asked.missing("Contact not found"))?;
    Ok(space.desk.notes.get(asked.id(0)).map(Vec::as_slice).unwrap_or_default())
}

fn text(asked: &Asked<'_>) -> Result<String, Answer> {
    let text = asked.text("text")?;
    if (1..=LONGEST).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(asked.bad("/text", "Expected string of 1 to 2000 characters"))
}

fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    Ok(lists::shown(asked, &bounds, known(openphone, asked)?.iter().map(Note::view).collect()))
}

fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let note = known(openphone, asked)?.iter().find(|note| note.id == asked.id(1));
    Ok(ok(note.ok_or_else(|| asked.missing("Note not found"))?.view()))
}

/// 200, not 201.
fn add(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    known(openphone, asked)?;
    let text = text(asked)?;
    let done = openphone.noted(asked.at, asked.id(0), text, asked.stamp);
    Ok(Done { result: ok(done.result.view()), parcels: done.parcels })
}

fn patch(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    known(openphone, asked)?;
    let text = text(asked)?;
    let done = openphone.renoted((asked.at, asked.id(0), asked.id(1)), text, asked.stamp);
    let done = done.ok_or_else(|| asked.missing("Note not found"))?;
    Ok(Done { result: ok(done.result.view()), parcels: done.parcels })
}

fn delete(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    known(openphone, asked)?;
    let done = openphone.unnoted((asked.at, asked.id(0), asked.id(1)), asked.stamp);
    let done = done.ok_or_else(|| asked.missing("Note not found"))?;
    Ok(Done { result: Answer::empty(204), parcels: done.parcels })
}

/// Workspace, contact and note.
type Place<'a> = (usize, &'a str, &'a str);

impl OpenPhone {
    /// Puts a note on a contact. Its author can't be chosen.
    pub(super) fn noted(&mut self, at: usize, contact: &str, text: String, stamp: Stamp) -> Done<Note> {
        let (id, by) = (self.ids.hex(24), self.spaces[at].config.owner.clone());
        let note = Note { id, text, by, created: stamp.time, updated: stamp.time };
        self.spaces[at].desk.notes.entry(contact.into()).or_default().push(note.clone());
        Done { result: note, parcels: self.notes_changed(at, contact, stamp) }
    }

    /// Replaces the text of a note.
    pub(super) fn renoted(&mut self, (at, contact, id): Place<'_>, text: String, stamp: Stamp) -> Option<Done<Note>> {
        let notes = self.spaces[at].desk.notes.get_mut(contact)?;
        let note = notes.iter_mut().find(|note| note.id == id)?;
        note.text = text;
        note.updated = later(note.updated, stamp.time);
        let note = note.clone();
        Some(Done { result: note, parcels: self.notes_changed(at, contact, stamp) })
    }

    pub(super) fn unnoted(&mut self, (at, contact, id): Place<'_>, stamp: Stamp) -> Option<Done<()>> {
        let notes = self.spaces[at].desk.notes.get_mut(contact)?;
        let place = notes.iter().position(|note| note.id == id)?;
        notes.remove(place);
        Some(Done { result: (), parcels: self.notes_changed(at, contact, stamp) })
    }
}
