//! A contact's notes (contract sheet, sections 4.4, 4.5, 4.21, 4.23 and 10.9). They have no time of their last change.

mod part_id;

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::{ApiError, ContactId, Request, Response, json};

use super::request::build;
use super::response::{Listing, listing, one};
use super::{ApiVersion, Id, operations as ops};

pub use part_id::PartId;

/// A note on a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: Id,
    /// What it says. Whether that may be HTML is not published.
    pub body: String,
    /// Its heading.
    pub title: Option<String>,
    /// The user who wrote it.
    pub author: Option<Id>,
    /// When it was written.
    pub created_at: Option<Timestamp>,
}

/// A note to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNote {
    /// What it says.
    pub body: String,
    /// Its heading.
    pub title: Option<String>,
    /// The user who is to be its author.
    pub author: Option<Id>,
}

/// `GET /contacts/{id}/notes`; all of them, there are no pages.
pub fn list(contact: &ContactId, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_NOTES_LIST, version, &[contact.as_str()])
}

/// `GET /contacts/{id}/notes/{noteId}`.
pub fn get(contact: &ContactId, note: &Id, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_NOTE_GET, version, &[contact.as_str(), note.as_str()])
}

/// `POST /contacts/{id}/notes`.
pub fn create(contact: &ContactId, note: &NewNote, version: &ApiVersion) -> Request {
    let body = json::given([
        ("body", Some(note.body.as_str().into())),
        ("title", note.title.as_deref().map(Json::from)),
        ("userId", note.author.as_ref().map(|user| user.as_str().into())),
    ]);
    build(&ops::CONTACT_NOTE_CREATE, version, &[contact.as_str()]).with_json(&body)
}

/// `PUT /contacts/{id}/notes/{noteId}`: says something else from now on; heading and author stay.
pub fn update(contact: &ContactId, note: &Id, body: &str, version: &ApiVersion) -> Request {
    let ids = [contact.as_str(), note.as_str()];
    build(&ops::CONTACT_NOTE_UPDATE, version, &ids).with_json(&json!({ "body": body }))
}

/// `DELETE /contacts/{id}/notes/{noteId}`, answered to [`super::response::done`].
pub fn delete(contact: &ContactId, note: &Id, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_NOTE_DELETE, version, &[contact.as_str(), note.as_str()])
}

/// The answer to a read or write of one note.
pub fn note(response: &Response) -> Result<Note, ApiError> {
    one(response, "note", read)
}

/// The answer to [`list`].
pub fn notes(response: &Response) -> Result<Listing<Note>, ApiError> {
    listing(response, "notes", read)
}

fn read(note: &Map<String, Json>) -> Option<Note> {
    Some(Note {
        id: Id::read(note, "id")?,
        body: note.get("body").and_then(Json::as_str).unwrap_or_default().to_owned(),
        title: json::text(note, "title"),
        author: Id::read(note, "userId"),
        created_at: json::time(note, "dateAdded"),
    })
}
