//! Messages of both surfaces. Sending is possible; Tandem doesn't.

use serde_json::{Value as Json, json};
use tandem_providers::openphone::message::{self, Filter, Message, Outgoing, Participants};
use tandem_providers::openphone::response::Listing;

use super::{ANA, AT, BOTH, asks, at, id, pick, user, window};

fn shown() -> Json {
    json!({ "id": "AC1", "to": [ANA], "from": "+14155550100", "text": "Hello", "phoneNumberId": "PN1",
        "conversationId": "CN1", "direction": "outgoing", "userId": "US1", "status": "delivered", "createdAt": AT,
        "updatedAt": AT })
}

fn held() -> Message {
    let text = |text: &str| Some(text.to_owned());
    Message {
        id: id("AC1"),
        conversation: Some(id("CN1")),
        number: Some(id("PN1")),
        from: text("+14155550100"),
        to: vec![ANA.to_owned()],
        text: text("Hello"),
        direction: text("outgoing"),
        status: text("delivered"),
        user: Some(id("US1")),
        created_at: at(),
        updated_at: at(),
    }
}

#[test]
pub(crate) fn messages_are_listed_and_read() {
    let people = Participants::new([ANA.to_owned(), "+14155550124".to_owned()]).unwrap();
    let page = || Listing { items: vec![held()], unreadable: 0, next: Some("n1".to_owned()) };
    let (from, to) = ("2026-01-01T00%3A00%3A00Z", "2026-02-01T00%3A00%3A00Z");
    asks(
        message::list_v1(&id("PN1"), &people, &window(), Some("n0")),
        &format!(
            "GET /v1/messages?maxResults=100&pageToken=n0&phoneNumberId=PN1&participants=%2B14155550123\
             &participants=%2B14155550124&createdAfter={from}&createdBefore={to}"
        ),
    )
    .answered(200, json!({ "data": [shown()], "totalItems": 7, "nextPageToken": "n1" }))
    .reads(message::page, page());
    let filter = Filter {
        number: Some(id("PN1")),
        from: Some("+14155550100".to_owned()),
        to: Some(ANA.to_owned()),
        created: window(),
    };
    asks(
        message::list(&filter, Some("n0")),
        &format!(
            "GET /messages?limit=50&after=n0&phoneNumberId=PN1&from=%2B14155550100&to=%2B14155550123\
             &createdAt%5Bgt%5D={from}&createdAt%5Blt%5D={to}"
        ),
    )
    .answered(200, json!({ "data": [shown()], "nextCursor": "n1" }))
    .reads(message::page, page());
    for surface in BOTH {
        asks(message::get(surface, &id("AC1")), &format!("GET {}/messages/AC1", pick(surface, "/v1", "")))
            .answered(200, json!({ "data": shown() }))
            .reads(message::message, held());
    }
}

#[test]
pub(crate) fn a_message_can_be_sent() {
    let people = || Participants::new([ANA.to_owned()]).unwrap();
    let text = |user| Outgoing::new(id("PN1"), people(), "Hello", user).unwrap();
    asks(message::send(&text(Some(user()))), "POST /v1/messages")
        .with(json!({ "content": "Hello", "from": "PN1", "to": [ANA], "userId": "US1" }))
        .answered(202, json!({ "data": shown() }))
        .reads(message::message, held());
    asks(message::send(&text(None)), "POST /v1/messages")
        .with(json!({ "content": "Hello", "from": "PN1", "to": [ANA] }))
        .answered(202, json!({ "data": shown() }))
        .reads(message::message, held());
}
