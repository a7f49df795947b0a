use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::CustomPlaces;

fn view() -> GhlView {
    GhlView {
        custom_fields: CustomPlaces::new([(Field::Role, "f1".to_owned())]).with_ids(|_| true),
        ..GhlView::plain("loc1", "US", "https://app.example.com")
    }
}

fn version(text: &str) -> ApiVersion {
    ApiVersion::new(text).unwrap()
}

fn contact(phones: &[&str], emails: &[&str]) -> Contact {
    let fields = json!({ "id": "c1", "phone": phones.first(), "additionalPhones": phones.get(1..),
        "email": emails.first(), "additionalEmails": emails.get(1..) });
    Contact::read(fields.as_object().unwrap()).unwrap()
}

fn list(items: &[&str]) -> Option<Value> {
    Value::list(items.iter().map(|&item| item.to_owned()))
}

fn changed(current: &Contact, changes: &Changes) -> Json {
    let request = update(current, changes, &view(), &version("2021-07-28"));
    request.map_or(Json::Null, |request| serde_json::from_slice(request.http.body()).unwrap())
}

#[test]
fn a_create_has_what_ghl_can_hold_and_no_more() {
    let fields = Fields::from([
        (Field::FirstName, Value::text("Ana").unwrap()),
        (Field::Company, Value::text("Example Inc").unwrap()),
        (Field::Role, Value::text("Buyer").unwrap()),
        (Field::SourceLink, Value::text("https://example.com/1").unwrap()),
        (Field::Phones, list(&["+14155550101", "+14155550102"]).unwrap()),
        (Field::Tags, list(&["vip"]).unwrap()),
    ]);
    let body = |text: &str| whole(&fields, &view(), &version(text));
    let item = |key: &str| json!([{ "id": "f1", key: "Buyer" }]);
    let mut wanted = json!({ "locationId": "loc1", "source": "Tandem", "firstName": "Ana", "companyName": "Example Inc",
        "phone": "+14155550101", "tags": ["vip"], "customFields": item("field_value") });
    assert_eq!(body("2021-07-28"), wanted);
    wanted["customFields"] = item("fieldValue");
    assert_eq!(body("v3"), wanted);
}

#[test]
fn nothing_that_put_refuses_or_replaces_is_sent() {
    let changes = Changes::from([
        (Field::Company, Value::text("Example Inc")),
        (Field::Tags, list(&["vip"])),
        (Field::SourceLink, None),
    ]);
    assert_eq!(changed(&contact(&[], &[]), &changes), Json::Null);
    let changes = Changes::from([(Field::LastName, None), (Field::Role, None)]);
    let wanted = json!({ "lastName": null, "customFields": [{ "id": "f1", "field_value": "" }] });
    assert_eq!(changed(&contact(&[], &[]), &changes), wanted);
}

#[test]
fn the_primary_number_stays_while_it_is_wanted() {
    let phones = |current: &[&str], wanted: &[&str]| {
        changed(&contact(current, &[]), &Changes::from([(Field::Phones, list(wanted))]))
    };
    let (one, two, three) = ("+14155550101", "+14155550102", "+14155550103");
    assert_eq!(phones(&["(415) 555-0102"], &[one, two]), Json::Null);
    assert_eq!(phones(&[two], &[one]), json!({ "phone": one }));
    assert_eq!(phones(&[two, one], &[one, three]), json!({ "phone": three }), "{one} is there already");
    assert_eq!(phones(&[two, one], &[one]), json!({ "phone": one }));
    assert_eq!(phones(&[], &[one]), json!({ "phone": one }));
    assert_eq!(phones(&[one], &[]), json!({ "phone": null }));
    assert_eq!(phones(&[], &[]), Json::Null);
    let emails = Changes::from([(Field::Emails, list(&["b@example.com"]))]);
    assert_eq!(changed(&contact(&[], &["A@example.com"]), &emails), json!({ "email": "b@example.com" }));
}

#[test]
fn an_answer_tells_what_became_of_the_contact() {
    let answer = |body: Json| http::Response::builder().status(200).body(body.to_string().into()).unwrap();
    let contact = json!({ "id": "c1", "firstName": "Ana" });
    assert_eq!(created(&answer(json!({ "contact": contact }))).unwrap().id.as_str(), "c1");
    let (found, is_new) = upserted(&answer(json!({ "new": false, "contact": contact, "traceId": "t" }))).unwrap();
    assert_eq!((found.first_name.as_deref(), is_new), (Some("Ana"), false));
    for (flag, shown) in [("succeded", true), ("succeeded", true), ("succeeded", false)] {
        let now = updated(&answer(json!({ flag: true, "contact": shown.then_some(&contact) }))).unwrap();
        assert_eq!(now.is_some(), shown);
    }
    assert!(updated(&answer(json!({ "succeded": false, "contact": contact }))).is_err());
}

proptest! {
    #[test]
    fn no_change_sends_what_put_does_not_take(
        there in proptest::collection::vec("\\+1415555[0-9]{4}", 0..3),
        wanted in proptest::collection::vec("\\+1415555[0-9]{4}", 0..3),
        name in proptest::option::of(".{0,12}"),
    ) {
        let there: Vec<&str> = there.iter().map(String::as_str).collect();
        let current = contact(&there, &[]);
        let changes = Changes::from([
            (Field::Phones, Value::list(wanted.iter().cloned())),
            (Field::FirstName, name.as_deref().and_then(Value::text)),
            (Field::Tags, list(&["vip"])),
        ]);
        let body = changed(&current, &changes);
        let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
        prop_assert!(keys.iter().all(|key| ["firstName", "phone"].contains(&key.as_str())), "{keys:?}");
        if let Some(phone) = body.get("phone").and_then(Json::as_str) {
            prop_assert!(wanted.iter().any(|one| one == phone));
            prop_assert_ne!(there.first(), Some(&phone));
        }
    }
}
