use proptest::prelude::*;
use serde_json::json;

use super::*;

fn view() -> OpenPhoneView {
    let tags = TagTarget::MultiSelect { key: "tags".to_owned(), name: "Tags".to_owned() };
    OpenPhoneView::plain("US", tags)
}

fn list(items: &[&str]) -> Option<Value> {
    Value::list(items.iter().map(|item| (*item).to_owned()))
}

fn document() -> Json {
    json!({
        "id": "66d0d87e8dc1211467372303", "externalId": "e1", "source": "tandem", "sourceUrl": "https://example.com/1",
        "defaultFields": {
            "firstName": "Ana ", "lastName": null, "company": "Example Inc", "role": "",
            "phoneNumbers": [{"id": "p1", "name": "Mobile", "value": "(415) 555-0123"}, {"name": "Old", "value": null}],
            "emails": [{"id": "m1", "name": "Work", "value": "Ana@Example.com"}],
        },
        "customFields": [
            {"name": "Tags", "key": "tags", "id": "c1", "type": "multi-select", "value": ["VIP"]},
            {"name": "Score", "key": "score", "type": "number", "value": 0.1},
        ],
        "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-02T00:00:00.000Z", "createdByUserId": "US1",
    })
}

fn read(document: &Json) -> Contact {
    Contact::read(document.as_object().unwrap()).unwrap()
}

#[test]
fn a_document_is_read_into_canonical_fields() {
    let contact = read(&document());
    assert!(contact.is_whole);
    let (seen, updated_at) = observe(&contact, &view());
    assert_eq!(seen[&Field::FirstName], Value::text("Ana"));
    assert_eq!((&seen[&Field::LastName], &seen[&Field::Role]), (&None, &None));
    assert_eq!(seen[&Field::Phones], list(&["+14155550123"]));
    assert_eq!(seen[&Field::Emails], list(&["ana@example.com"]));
    assert_eq!(seen[&Field::Tags], list(&["vip"]));
    assert_eq!(seen[&Field::SourceLink], Value::text("https://example.com/1"));
    assert_eq!(updated_at, "2026-01-02T00:00:00Z".parse().ok());
}

#[test]
fn tags_that_no_field_holds_are_not_observed() {
    let view = OpenPhoneView { tags: TagTarget::NotRepresentable, ..view() };
    assert!(!observe(&read(&document()), &view).0.contains_key(&Field::Tags));
    assert!(!view.can_hold(Field::Tags, &list(&["vip"]).unwrap()));
}

#[test]
fn a_document_with_values_of_unknown_form_is_not_whole() {
    for (pointer, value) in [
        ("/defaultFields/company", json!(["a"])),
        ("/defaultFields/emails", json!({"a": 1})),
        ("/defaultFields/phoneNumbers/0", json!("+14155550123")),
        ("/defaultFields/phoneNumbers/0/value", json!({"e164": "x"})),
        ("/customFields/0", json!({"name": "Tags", "value": ["x"]})),
    ] {
        let mut document = document();
        *document.pointer_mut(pointer).unwrap() = value;
        assert!(!read(&document).is_whole, "{pointer}");
    }
    let mut sparse = document();
    sparse["defaultFields"] = json!({});
    sparse.as_object_mut().unwrap().remove("customFields");
    assert!(read(&sparse).is_whole, "absent is empty");
}

#[test]
fn a_partial_says_only_what_it_carries() {
    let partial = |fields: Json| Partial::read(fields.as_object().unwrap()).unwrap();
    let seen = observe_partial(&partial(json!({"id": "c1", "firstName": "Ana", "role": null})), &view()).0;
    assert_eq!(seen, Observed::from([(Field::FirstName, Value::text("Ana")), (Field::Role, None)]));
    let dated = json!({"id": "c1", "emails": [], "phoneNumbers": [{"value": "+14155550123", "type": "phone-number"}],
        "customFields": [{"name": "Tags", "key": "tags", "type": "multi-select", "value": ["a", "B"]}]});
    let seen = observe_partial(&partial(dated), &view()).0;
    assert_eq!(seen[&Field::Emails], None);
    assert_eq!(seen[&Field::Phones], list(&["+14155550123"]));
    assert_eq!(seen[&Field::Tags], list(&["a", "b"]));
    assert_eq!(seen.len(), 3);
}

#[test]
fn links_have_bounds() {
    let can_hold = |link: &str| view().can_hold(Field::SourceLink, &Value::Text(link.to_owned()));
    let of_length = |length: usize| format!("https://example.com/{}", "x".repeat(length - 20));
    assert!(can_hold(&of_length(200)));
    for bad in [of_length(201).as_str(), "", "example.com", "javascript:alert(1)"] {
        assert!(!can_hold(bad), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_answer_panics(body in proptest::collection::vec(any::<u8>(), 0..120), text in ".{0,20}", number in any::<f64>()) {
        let _object = crate::json::object(&body);
        for value in [Json::from(text), Json::from(number), Json::Null, json!([1, {"a": null}]), json!({"id": []})] {
            let mut odd = document();
            for pointer in ["/id", "/defaultFields/firstName", "/defaultFields/emails/0", "/customFields/0/value", "/updatedAt"] {
                *odd.pointer_mut(pointer).unwrap() = value.clone();
                if let Some(contact) = Contact::read(odd.as_object().unwrap()) {
                    let _seen = observe(&contact, &view());
                }
                odd = document();
            }
        }
    }
}
