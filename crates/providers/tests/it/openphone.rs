//! OpenPhone's documented bodies, our signature vectors, and our requests against the vendor's document.

use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tandem_contact::{Field, Fields, Value};
use tandem_providers::openphone::webhook::{Kind, parse, verify};
use tandem_providers::openphone::{
    ContactId, ExternalId, OpenPhoneView, TagTarget, WebhookSecret, contact, patch, request, response,
};

use crate::schema::misfits;
use crate::{answer, json, json_files, text, vendor};

fn view() -> OpenPhoneView {
    OpenPhoneView {
        default_country: "US".to_owned(),
        tags: TagTarget::MultiSelect { key: "tags".to_owned(), name: "Tags".to_owned() },
    }
}

#[test]
fn every_documented_body_is_read() {
    let Some(folder) = vendor().map(|vendor| vendor.join("openphone/webhooks")) else { return };
    let mut contacts = 0;
    for path in json_files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "signature-vectors.json" {
            continue;
        }
        let webhook = parse(text(&path).as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(webhook.event_id.is_some() && webhook.created_at.is_some(), "{name}: {webhook:?}");
        let kind = match name.split('.').take(2).collect::<Vec<_>>()[..] {
            ["contact", "updated"] => Kind::ContactUpdated,
            ["contact", "deleted"] => Kind::ContactDeleted,
            _ => Kind::Other,
        };
        assert_eq!(webhook.kind, kind, "{name}");
        if kind != Kind::Other {
            let id = webhook.contact_id.unwrap();
            assert_eq!(id.as_str().len(), 24, "{name}: {id}");
            contacts += 1;
        }
    }
    assert!(contacts >= 8, "only {contacts} contact events");
}

#[test]
fn a_dated_body_is_an_observation() {
    let Some(folder) = vendor().map(|vendor| vendor.join("openphone/webhooks")) else { return };
    let webhook = parse(text(&folder.join("contact.updated.json")).as_bytes()).unwrap();
    let (seen, updated_at) = contact::observe_partial(&webhook.contact.unwrap(), &view());
    assert_eq!(seen[&Field::FirstName], Value::text("John"));
    assert_eq!(seen[&Field::Emails], Value::list(["john@example.com".to_owned()]));
    assert_eq!(seen[&Field::Tags], Value::list(["newsletter".to_owned(), "vip".to_owned()]));
    assert!(!seen.contains_key(&Field::SourceLink), "webhooks don't carry the link");
    assert!(updated_at.is_some());
    let legacy = parse(text(&folder.join("legacy-v3/contact.updated.json")).as_bytes()).unwrap();
    assert_eq!(legacy.contact, None, "a legacy body is a hint only");
}

#[test]
fn the_signature_vectors_hold() {
    let Some(folder) = vendor().map(|vendor| vendor.join("openphone/webhooks")) else { return };
    let vectors = json(&folder.join("signature-vectors.json"));
    let vectors = vectors["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 9);
    for vector in vectors {
        let secret = WebhookSecret::parse(vector["secret"].as_str().unwrap()).unwrap();
        let headers: HeaderMap = ["webhook-id", "webhook-timestamp", "webhook-signature", "openphone-signature"]
            .into_iter()
            .filter_map(|name| Some((HeaderName::from_static(name), vector[name].as_str()?.parse().unwrap())))
            .collect();
        let sent = vector["webhook-timestamp"].as_str().map_or(0, |seconds| seconds.parse().unwrap());
        let now = Timestamp::from_second(sent).unwrap();
        let result = verify(vector["body"].as_str().unwrap().as_bytes(), &headers, &[secret], now);
        assert_eq!(result.is_ok(), vector["valid"] == true, "{}: {result:?}", vector["note"]);
    }
}

/// The request schema of an operation in the vendor's v1 document.
fn body_schema(spec: &Json, path: &str, method: &str) -> Json {
    spec["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"].clone()
}

fn everything() -> Fields {
    let text = |text: &str| Value::Text(text.to_owned());
    Fields::from([
        (Field::FirstName, text("Ana")),
        (Field::LastName, text("Sample")),
        (Field::Company, text("Example Inc")),
        (Field::Role, text("Buyer")),
        (Field::SourceLink, text("https://example.com/contacts/1")),
        (Field::Phones, Value::List(["+14155550123".to_owned()].into())),
        (Field::Emails, Value::List(["ana@example.com".to_owned()].into())),
        (Field::Tags, Value::List(["vip".to_owned()].into())),
    ])
}

#[test]
fn creates_fit_the_vendors_document() {
    let Some(vendor) = vendor() else { return };
    let spec = json(&vendor.join("openphone/openapi/quo-public-api-v1.json"));
    let schema = body_schema(&spec, "/v1/contacts", "post");
    assert!(schema.is_object(), "the document has no such operation");
    let key = ExternalId::new("t1").unwrap();
    for fields in [everything(), Fields::new()] {
        let request = request::create(&key, &fields, &view());
        let body: Json = serde_json::from_slice(request.http.body()).unwrap();
        assert_eq!(misfits(&schema, &body, ""), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn documents_fit_the_vendors_document_and_come_back_equal() {
    let Some(vendor) = vendor() else { return };
    let spec = json(&vendor.join("openphone/openapi/quo-public-api-v1.json"));
    let schema = body_schema(&spec, "/v1/contacts/{id}", "patch");
    assert!(schema.is_object(), "the document has no such operation");
    let stored = json!({"data": {
        "id": "66d0d87e8dc1211467372303", "externalId": null, "source": null, "sourceUrl": null,
        "defaultFields": {"firstName": null, "lastName": null, "company": null, "role": null,
            "emails": [{"name": "Work", "value": "old@example.com", "id": "m1"}],
            "phoneNumbers": [{"name": "Mobile", "value": "+14155550129", "id": "p1"}]},
        "customFields": [{"name": "Score", "key": "score", "id": "f1", "type": "number", "value": 42}],
        "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z", "createdByUserId": "US1"}});
    let current = response::contact(&answer(200, &stored)).unwrap();
    let changes: patch::Changes = everything().into_iter().map(|(field, value)| (field, Some(value))).collect();
    for changes in [changes, patch::Changes::new()] {
        let request = patch::document(&current, &changes, &view()).unwrap();
        let body: Json = serde_json::from_slice(request.http.body()).unwrap();
        assert_eq!(misfits(&schema, &body, ""), Vec::<String>::new(), "{body}");
        assert_eq!(body["customFields"][0], json!({"key": "score", "id": "f1", "value": 42}));
    }
}

#[test]
fn list_parameters_are_those_of_the_vendors_document() {
    let Some(vendor) = vendor() else { return };
    let spec = json(&vendor.join("openphone/openapi/quo-public-api-v1.json"));
    let parameters = spec["paths"]["/v1/contacts"]["get"]["parameters"].as_array().unwrap();
    let lists = request::List::by_external_ids(&[ExternalId::new("t1").unwrap()]);
    let query = lists[0].page(Some("token")).http.uri().query().unwrap().to_owned();
    for name in query.split('&').filter_map(|pair| pair.split('=').next()) {
        assert!(parameters.iter().any(|parameter| parameter["name"] == name), "{name}");
    }
    let id = ContactId::new("c1").unwrap();
    for request in [request::contact(&id), request::delete(&id), request::custom_fields(), lists[0].page(None)] {
        let (method, path) = request.operation.template.split_once(' ').unwrap();
        let is_there = spec["paths"][path][method.to_lowercase()].is_object();
        assert!(is_there, "{}", request.operation.template);
    }
}
