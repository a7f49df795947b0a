//! Notes on a contact.

use serde_json::{Value as Json, json};
use tandem_providers::ghl::note::{self, NewNote, Note};
use tandem_providers::ghl::response::{self, Listing};

use super::{ana, id};
use crate::exchange::Api;

fn shown() -> Json {
    json!({ "id": "n1", "body": "Called back", "userId": "u1", "dateAdded": "2026-01-02T03:04:05.000Z",
        "contactId": "c1", "title": "Call" })
}

fn held() -> Note {
    Note {
        id: id("n1"),
        body: "Called back".to_owned(),
        title: Some("Call".to_owned()),
        author: Some(id("u1")),
        created_at: "2026-01-02T03:04:05Z".parse().ok(),
    }
}

#[test]
pub(crate) fn notes_are_read_and_written() {
    let full = NewNote { body: "Called back".to_owned(), title: Some("Call".to_owned()), author: Some(id("u1")) };
    let bare = NewNote { title: None, author: None, ..full.clone() };
    for api in Api::GHL {
        let (version, done) = (api.version(), api.pick("succeded", "succeeded"));
        api.asks(note::list(&ana(), &version), "GET /contacts/c1/notes")
            .answered(200, json!({ "notes": [shown()] }))
            .reads(note::notes, Listing { items: vec![held()], unreadable: 0 });
        api.asks(note::get(&ana(), &id("n1"), &version), "GET /contacts/c1/notes/n1")
            .answered(200, json!({ "note": shown() }))
            .reads(note::note, held());
        api.asks(note::create(&ana(), &full, &version), "POST /contacts/c1/notes")
            .with(json!({ "body": "Called back", "title": "Call", "userId": "u1" }))
            .answered(201, json!({ "note": shown() }))
            .reads(note::note, held());
        api.asks(note::create(&ana(), &bare, &version), "POST /contacts/c1/notes")
            .with(json!({ "body": "Called back" }))
            .answered(201, json!({ "note": shown() }))
            .reads(note::note, held());
        api.asks(note::update(&ana(), &id("n1"), "Called back", &version), "PUT /contacts/c1/notes/n1")
            .with(json!({ "body": "Called back" }))
            .answered(200, json!({ "note": shown() }))
            .reads(note::note, held());
        api.asks(note::delete(&ana(), &id("n1"), &version), "DELETE /contacts/c1/notes/n1")
            .answered(200, json!({ done: true }))
            .reads(response::done, ());
    }
}
