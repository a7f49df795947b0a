//! Tags added to contacts and taken from them, one contact or many.

use serde_json::json;
use tandem_providers::ContactId;
use tandem_providers::ghl::tag::{self, Bulk, Outcome};

use super::{ana, id};
use crate::exchange::Api;

#[test]
pub(crate) fn tags_are_added_and_removed() {
    for api in Api::GHL {
        let version = api.version();
        let now = || vec!["one".to_owned(), "vip".to_owned()];
        api.asks(tag::add(&ana(), &["VIP"], &version), "POST /contacts/c1/tags")
            .with(json!({ "tags": ["VIP"] }))
            .answered(201, json!({ "tags": ["one", "vip"] }))
            .reads(tag::tags, now());
        api.asks(tag::remove(&ana(), &["two"], &version), "DELETE /contacts/c1/tags")
            .with(json!({ "tags": ["two"] }))
            .answered(200, json!({ "tags": ["one", "vip"] }))
            .reads(tag::tags, now());
    }
}

#[test]
pub(crate) fn tags_of_many_contacts_are_changed_and_every_refusal_is_told() {
    let both = [ana(), ContactId::new("c2").unwrap()];
    for api in Api::GHL {
        for (what, word) in [(Bulk::Add, "add"), (Bulk::Remove, "remove")] {
            let line = format!("POST /contacts/bulk/tags/update/{word}");
            let item = |contact: &str| json!({ "contactId": contact, "message": "", "type": "success" });
            let untouched = |contact: &ContactId| Outcome { contact: contact.clone(), refused: None };
            api.asks(tag::update_many(&id("L1"), what, &both, &["vip"], &api.version()), &line)
                .with(json!({ "locationId": "L1", "contacts": ["c1", "c2"], "tags": ["vip"] }))
                .answered(201, json!({ "succeded": true, "errorCount": 0, "responses": [item("c1"), item("c2")] }))
                .reads(tag::updated_many, both.iter().map(untouched).collect());
        }
    }
}
