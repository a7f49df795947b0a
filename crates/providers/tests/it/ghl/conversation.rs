//! Conversations, and what is logged in them.

use serde_json::{Value as Json, json};
use tandem_providers::ghl::conversation::{
    self, Call, CallStatus, Conversation, Delivery, Direction, Export, Message, Place,
};
use tandem_providers::ghl::response::Listing;

use super::{ana, id};
use crate::exchange::Api;

const AT: &str = "2026-01-02T03:04:05.000Z";

fn place() -> Place {
    Place {
        conversation: id("cv1"),
        contact: ana(),
        provider: id("p1"),
        external_id: "AC1".to_owned(),
        at: AT.parse().unwrap(),
    }
}

fn logged() -> Json {
    json!({ "success": true, "conversationId": "cv1", "messageId": "m1", "message": "logged" })
}

#[test]
pub(crate) fn conversations_are_found_and_made() {
    for api in Api::GHL {
        let version = api.version();
        let line = "GET /conversations/search?locationId=L1&contactId=c1&limit=100";
        let found = Conversation { id: id("cv1"), contact: Some(ana()) };
        api.asks(conversation::search(&id("L1"), &ana(), &version), line)
            .answered(200, json!({ "conversations": [{ "id": "cv1", "contactId": "c1" }], "total": 1 }))
            .reads(conversation::conversations, Listing { items: vec![found], unreadable: 0 });
        api.asks(conversation::create(&id("L1"), &ana(), &version), "POST /conversations/")
            .with(json!({ "locationId": "L1", "contactId": "c1" }))
            .answered(201, json!({ "success": true, "conversation": { "id": "cv1" } }))
            .reads(conversation::created, id("cv1"));
    }
}

#[test]
pub(crate) fn texts_are_logged_in_either_direction() {
    for api in Api::GHL {
        for (direction, word) in [(Direction::Inbound, "inbound"), (Direction::Outbound, "outbound")] {
            let request = conversation::log_text(&place(), direction, "Hello", &api.version());
            api.asks(request, "POST /conversations/messages/inbound")
                .with(json!({ "type": "SMS", "conversationId": "cv1", "contactId": "c1", "altId": "AC1", "date": AT,
                    "conversationProviderId": "p1", "direction": word, "message": "Hello" }))
                .answered(200, logged())
                .reads(conversation::logged, id("m1"));
        }
    }
}

#[test]
pub(crate) fn calls_are_logged_where_their_direction_belongs() {
    let call =
        |direction, status| Call { direction, from: "+14155550101".to_owned(), to: "+14155550199".to_owned(), status };
    for api in Api::GHL {
        for (status, word) in [
            (CallStatus::Completed, "completed"),
            (CallStatus::NoAnswer, "no-answer"),
            (CallStatus::Busy, "busy"),
            (CallStatus::Canceled, "canceled"),
            (CallStatus::Failed, "failed"),
            (CallStatus::Voicemail, "voicemail"),
        ] {
            let entry = json!({ "from": "+14155550101", "to": "+14155550199", "status": word });
            let theirs = conversation::log_call(&place(), &call(Direction::Inbound, status), &api.version());
            api.asks(theirs, "POST /conversations/messages/inbound")
                .with(json!({ "type": "Call", "conversationId": "cv1", "contactId": "c1", "altId": "AC1", "date": AT,
                    "conversationProviderId": "p1", "direction": "inbound", "call": entry }))
                .answered(200, logged())
                .reads(conversation::logged, id("m1"));
            let ours = conversation::log_call(&place(), &call(Direction::Outbound, status), &api.version());
            api.asks(ours, "POST /conversations/messages/outbound")
                .with(json!({ "type": "Call", "conversationId": "cv1", "altId": "AC1", "date": AT,
                    "conversationProviderId": "p1", "call": entry }))
                .answered(200, logged())
                .reads(conversation::logged, id("m1"));
        }
    }
}

#[test]
pub(crate) fn what_was_logged_is_exported_page_by_page() {
    let text = |text: &str| Some(text.to_owned());
    let message = || Message {
        id: id("m1"),
        conversation: Some(id("cv1")),
        contact: Some(ana()),
        external_id: None,
        kind: text("TYPE_SMS"),
        direction: text("inbound"),
        at: AT.parse().ok(),
    };
    let shown = json!({ "id": "m1", "conversationId": "cv1", "contactId": "c1",
        "messageType": "TYPE_SMS", "direction": "inbound", "dateAdded": AT });
    for api in Api::GHL {
        let version = api.version();
        let line = "GET /conversations/messages/export?locationId=L1&limit=500";
        api.asks(conversation::export(&id("L1"), None, None, &version), line)
            .answered(200, json!({ "messages": [shown], "nextCursor": "n1", "total": 501 }))
            .reads(conversation::exported, Export { messages: vec![message()], unreadable: 0, next: text("n1") });
        let line = "GET /conversations/messages/export?locationId=L1&contactId=c1&limit=500&cursor=n1";
        api.asks(conversation::export(&id("L1"), Some(&ana()), Some("n1"), &version), line)
            .answered(200, json!({ "messages": [shown], "total": 501 }))
            .reads(conversation::exported, Export { messages: vec![message()], unreadable: 0, next: None });
    }
}

#[test]
pub(crate) fn a_logged_message_gets_its_state_and_its_recordings() {
    for api in Api::GHL {
        let version = api.version();
        for (delivery, word) in [
            (Delivery::Pending, "pending"),
            (Delivery::Delivered, "delivered"),
            (Delivery::Read, "read"),
            (Delivery::Failed, "failed"),
        ] {
            let request = conversation::set_status(&id("m1"), delivery, &version);
            api.asks(request, "PUT /conversations/messages/m1/status")
                .with(json!({ "status": word }))
                .answered(200, json!({ "conversationId": "cv1", "messageId": "m1" }))
                .reads(conversation::status_set, id("m1"));
        }
        let request = conversation::set_attachments(&id("m1"), &["https://example.com/1.mp3"], &version).unwrap();
        api.asks(request, "PUT /conversations/messages/m1/attachments")
            .with(json!({ "attachments": ["https://example.com/1.mp3"] }))
            .answered(200, json!({}))
            .reads(conversation::attachments_set, ());
    }
}
