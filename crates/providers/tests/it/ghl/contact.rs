//! A contact read, made, changed and removed.

use serde_json::{Value as Json, json};
use tandem_contact::{Field, Fields, Value};
use tandem_providers::CustomValue;
use tandem_providers::ghl::{Channel, Contact, Dnd, request, response, write};

use super::{ana, view};
use crate::exchange::Api;

pub(super) fn shown(api: Api) -> Json {
    let (sms, call) = api.pick(("SMS", "Call"), ("sms", "call"));
    json!({ "dnd": false, "dndSettings": { sms: { "status": "active" }, call: { "status": "inactive" } },
        "id": "c1", "locationId": "L1", "firstName": "Ana", "lastName": "Garcia", "name": "Ana Garcia",
        "companyName": "Example Inc", "phone": "+14155550101", "email": "ana@example.com", "tags": ["vip"],
        "customFields": [{ "id": "f1", "value": "Buyer" }], "dateUpdated": "2026-01-02T03:04:05.000Z" })
}

pub(super) fn held() -> Contact {
    let text = |text: &str| Some(text.to_owned());
    Contact {
        id: ana(),
        location_id: text("L1"),
        first_name: text("Ana"),
        last_name: text("Garcia"),
        name: text("Ana Garcia"),
        company: text("Example Inc"),
        phones: vec!["+14155550101".to_owned()],
        emails: vec!["ana@example.com".to_owned()],
        tags: vec!["vip".to_owned()],
        custom_fields: vec![CustomValue { id: Some("f1".to_owned()), value: json!("Buyer"), ..CustomValue::default() }],
        dnd: Dnd { all: false, channels: [Channel::Sms].into() },
        updated_at: "2026-01-02T03:04:05Z".parse().ok(),
    }
}

/// Answers to writes have fewer fields than a read.
fn shown_less() -> (Json, Contact) {
    let less =
        Contact { name: None, company: None, phones: Vec::new(), dnd: Dnd::default(), updated_at: None, ..held() };
    let shown = json!({ "id": "c1", "locationId": "L1", "firstName": "Ana", "lastName": "Garcia",
        "email": "ana@example.com", "tags": ["vip"], "customFields": [{ "id": "f1", "value": "Buyer" }] });
    (shown, less)
}

fn fields() -> Fields {
    let text = |text: &str| Value::Text(text.to_owned());
    let list = |item: &str| Value::List([item.to_owned()].into());
    Fields::from([
        (Field::FirstName, text("Ana")),
        (Field::LastName, text("Garcia")),
        (Field::Company, text("Example Inc")),
        (Field::Role, text("Buyer")),
        (Field::Phones, list("+14155550101")),
        (Field::Emails, list("ana@example.com")),
        (Field::Tags, list("vip")),
    ])
}

fn sent(api: Api) -> Json {
    json!({ "locationId": "L1", "source": "Tandem", "firstName": "Ana", "lastName": "Garcia",
        "companyName": "Example Inc", "phone": "+14155550101", "email": "ana@example.com", "tags": ["vip"],
        "customFields": [{ "id": "f1", (api.pick("field_value", "fieldValue")): "Buyer" }] })
}

#[test]
pub(crate) fn contacts_are_read_written_and_removed() {
    let (less, read_less) = shown_less();
    for api in Api::GHL {
        let version = api.version();
        api.asks(request::contact(&ana(), &version), "GET /contacts/c1")
            .answered(200, json!({ "contact": shown(api) }))
            .reads(response::contact, held());
        api.asks(write::create(&fields(), &view(), &version), "POST /contacts/")
            .with(sent(api))
            .answered(201, json!({ "contact": less }))
            .reads(write::created, read_less.clone());
        api.asks(write::create(&Fields::new(), &view(), &version), "POST /contacts/")
            .with(json!({ "locationId": "L1", "source": "Tandem" }))
            .answered(201, json!({ "contact": less }))
            .reads(write::created, read_less.clone());
        api.asks(write::upsert(&fields(), &view(), &version), "POST /contacts/upsert")
            .with(sent(api))
            .answered(200, json!({ "new": true, "contact": shown(api), "traceId": "t1" }))
            .reads(write::upserted, (held(), true));
        let done = api.pick("succeded", "succeeded");
        let request = write::delete(&ana(), &version);
        api.asks(request, "DELETE /contacts/c1").answered(200, json!({ done: true })).reads(response::done, ());
    }
}

#[test]
pub(crate) fn a_change_sends_what_changes_and_nothing_that_put_refuses() {
    let changes: write::Changes = fields().into_iter().map(|(field, value)| (field, Some(value))).collect();
    let cleared: write::Changes = fields().into_keys().map(|field| (field, None)).collect();
    let bare = Contact { phones: Vec::new(), emails: Vec::new(), ..held() };
    for api in Api::GHL {
        let (version, value) = (api.version(), api.pick("field_value", "fieldValue"));
        let done = api.pick("succeded", "succeeded");
        api.asks(write::update(&bare, &changes, &view(), &version).unwrap(), "PUT /contacts/c1")
            .with(json!({ "firstName": "Ana", "lastName": "Garcia", "phone": "+14155550101",
                "email": "ana@example.com", "customFields": [{ "id": "f1", value: "Buyer" }] }))
            .answered(200, json!({ done: true, "contact": shown(api) }))
            .reads(write::updated, Some(held()));
        api.asks(write::update(&held(), &cleared, &view(), &version).unwrap(), "PUT /contacts/c1")
            .with(json!({ "firstName": null, "lastName": null, "phone": null, "email": null,
                "customFields": [{ "id": "f1", value: "" }] }))
            .answered(200, json!({ done: true }))
            .reads(write::updated, None);
    }
}
