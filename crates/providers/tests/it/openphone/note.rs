//! Notes on a contact.

use serde_json::{Value as Json, json};
use tandem_providers::openphone::note::{self, Note, Text};
use tandem_providers::openphone::response::{self, Listing};

use super::{AT, ana, asks, at, id};

fn shown() -> Json {
    json!({ "id": "n1", "text": "Called back", "createdAt": AT, "updatedAt": AT, "actorId": "US1",
        "media": [{ "url": "https://example.com/1.png", "type": "image/png", "name": "1.png" }] })
}

fn held() -> Note {
    Note {
        id: id("n1"),
        text: "Called back".to_owned(),
        media: vec!["https://example.com/1.png".to_owned()],
        author: Some(id("US1")),
        created_at: at(),
        updated_at: at(),
    }
}

#[test]
pub(crate) fn notes_are_read_and_written() {
    let (path, text) = ("/contacts/66d0d87e8dc1211467372303/notes", Text::new("Called back").unwrap());
    asks(note::list(&ana(), Some("n0")), &format!("GET {path}?limit=50&after=n0"))
        .answered(200, json!({ "data": [shown()], "nextCursor": "n1" }))
        .reads(note::page, Listing { items: vec![held()], unreadable: 0, next: Some("n1".to_owned()) });
    asks(note::create(&ana(), &text), &format!("POST {path}"))
        .with(json!({ "text": "Called back" }))
        .answered(200, json!({ "data": shown() }))
        .reads(note::note, held());
    asks(note::get(&ana(), &id("n1")), &format!("GET {path}/n1"))
        .answered(200, json!({ "data": shown() }))
        .reads(note::note, held());
    asks(note::update(&ana(), &id("n1"), &text), &format!("PATCH {path}/n1"))
        .with(json!({ "text": "Called back" }))
        .answered(200, json!({ "data": shown() }))
        .reads(note::note, held());
    asks(note::delete(&ana(), &id("n1")), &format!("DELETE {path}/n1"))
        .answered(204, Json::Null)
        .reads(response::deleted, ());
}
