//! Conversations of both surfaces.

use serde_json::{Value as Json, json};
use tandem_providers::openphone::Surface;
use tandem_providers::openphone::conversation::{self, Conversation, Filter, Mark, Order};
use tandem_providers::openphone::response::Listing;

use super::{ANA, AT, BOTH, asks, at, id, pick, window};

fn shown(surface: Surface) -> Json {
    let mut shown = json!({ "id": "CN1", "phoneNumberId": "PN1", "participants": [ANA], "name": "Ana",
        "lastActivityAt": AT, "createdAt": AT, "updatedAt": AT, "deletedAt": null });
    if surface == Surface::V1 {
        shown["assignedTo"] = "US1".into();
    }
    shown
}

fn held(surface: Surface) -> Conversation {
    Conversation {
        id: id("CN1"),
        number: id("PN1"),
        participants: [ANA.to_owned()].into(),
        name: Some("Ana".to_owned()),
        assignee: pick(surface, Some(id("US1")), None),
        last_activity_at: at(),
        created_at: at(),
        updated_at: at(),
        deleted_at: None,
    }
}

#[test]
pub(crate) fn conversations_are_listed_by_time_and_number() {
    let filter = Filter { number: Some(id("PN1")), created: window(), updated: window() };
    let page = |surface| Listing { items: vec![held(surface)], unreadable: 0, next: Some("n1".to_owned()) };
    let (from, to) = ("2026-01-01T00%3A00%3A00Z", "2026-02-01T00%3A00%3A00Z");
    asks(
        conversation::list_v1(&filter, Some("n0")),
        &format!(
            "GET /v1/conversations?maxResults=100&pageToken=n0&phoneNumbers=PN1&createdAfter={from}&createdBefore={to}\
             &updatedAfter={from}&updatedBefore={to}"
        ),
    )
    .answered(200, json!({ "data": [shown(Surface::V1)], "totalItems": 7, "nextPageToken": "n1" }))
    .reads(conversation::page, page(Surface::V1));
    for (order, word) in [(Order::NewestFirst, "desc"), (Order::OldestFirst, "asc")] {
        asks(
            conversation::list(&filter, order, Some("n0")),
            &format!(
                "GET /conversations?limit=50&after=n0&phoneNumberId=PN1&createdAt%5Bgte%5D={from}\
                 &createdAt%5Blte%5D={to}&updatedAt%5Bgte%5D={from}&updatedAt%5Blte%5D={to}&sort=updatedAt%3A{word}"
            ),
        )
        .answered(200, json!({ "data": [shown(Surface::Dated)], "nextCursor": "n1" }))
        .reads(conversation::page, page(Surface::Dated));
    }
    asks(conversation::list_v1(&Filter::default(), None), "GET /v1/conversations?maxResults=100")
        .answered(200, json!({ "data": [], "totalItems": 0, "nextPageToken": null }))
        .reads(conversation::page, Listing { items: Vec::new(), unreadable: 0, next: None });
}

#[test]
pub(crate) fn conversations_are_marked() {
    for surface in BOTH {
        for (mark, word) in [(Mark::Read, "read"), (Mark::Done, "done"), (Mark::Open, "open")] {
            let line = format!("POST {}/conversations/CN1/mark-as-{word}", pick(surface, "/v1", ""));
            let shown = shown(surface);
            asks(conversation::mark(surface, &id("CN1"), mark), &line)
                .answered(200, pick(surface, shown.clone(), json!({ "data": shown })))
                .reads(conversation::conversation, held(surface));
        }
    }
}
