//! Notes of a contact.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::ghl::changes::Body;
use crate::ghl::contacts::{READ, WRITE, id_for, object};
use crate::ghl::errors;
use crate::ghl::folder::Item;
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};
use crate::stamp::{Stamp, iso};

pub(super) const RULES: &[Rule] = &[
    Rule::new("GET /contacts/{contactId}/notes", READ, list),
    Rule::new("POST /contacts/{contactId}/notes", WRITE, create).creating(),
    Rule::new("GET /contacts/{contactId}/notes/{id}", READ, get),
    Rule::new("PUT /contacts/{contactId}/notes/{id}", WRITE, update),
    Rule::new("DELETE /contacts/{contactId}/notes/{id}", WRITE, delete),
];

const NEW: [Field; 5] = [
    Field::needed("body", Kind::Text),
    Field::optional("userId", Kind::Text),
    Field::optional("title", Kind::Text),
    Field::optional("color", Kind::Text),
    Field::optional("pinned", Kind::Flag),
];

const CHANGE: [Field; 5] = [
    Field::optional("body", Kind::Text),
    Field::optional("userId", Kind::Text),
    Field::optional("title", Kind::Text),
    Field::optional("color", Kind::Text),
    Field::optional("pinned", Kind::Flag),
];

#[derive(Clone)]
pub(super) struct Note {
    id: String,
    contact: String,
    added: Timestamp,
    /// What the body of the write said.
    said: Body,
}

impl Item for Note {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Note {
    /// There is no time of the last change.
    pub(super) fn view(&self) -> Value {
        let mut view = self.said.clone();
        view.insert("id".to_owned(), json!(self.id));
        view.insert("contactId".to_owned(), json!(self.contact));
        view.insert("dateAdded".to_owned(), json!(iso(self.added)));
        Value::Object(view)
    }

    /// Webhooks leave out the title, the colour and the author.
    fn delivered(&self) -> Map<String, Value> {
        let body = json!({
            "id": self.id, "body": self.said.get("body"), "contactId": self.contact, "dateAdded": iso(self.added),
        });
        body.as_object().cloned().unwrap_or_default()
    }
}

fn missing(id: &str) -> Answer {
    errors::bad_request(&format!("Note with id {id} not found"))
}

fn list(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let contact = id_for(ghl, asked)?;
    let notes: Vec<Value> = ghl.locations[asked.at].notes.of(contact).iter().map(Note::view).collect();
    reply(200, json!({ "notes": notes }))
}

fn get(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let (contact, id) = (id_for(ghl, asked)?, asked.call.segment(3));
    let note = ghl.locations[asked.at].notes.get(contact, id).ok_or_else(|| missing(id))?;
    reply(200, json!({ "note": note.view() }))
}

fn create(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let contact = id_for(ghl, asked)?;
    let body = object(asked)?;
    whitelisted(&body, &NEW)?;
    let done = written(ghl, (asked.at, contact), body, asked.stamp);
    Ok(Done { result: Answer::json(201, json!({ "note": done.result.view() })), parcels: done.parcels })
}

/// Adds a note, whoever wrote it.
pub(super) fn written(ghl: &mut Ghl, (at, contact): (usize, &str), body: Body, stamp: Stamp) -> Done<Note> {
    let note = Note { id: ghl.ids.letters(20), contact: contact.to_owned(), added: stamp.time, said: body };
    ghl.locations[at].notes.add(contact, note.clone());
    let parcels = ghl.announce("NoteCreate", note.delivered(), at, stamp);
    Done { result: note, parcels: parcels.into_iter().collect() }
}

fn update(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let (contact, id) = (id_for(ghl, asked)?, asked.call.segment(3));
    let body = object(asked)?;
    whitelisted(&body, &CHANGE)?;
    let done = changed(ghl, (asked.at, contact, id), body, asked.stamp).ok_or_else(|| missing(id))?;
    Ok(Done { result: Answer::json(200, json!({ "note": done.result.view() })), parcels: done.parcels })
}

/// Location, contact and note.
type Place<'a> = (usize, &'a str, &'a str);

/// Changes a note, whoever does.
pub(super) fn changed(ghl: &mut Ghl, (at, contact, id): Place<'_>, body: Body, stamp: Stamp) -> Option<Done<Note>> {
    let note = ghl.locations[at].notes.get_mut(contact, id)?;
    note.said.extend(body);
    let note = note.clone();
    let parcels = ghl.announce("NoteUpdate", note.delivered(), at, stamp);
    Some(Done { result: note, parcels: parcels.into_iter().collect() })
}

fn delete(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let (contact, id) = (id_for(ghl, asked)?, asked.call.segment(3));
    let done = removed(ghl, (asked.at, contact, id), asked.stamp).ok_or_else(|| missing(id))?;
    Ok(Done { result: Answer::json(200, asked.version.done().into()), parcels: done.parcels })
}

/// Removes a note, whoever does.
pub(super) fn removed(ghl: &mut Ghl, (at, contact, id): Place<'_>, stamp: Stamp) -> Option<Done<()>> {
    let note = ghl.locations[at].notes.remove(contact, id)?;
    let parcels = ghl.announce("NoteDelete", note.delivered(), at, stamp);
    Some(Done { result: (), parcels: parcels.into_iter().collect() })
}
