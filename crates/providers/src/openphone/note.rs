//! Notes on contacts, on the dated surface only (contract sheet, section 7.3). No event tells of them.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::{ApiError, ContactId, Operation, Request, Response, json};

use super::response::{Listing, listing, one};
use super::{Id, Surface, operations as ops, wire};

const PAGE_SIZE: &str = "50";

const MAX_TEXT: usize = 2000;

/// Not a text that a note can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a note has 1 to {MAX_TEXT} characters")]
pub struct InvalidText;

/// A note's text. `@US...`, `@GR...` and `@OR...` in it notify people: whoever takes text from elsewhere breaks those up
/// first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Checks `OpenPhone`'s bounds.
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        let fits = (1..=MAX_TEXT).contains(&text.chars().count());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidText) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A note on a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub text: String,
    /// Addresses of what is attached; the API can't attach anything.
    pub media: Vec<String>,
    /// Who wrote it.
    pub author: Option<Id>,
    /// When it was written.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// `GET /contacts/{id}/notes`.
pub fn list(contact: &ContactId, after: Option<&str>) -> Request {
    wire::query(&ops::NOTES_LIST, &[contact.as_str()], &Surface::Dated.page(PAGE_SIZE, after))
}

/// `POST /contacts/{id}/notes`, answered with 200.
pub fn create(contact: &ContactId, text: &Text) -> Request {
    with_text(&ops::NOTE_CREATE, &[contact.as_str()], text)
}

/// `GET /contacts/{id}/notes/{noteId}`.
pub fn get(contact: &ContactId, note: &Id) -> Request {
    wire::build(&ops::NOTE_GET, &[contact.as_str(), note.as_str()])
}

/// `PATCH /contacts/{id}/notes/{noteId}`: replaces the text.
pub fn update(contact: &ContactId, note: &Id, text: &Text) -> Request {
    with_text(&ops::NOTE_PATCH, &[contact.as_str(), note.as_str()], text)
}

/// `DELETE /contacts/{id}/notes/{noteId}`, answered to [`super::response::deleted`].
pub fn delete(contact: &ContactId, note: &Id) -> Request {
    wire::build(&ops::NOTE_DELETE, &[contact.as_str(), note.as_str()])
}

/// The answer to a read or write of one note.
pub fn note(response: &Response) -> Result<Note, ApiError> {
    one(response, read)
}

/// The answer to [`list`].
pub fn page(response: &Response) -> Result<Listing<Note>, ApiError> {
    listing(response, read)
}

fn with_text(operation: &'static Operation, ids: &[&str], text: &Text) -> Request {
    wire::build(operation, ids).with_json(&json!({ "text": text.as_str() }))
}

fn read(note: &Map<String, Json>) -> Option<Note> {
    let address = |item: &Json| json::text(item.as_object()?, "url");
    Some(Note {
        id: Id::read(note, "id")?,
        text: note.get("text")?.as_str()?.to_owned(),
        media: json::list(note, "media").iter().filter_map(address).collect(),
        author: Id::read(note, "actorId"),
        created_at: json::time(note, "createdAt"),
        updated_at: json::time(note, "updatedAt"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openphone::tests::{answer, body, contact, id};

    #[test]
    fn a_text_stays_in_bounds() {
        assert!(Text::new(&"é".repeat(2000)).is_ok());
        for bad in ["", &"x".repeat(2001)] {
            assert_eq!(Text::new(bad), Err(InvalidText));
        }
        let text = Text::new("Called back").unwrap();
        assert_eq!(body(&create(&contact(), &text)), json!({"text": "Called back"}));
        let change = update(&contact(), &id("n1"), &text);
        assert_eq!(change.http.uri(), "/contacts/c1/notes/n1");
        assert_eq!(body(&change), json!({"text": "Called back"}));
    }

    #[test]
    fn a_note_is_read_with_what_is_attached() {
        let data = json!({"data": {"id": "n1", "text": "Hi", "actorId": "US1", "createdAt": "2026-01-02T03:04:05.000Z",
            "media": [{"url": "https://example.com/1.png", "type": null}, {}]}});
        let note = note(&answer(200, &data)).unwrap();
        assert_eq!((note.text.as_str(), note.media), ("Hi", vec!["https://example.com/1.png".to_owned()]));
        assert_eq!(note.author, Some(id("US1")));
        assert!(note.created_at.is_some() && note.updated_at.is_none());
    }
}
