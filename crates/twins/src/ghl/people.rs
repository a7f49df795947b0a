//! What people do in the app: they may do everything.

use serde_json::{Value, json};

use crate::door::{Done, Edited};
use crate::ghl::changes::{self, Body, Change};
use crate::ghl::contact::{Reading, texts};
use crate::ghl::folder::Item as _;
use crate::ghl::server::Ghl;
use crate::ghl::{notes, tasks};
use crate::history::{Actor, How};
use crate::stamp::Stamp;

pub(super) fn creates(ghl: &mut Ghl, contact: &Value, stamp: Stamp) -> Edited<String> {
    let body = contact.as_object().ok_or("a contact is an object")?;
    let wanted = body.get("locationId").and_then(Value::as_str);
    let at = wanted.map_or(Ok(0), |id| ghl.place(id).ok_or_else(|| format!("no location {id}")))?;
    if ghl.locations.is_empty() {
        return Err("no location at all".to_owned());
    }
    let contact = changes::drafted(ghl, at, body, Actor::Person, stamp);
    Ok(changes::inserted(ghl, at, contact, stamp))
}

pub(super) fn edits(ghl: &mut Ghl, id: &str, patch: &Value, stamp: Stamp) -> Edited<()> {
    let body = patch.as_object().ok_or("a change is an object")?;
    let at = ghl.home(id).ok_or_else(|| format!("no contact {id}"))?;
    let location = ghl.locations[at].config.clone();
    let change = Change { at, id, by: Actor::Person, stamp, how: &|_| How::Cleared };
    let done = changes::changed(ghl, &change, |contact| {
        contact.apply(body, Reading { location: &location, null_clears: true });
        let list = |name: &str| body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        contact.add_tags(texts(list("addTags")));
        contact.remove_tags(texts(list("removeTags")));
    });
    Ok(Done { result: (), parcels: done.map(|done| done.parcels).unwrap_or_default() })
}

pub(super) fn deletes(ghl: &mut Ghl, id: &str, stamp: Stamp) -> Edited<()> {
    let at = ghl.home(id).ok_or_else(|| format!("no contact {id}"))?;
    Ok(changes::removed(ghl, at, id, Actor::Person, stamp))
}

fn home(ghl: &Ghl, contact: &str) -> Result<usize, String> {
    ghl.home(contact).ok_or_else(|| format!("no contact {contact}"))
}

fn object(value: &Value) -> Result<Body, String> {
    value.as_object().cloned().ok_or_else(|| "this is an object".to_owned())
}

/// Writes a note, and gets its id.
pub(super) fn notes(ghl: &mut Ghl, contact: &str, note: &Value, stamp: Stamp) -> Edited<String> {
    let done = notes::written(ghl, (home(ghl, contact)?, contact), object(note)?, stamp);
    Ok(Done { result: done.result.id().to_owned(), parcels: done.parcels })
}

/// Changes a note.
pub(super) fn renotes(ghl: &mut Ghl, at: (&str, &str), change: &Value, stamp: Stamp) -> Edited<()> {
    let (contact, id) = at;
    let done = notes::changed(ghl, (home(ghl, contact)?, contact, id), object(change)?, stamp);
    done.map(|done| Done { result: (), parcels: done.parcels }).ok_or_else(|| format!("no note {id}"))
}

/// Deletes a note.
pub(super) fn unnotes(ghl: &mut Ghl, at: (&str, &str), stamp: Stamp) -> Edited<()> {
    let (contact, id) = at;
    notes::removed(ghl, (home(ghl, contact)?, contact, id), stamp).ok_or_else(|| format!("no note {id}"))
}

/// Makes a task, and gets its id.
pub(super) fn plans(ghl: &mut Ghl, contact: &str, task: &Value, stamp: Stamp) -> Edited<String> {
    let done = tasks::written(ghl, (home(ghl, contact)?, contact), object(task)?, stamp);
    Ok(Done { result: done.result.id().to_owned(), parcels: done.parcels })
}

/// Changes a task, completing it perhaps.
pub(super) fn replans(ghl: &mut Ghl, at: (&str, &str), change: &Value, stamp: Stamp) -> Edited<()> {
    let (contact, id) = at;
    let done = tasks::changed(ghl, (home(ghl, contact)?, contact, id), object(change)?, stamp);
    done.map(|done| Done { result: (), parcels: done.parcels }).ok_or_else(|| format!("no task {id}"))
}

/// Deletes a task.
pub(super) fn unplans(ghl: &mut Ghl, at: (&str, &str), stamp: Stamp) -> Edited<()> {
    let (contact, id) = at;
    let done = tasks::removed(ghl, (home(ghl, contact)?, contact, id), stamp);
    done.map(|done| Done { result: (), parcels: done.parcels }).ok_or_else(|| format!("no task {id}"))
}

/// Makes an appointment, and gets its id. The API only reads them.
pub(super) fn meets(ghl: &mut Ghl, contact: &str, appointment: &Value) -> Edited<String> {
    let (at, mut made) = (home(ghl, contact)?, object(appointment)?);
    let id = ghl.ids.letters(20);
    made.insert("id".to_owned(), json!(id));
    made.insert("contactId".to_owned(), json!(contact));
    made.insert("locationId".to_owned(), json!(ghl.locations[at].config.id));
    ghl.locations[at].appointments.add(contact, Value::Object(made));
    Ok(Done::quietly(id))
}
