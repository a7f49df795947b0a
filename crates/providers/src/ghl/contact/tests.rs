use proptest::prelude::*;
use serde_json::json;

use super::*;

fn view() -> GhlView {
    GhlView::plain("L1", "US", "https://app.example.com/")
}

fn observed(contact: &Json, view: &GhlView) -> Observed {
    let contact = Contact::read(contact.as_object().unwrap()).unwrap();
    observe(&contact, view).0
}

fn list(items: &[&str]) -> Option<Value> {
    Value::list(items.iter().map(|item| (*item).to_owned()))
}

#[test]
fn a_full_contact_is_read_into_canonical_fields() {
    let seen = observed(
        &json!({
            "id": "C1", "locationId": "L1", "firstName": " Ana ", "lastName": "Sample", "name": "ana sample",
            "companyName": "Example Inc", "phone": "(415) 555-0123", "email": "Ana@Example.com",
            "additionalPhones": [{"phone": "+14155550124", "phoneLabel": "work"}, "+1 415 555 0125", {"x": 1}, null],
            "additionalEmails": [{"email": "a@example.com"}, "b@example.com", 7],
            "tags": ["VIP", " lead ", "", null], "dateUpdated": "2026-01-02T03:04:05.678Z",
        }),
        &view(),
    );
    assert_eq!(seen[&Field::FirstName], Value::text("Ana"));
    assert_eq!(seen[&Field::LastName], Value::text("Sample"));
    assert_eq!(seen[&Field::Company], Value::text("Example Inc"));
    assert_eq!(seen[&Field::Phones], list(&["+14155550123", "+14155550124", "+14155550125"]));
    assert_eq!(seen[&Field::Tags], list(&["lead", "vip"]));
    assert_eq!(seen[&Field::SourceLink], Value::text("https://app.example.com/v2/location/L1/contacts/detail/C1"));
    assert!(!seen.contains_key(&Field::Role), "GHL has no role of its own");
}

#[test]
fn an_empty_contact_is_seen_as_empty_not_as_unseen() {
    let seen = observed(&json!({"id": "C1", "firstName": null, "phone": "", "tags": {}}), &view());
    for field in [Field::FirstName, Field::LastName, Field::Company, Field::Phones, Field::Emails, Field::Tags] {
        assert_eq!(seen[&field], None, "{field:?}");
    }
}

#[test]
fn the_full_name_stands_in_only_when_both_parts_are_missing() {
    let split = observed(&json!({"id": "C1", "name": " Ana  Maria Sample "}), &view());
    assert_eq!(split[&Field::FirstName], Value::text("Ana"));
    assert_eq!(split[&Field::LastName], Value::text("Maria Sample"));
    let half = observed(&json!({"id": "C1", "name": "Ana Sample", "lastName": "Sample"}), &view());
    assert_eq!(half[&Field::FirstName], None);
}

#[test]
fn a_lower_cased_name_gets_its_case_back() {
    let raw = observed(&json!({"id": "C1", "firstName": "ana", "firstNameRaw": "AnA"}), &view());
    assert_eq!(raw[&Field::FirstName], Value::text("AnA"));
    let stale = observed(&json!({"id": "C1", "firstName": "eva", "firstNameRaw": "Ana"}), &view());
    assert_eq!(stale[&Field::FirstName], Value::text("eva"));
}

#[test]
fn the_role_comes_from_its_custom_field_whatever_its_type() {
    let view = GhlView { custom_fields: GhlView::places([(Field::Role, "F1".to_owned())]), ..view() };
    for (value, role) in [
        (json!("Buyer"), Value::text("Buyer")),
        (json!(["Buyer", "Payer"]), Value::text("Buyer, Payer")),
        (json!(7), Value::text("7")),
        (json!(true), Value::text("true")),
        (json!({"a": 1}), None),
        (json!(null), None),
    ] {
        let contact =
            json!({"id": "C1", "customFields": [{"id": "F0", "value": "x"}, {"id": "F1", "value": value}, 3]});
        assert_eq!(observed(&contact, &view)[&Field::Role], role, "{value}");
    }
    assert_eq!(observed(&json!({"id": "C1"}), &view)[&Field::Role], None);
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        ".{0,12}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_shape_of_any_field_panics(values in proptest::collection::vec(any_json(), 11)) {
        let keys = ["firstName", "lastName", "name", "companyName", "phone", "email", "additionalPhones",
            "additionalEmails", "tags", "customFields", "dateUpdated"];
        let mut contact: Map<String, Json> = keys.iter().map(|key| (*key).to_owned()).zip(values).collect();
        contact.insert("id".to_owned(), Json::from("C1"));
        let contact = Contact::read(&contact).unwrap();
        let _observed = observe(&contact, &view());
    }
}
