use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tandem_contact::phone;

use super::*;
use crate::openphone::TagTarget;
use crate::openphone::contact as documents;

fn view() -> OpenPhoneView {
    let tags = TagTarget::MultiSelect { key: "tags".to_owned(), name: "Tags".to_owned() };
    OpenPhoneView::plain("US", tags)
}

fn contact() -> Contact {
    let item = |id: &str, name: &str, value: &str| Item {
        id: Some(id.to_owned()),
        name: Some(name.to_owned()),
        value: Some(value.to_owned()),
    };
    let field =
        |key: &str, value: Json| CustomField { key: Some(key.to_owned()), id: None, name: None, kind: None, value };
    Contact {
        id: ContactId::new("c1").unwrap(),
        external_id: Some("t1".to_owned()),
        source: Some("tandem".to_owned()),
        source_url: Some("https://example.com/1".to_owned()),
        first_name: Some("Ana".to_owned()),
        last_name: None,
        company: Some("Example Inc".to_owned()),
        role: None,
        phones: vec![item("p1", "Mobile", "(415) 555-0123"), item("p2", "Office", "+14155550124")],
        emails: vec![item("m1", "Work", "Ana@example.com")],
        custom_fields: vec![
            field("score", json!(0.1)),
            field("tags", json!(["VIP", "old"])),
            field("site", Json::Null),
        ],
        created_at: None,
        updated_at: None,
        is_whole: true,
    }
}

fn list(items: &[&str]) -> Option<Value> {
    Value::list(items.iter().map(|item| (*item).to_owned()))
}

fn body(request: &Request) -> Json {
    serde_json::from_slice(request.http.body()).unwrap()
}

fn patched(current: &Contact, changes: &Changes) -> Json {
    body(&document(current, changes, &view()).unwrap())
}

#[test]
fn scalars_travel_alone_on_the_dated_surface() {
    let id = ContactId::new("c1").unwrap();
    let changes = Changes::from([
        (Field::FirstName, Value::text("Eva")),
        (Field::Role, None),
        (Field::Phones, list(&["+14155550125"])),
    ]);
    let request = scalars(&id, &changes, &view()).unwrap();
    assert_eq!(request.http.uri(), "/contacts/c1");
    assert_eq!(request.http.headers()["quo-api-version"], "2026-03-30");
    assert_eq!(body(&request), json!({"firstName": "Eva", "role": null}));
    assert!(needs_document(&changes));
    assert!(!needs_document(&Changes::from([(Field::Role, None)])));
    let too_long = Value::text(&format!("https://example.com/{}", "x".repeat(200)));
    assert!(scalars(&id, &Changes::from([(Field::SourceLink, too_long)]), &view()).is_none());
    assert!(scalars(&id, &Changes::new(), &view()).is_none());
}

#[test]
fn the_document_is_complete_without_any_change() {
    assert_eq!(
        patched(&contact(), &Changes::new()),
        json!({
            "externalId": "t1", "source": "tandem", "sourceUrl": "https://example.com/1",
            "defaultFields": {
                "firstName": "Ana", "lastName": null, "company": "Example Inc", "role": null,
                "phoneNumbers": [
                    {"id": "p1", "name": "Mobile", "value": "(415) 555-0123"},
                    {"id": "p2", "name": "Office", "value": "+14155550124"},
                ],
                "emails": [{"id": "m1", "name": "Work", "value": "Ana@example.com"}],
            },
            "customFields": [
                {"key": "score", "value": 0.1}, {"key": "tags", "value": ["VIP", "old"]}, {"key": "site", "value": null},
            ],
        })
    );
}

#[test]
fn lists_keep_ids_and_labels_of_what_stays() {
    let changes = Changes::from([
        (Field::Phones, list(&["+14155550123", "+14155550125"])),
        (Field::Emails, None),
        (Field::Tags, list(&["vip", "new"])),
    ]);
    let body = patched(&contact(), &changes);
    assert_eq!(
        body["defaultFields"]["phoneNumbers"],
        json!([
            {"id": "p1", "name": "Mobile", "value": "(415) 555-0123"},
            {"id": "p2", "name": "Office", "value": null},
            {"name": "Phone", "value": "+14155550125"},
        ])
    );
    assert_eq!(body["defaultFields"]["emails"], json!([{"id": "m1", "name": "Work", "value": null}]));
    assert_eq!(body["customFields"][1], json!({"key": "tags", "value": ["new", "VIP"]}));
    assert_eq!(body["customFields"].as_array().unwrap().len(), 3);
}

#[test]
fn tags_find_their_field_whether_or_not_it_has_a_value() {
    let mut empty = contact();
    empty.custom_fields.truncate(1);
    let added = patched(&empty, &Changes::from([(Field::Tags, list(&["a"]))]));
    assert_eq!(added["customFields"], json!([{"key": "score", "value": 0.1}, {"key": "tags", "value": ["a"]}]));
    let nothing = patched(&empty, &Changes::from([(Field::Tags, None)]));
    assert_eq!(nothing["customFields"], json!([{"key": "score", "value": 0.1}]));
    let cleared = patched(&contact(), &Changes::from([(Field::Tags, None)]));
    assert_eq!(cleared["customFields"][1], json!({"key": "tags", "value": null}));
    let mut twice = contact();
    twice.custom_fields.push(twice.custom_fields[1].clone());
    let both = patched(&twice, &Changes::from([(Field::Tags, list(&["a"]))]));
    assert_eq!(both["customFields"][1]["value"], json!(["a"]));
    assert_eq!(both["customFields"][3]["value"], Json::Null);
}

#[test]
fn what_cannot_be_carried_along_is_not_overwritten() {
    let current = Contact { is_whole: false, ..contact() };
    assert_eq!(document(&current, &Changes::new(), &view()).unwrap_err(), CannotKeep);
}

fn any_item() -> impl Strategy<Value = Item> {
    let value = prop_oneof!["\\+1415555012[0-9]", "\\(415\\) 555-012[0-9]", "[a-c]@Example\\.com", ".{0,6}"];
    (option::of("[a-z0-9]{1,4}"), option::of(".{0,6}"), option::of(value)).prop_map(|(id, name, value)| Item {
        id,
        name,
        value,
    })
}

fn any_custom_field() -> impl Strategy<Value = CustomField> {
    let value = prop_oneof![
        Just(Json::Null),
        any::<f64>().prop_map(Json::from),
        vec("[A-C]", 0..3).prop_map(Json::from),
        ".{0,6}".prop_map(Json::from),
    ];
    (prop_oneof![Just("tags".to_owned()), "[a-z]{1,4}".prop_map(String::from)], option::of("[a-z0-9]{1,4}"), value)
        .prop_map(|(key, id, value)| CustomField { key: Some(key), id, name: None, kind: None, value })
}

fn any_contact() -> impl Strategy<Value = Contact> {
    let scalars = [(); 5].map(|()| option::of(".{0,6}"));
    (scalars, vec(any_item(), 0..5), vec(any_item(), 0..5), vec(any_custom_field(), 0..5)).prop_map(
        |([first_name, last_name, company, role, source_url], phones, emails, custom_fields)| Contact {
            source_url,
            first_name,
            last_name,
            company,
            role,
            phones,
            emails,
            custom_fields,
            ..contact()
        },
    )
}

fn any_changes() -> impl Strategy<Value = Changes> {
    let text = || option::of("[a-z]{1,5}").prop_map(|text| text.as_deref().and_then(Value::text));
    let phones = vec("\\+1415555012[0-9]", 0..3).prop_map(Value::list);
    let emails = vec("[a-c]@example\\.com", 0..3).prop_map(Value::list);
    let tags = vec("[a-c]", 0..3).prop_map(Value::list);
    (option::of(text()), option::of(text()), option::of(phones), option::of(emails), option::of(tags)).prop_map(
        |(first, role, phones, emails, tags)| {
            let all = [
                (Field::FirstName, first),
                (Field::Role, role),
                (Field::Phones, phones),
                (Field::Emails, emails),
                (Field::Tags, tags),
            ];
            all.into_iter().filter_map(|(field, change)| Some((field, change?))).collect()
        },
    )
}

/// Plays the server that replaces: what the answer to the patch would hold.
fn applied(current: &Contact, changes: &Changes) -> Contact {
    let body = patched(current, changes);
    let mut answer = body.as_object().unwrap().clone();
    answer.insert("id".to_owned(), "c1".into());
    for list in ["phoneNumbers", "emails"] {
        let items = answer["defaultFields"][list].as_array_mut().unwrap();
        items.retain(|item| !item["value"].is_null());
    }
    Contact::read(&answer).unwrap()
}

proptest! {
    #[test]
    fn nothing_that_is_not_changed_is_lost(current in any_contact(), changes in any_changes()) {
        let after = applied(&current, &changes);
        let (before, seen) = (documents::observe(&current, &view()).0, documents::observe(&after, &view()).0);
        for field in Field::ALL {
            let wanted = changes.get(&field).unwrap_or(&before[&field]);
            prop_assert_eq!(&seen[&field], wanted, "{:?}", field);
        }
        prop_assert_eq!((&after.external_id, &after.source), (&current.external_id, &current.source));
        let others = |contact: &Contact| -> Vec<(Option<String>, Option<String>, Json)> {
            let fields = contact.custom_fields.iter().filter(|field| field.key.as_deref() != Some("tags"));
            fields.map(|field| (field.key.clone(), field.id.clone(), field.value.clone())).collect()
        };
        prop_assert_eq!(others(&after), others(&current));
        for (field, old, new) in [(Field::Phones, &current.phones, &after.phones), (Field::Emails, &current.emails, &after.emails)] {
            let normal = |raw: &str| if field == Field::Phones { phone::normal(raw, "US") } else { email::normal(raw) };
            let wanted = changes.get(&field).map(|change| change.as_ref().map(Value::items).unwrap_or_default());
            for item in old.iter().filter(|item| item.value.is_some()) {
                let value = item.value.as_deref().and_then(normal);
                let stays = wanted.as_ref().is_none_or(|wanted| value.is_none_or(|value| wanted.contains(&value)));
                let is_there = new.iter().any(|kept| kept.id == item.id && kept.value == item.value && (item.name.is_none() || kept.name == item.name));
                prop_assert_eq!(is_there || !stays, true, "{:?} lost", item);
            }
        }
    }
}
