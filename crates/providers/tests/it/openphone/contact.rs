//! The v1 contact, which is one document, and the definitions of its custom fields.

use serde_json::{Value as Json, json};
use tandem_contact::{Field, Fields, Value};
use tandem_providers::openphone::{
    Contact, CustomField, Definition, ExternalId, Item, List, Page, patch, request, response,
};

use super::{ANA, AT, ana, asks, at, view};

fn shown() -> Json {
    json!({ "id": ana().as_str(), "externalId": "t1", "source": "tandem", "sourceUrl": "https://example.com/c/1",
        "defaultFields": { "firstName": "Ana", "lastName": null, "company": "Example Inc", "role": null,
            "phoneNumbers": [{ "id": "p1", "name": "Mobile", "value": ANA }],
            "emails": [{ "id": "m1", "name": "Work", "value": "ana@example.com" }] },
        "customFields": [
            { "id": "k1", "key": "tags", "name": "Tags", "type": "multi-select", "value": ["vip"] },
            { "id": "k2", "key": "score", "name": "Score", "type": "number", "value": 42 },
        ],
        "createdAt": AT, "updatedAt": AT, "createdByUserId": "US1" })
}

fn held() -> Contact {
    let text = |text: &str| Some(text.to_owned());
    let item = |id, name, value| Item { id: text(id), name: text(name), value: text(value) };
    let custom = |id, key, name, kind, value| CustomField {
        key: text(key),
        id: text(id),
        name: text(name),
        kind: text(kind),
        value,
    };
    Contact {
        id: ana(),
        external_id: text("t1"),
        source: text("tandem"),
        source_url: text("https://example.com/c/1"),
        first_name: text("Ana"),
        last_name: None,
        company: text("Example Inc"),
        role: None,
        phones: vec![item("p1", "Mobile", ANA)],
        emails: vec![item("m1", "Work", "ana@example.com")],
        custom_fields: vec![
            custom("k1", "tags", "Tags", "multi-select", json!(["vip"])),
            custom("k2", "score", "Score", "number", json!(42)),
        ],
        created_at: at(),
        updated_at: at(),
        is_whole: true,
    }
}

fn key() -> ExternalId {
    ExternalId::new("t1").unwrap()
}

fn fields() -> Fields {
    let text = |text: &str| Value::Text(text.to_owned());
    let list = |item: &str| Value::List([item.to_owned()].into());
    Fields::from([
        (Field::FirstName, text("Ana")),
        (Field::LastName, text("Garcia")),
        (Field::Company, text("Example Inc")),
        (Field::Role, text("Buyer")),
        (Field::SourceLink, text("https://example.com/c/1")),
        (Field::Phones, list(ANA)),
        (Field::Emails, list("ana@example.com")),
        (Field::Tags, list("vip")),
    ])
}

#[test]
pub(crate) fn contacts_are_listed_in_pages_and_looked_up_twenty_keys_at_a_time() {
    let page = |next: Option<&str>| Page { contacts: vec![held()], unreadable: 0, next: next.map(str::to_owned) };
    asks(List::all().page(None), "GET /v1/contacts?maxResults=50")
        .answered(200, json!({ "data": [shown()], "totalItems": 7, "nextPageToken": "n1" }))
        .reads(response::page, page(Some("n1")));
    let keys: Vec<ExternalId> = (0..21).map(|n| ExternalId::new(&format!("t{n}")).unwrap()).collect();
    let lists = List::by_external_ids(&keys);
    let asked: Vec<String> = keys.iter().map(|key| format!("&externalIds={}", key.as_str())).collect();
    let lines = asked.chunks(20).map(|chunk| format!("GET /v1/contacts?maxResults=50{}", chunk.concat()));
    assert_eq!(lists.len(), 2, "the server's parser breaks at 21 values");
    for (list, line) in lists.iter().zip(lines) {
        asks(list.page(None), &line)
            .answered(200, json!({ "data": [shown()], "totalItems": 7, "nextPageToken": null }))
            .reads(response::page, page(None));
    }
    asks(lists[1].page(Some("n1")), "GET /v1/contacts?maxResults=50&pageToken=n1&externalIds=t20")
        .answered(200, json!({ "data": [], "totalItems": 7, "nextPageToken": "n2" }))
        .reads(response::page, Page { contacts: Vec::new(), unreadable: 0, next: None });
}

#[test]
pub(crate) fn a_contact_is_read_made_and_removed() {
    asks(request::contact(&ana()), "GET /v1/contacts/66d0d87e8dc1211467372303")
        .answered(200, json!({ "data": shown() }))
        .reads(response::contact, held());
    asks(request::create(&key(), &fields(), &view()), "POST /v1/contacts")
        .with(json!({ "externalId": "t1", "source": "tandem", "sourceUrl": "https://example.com/c/1",
            "defaultFields": { "firstName": "Ana", "lastName": "Garcia", "company": "Example Inc", "role": "Buyer",
                "phoneNumbers": [{ "name": "Phone", "value": ANA }],
                "emails": [{ "name": "Email", "value": "ana@example.com" }] },
            "customFields": [{ "key": "tags", "value": ["vip"] }] }))
        .answered(201, json!({ "data": shown() }))
        .reads(response::contact, held());
    asks(request::create(&key(), &Fields::new(), &view()), "POST /v1/contacts")
        .with(json!({ "externalId": "t1", "source": "tandem", "defaultFields": { "firstName": null } }))
        .answered(201, json!({ "data": shown() }))
        .reads(response::contact, held());
    asks(request::delete(&ana()), "DELETE /v1/contacts/66d0d87e8dc1211467372303")
        .answered(204, Json::Null)
        .reads(response::deleted, ());
}

#[test]
pub(crate) fn a_whole_document_goes_back_with_everything_that_was_in_it() {
    let changes = patch::Changes::from([
        (Field::LastName, Value::text("Garcia")),
        (Field::Phones, Value::list([ANA.to_owned(), "+14155550124".to_owned()])),
        (Field::Emails, None),
        (Field::Tags, Value::list(["new".to_owned()])),
    ]);
    // The answer to a change is described without the ids of custom values.
    let (mut shown, mut read) = (shown(), held());
    for (shown, read) in shown["customFields"].as_array_mut().unwrap().iter_mut().zip(&mut read.custom_fields) {
        shown.as_object_mut().unwrap().remove("id");
        read.id = None;
    }
    let line = "PATCH /v1/contacts/66d0d87e8dc1211467372303";
    asks(patch::document(&held(), &changes, &view()).unwrap(), line)
        .with(json!({ "externalId": "t1", "source": "tandem", "sourceUrl": "https://example.com/c/1",
            "defaultFields": { "firstName": "Ana", "lastName": "Garcia", "company": "Example Inc", "role": null,
                "phoneNumbers": [{ "id": "p1", "name": "Mobile", "value": ANA },
                    { "name": "Phone", "value": "+14155550124" }],
                "emails": [{ "id": "m1", "name": "Work", "value": null }] },
            "customFields": [{ "id": "k1", "key": "tags", "value": ["new"] },
                { "id": "k2", "key": "score", "value": 42 }] }))
        .answered(200, json!({ "data": shown }))
        .reads(response::contact, read.clone());
    let strange = Contact { external_id: None, source: None, source_url: None, ..held() };
    asks(patch::document(&strange, &patch::Changes::new(), &view()).unwrap(), line)
        .with(json!({ "externalId": null, "source": null, "sourceUrl": null,
            "defaultFields": { "firstName": "Ana", "lastName": null, "company": "Example Inc", "role": null,
                "phoneNumbers": [{ "id": "p1", "name": "Mobile", "value": ANA }],
                "emails": [{ "id": "m1", "name": "Work", "value": "ana@example.com" }] },
            "customFields": [{ "id": "k1", "key": "tags", "value": ["vip"] },
                { "id": "k2", "key": "score", "value": 42 }] }))
        .answered(200, json!({ "data": shown }))
        .reads(response::contact, read.clone());
}

#[test]
pub(crate) fn custom_fields_are_listed_with_their_types() {
    let wanted = Definition { name: "Tags".to_owned(), key: "tags".to_owned(), kind: "multi-select".to_owned() };
    asks(request::custom_fields(), "GET /v1/contact-custom-fields")
        .answered(200, json!({ "data": [{ "name": "Tags", "key": "tags", "type": "multi-select" }] }))
        .reads(response::definitions, vec![wanted]);
}
