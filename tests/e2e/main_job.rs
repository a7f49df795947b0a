//! The main job without faults.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack, StackOptions, quick_ghl, quick_openphone};
use tandem_twins::{CustomField, FieldType, GhlCustomField, OpenPhoneConfig, UnknownOption};

const LIMIT: Duration = Duration::from_secs(30);

in_both_shapes! {
    a_new_contact_arrives_with_everything_the_mapping_names,
    an_edit_is_one_write_and_wipes_nothing_that_people_put_into_openphone,
    tags_come_and_go_and_an_edit_of_do_not_disturb_writes_nothing,
    tags_go_into_a_text_field_or_are_reported_where_there_is_none,
    options_that_openphone_refuses_do_not_hold_up_the_rest,
    a_delete_leaves_a_tombstone_and_openphone_keeps_its_contact,
    a_delete_crosses_where_the_mapping_says_so,
    the_same_person_twice_is_parked_and_a_household_is_not,
    an_edit_in_openphone_stands_until_ghl_changes_that_field,
    what_nobody_ever_mapped_stays_out,
    an_empty_card_is_skipped_with_a_reason_until_it_names_somebody,
    the_role_comes_from_the_custom_field_that_the_mapping_names,
}

fn values(contact: &Value, list: &str) -> Vec<String> {
    let items = contact["defaultFields"][list].as_array().cloned().unwrap_or_default();
    let mut values: Vec<String> = items.iter().filter_map(|item| item["value"].as_str().map(str::to_owned)).collect();
    values.sort();
    values
}

fn custom<'a>(contact: &'a Value, name: &str) -> &'a Value {
    let fields = contact["customFields"].as_array();
    fields
        .and_then(|fields| fields.iter().find(|field| field["name"] == name))
        .map_or(&Value::Null, |field| &field["value"])
}

fn with_fields(fields: Vec<CustomField>) -> OpenPhoneConfig {
    let mut config = quick_openphone();
    config.workspaces[0].custom_fields = fields;
    config
}

#[expect(clippy::cognitive_complexity, reason = "one story, from its beginning to its end")]
async fn a_new_contact_arrives_with_everything_the_mapping_names(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let id = stack
        .ghl
        .create_contact(&json!({
            "firstName": "Ana", "lastName": "Díaz 🌵", "companyName": "Example Plumbing", "phone": "(415) 555-0123",
            "email": "Ana.Diaz@Example.com", "tags": ["VIP", "lead"],
        }))
        .unwrap();
    let contact = stack.arrives(&id, "the new contact in OpenPhone", |_| true).await;
    assert_eq!(contact["defaultFields"]["firstName"], "Ana");
    assert_eq!(contact["defaultFields"]["lastName"], "Díaz 🌵");
    assert_eq!(contact["defaultFields"]["company"], "Example Plumbing");
    assert_eq!(contact["defaultFields"]["phoneNumbers"][0]["value"], "+14155550123");
    assert_eq!(contact["defaultFields"]["emails"][0]["value"], "ana.diaz@example.com");
    assert_eq!(contact["source"], "tandem");
    assert!(contact["externalId"].as_str().unwrap().starts_with("tandem_"));
    assert_eq!(custom(&contact, "Tags"), &json!(["lead", "vip"]));

    stack.quiet(LIMIT).await;
    let report = stack.openphone.report();
    assert_eq!(report.writes.created_by_api, 1);
    assert_eq!(report.writes.updated_by_api, 0, "the echo of our own create caused a write");
    assert_eq!(stack.count(Stream::Dead).await, 0);
}

#[expect(clippy::cognitive_complexity, reason = "one story, from its beginning to its end")]
async fn an_edit_is_one_write_and_wipes_nothing_that_people_put_into_openphone(shape: Shape) {
    let fields =
        vec![CustomField::tags(&[], UnknownOption::Add), CustomField::new("notes", "Gate code", FieldType::Text)];
    let stack = Stack::start_with(StackOptions { openphone: Some(with_fields(fields)), ..StackOptions::of(shape) })
        .await
        .unwrap();
    let person =
        json!({ "firstName": "Ben", "lastName": "Okafor", "phone": "+14155550101", "email": "ben@example.com" });
    let id = stack.ghl.create_contact(&person).unwrap();
    let there = stack.arrives(&id, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;

    // A person adds a labelled number and a gate code in OpenPhone.
    let phones =
        json!([{ "name": "Mobile", "value": "+14155550101" }, { "name": "Site office", "value": "+14155550177" }]);
    let edit = json!({ "phoneNumbers": phones, "customFields": [{ "key": "notes", "value": "4711" }] });
    stack.openphone.edit_contact(there["id"].as_str().unwrap(), &edit).unwrap();
    stack.quiet(LIMIT).await;

    // A scalar: one request that can't touch lists.
    let before = stack.openphone.report();
    stack.ghl.edit_contact(&id, &json!({ "lastName": "Okafor-Lindt" })).unwrap();
    stack.arrives(&id, "the new last name", |c| c["defaultFields"]["lastName"] == "Okafor-Lindt").await;
    stack.quiet(LIMIT).await;
    let after = stack.openphone.report();
    assert_eq!(after.calls("PATCH /contacts/{contactId}") - before.calls("PATCH /contacts/{contactId}"), 1);
    assert_eq!(after.calls("PATCH /v1/contacts/{id}"), before.calls("PATCH /v1/contacts/{id}"));

    // A list: the whole document is read and written back.
    stack.ghl.edit_contact(&id, &json!({ "phone": "+14155550102" })).unwrap();
    let contact =
        stack.arrives(&id, "the new number", |c| values(c, "phoneNumbers").contains(&"+14155550102".to_owned())).await;
    assert_eq!(values(&contact, "phoneNumbers"), ["+14155550102", "+14155550177"]);
    let labels: Vec<&Value> =
        contact["defaultFields"]["phoneNumbers"].as_array().unwrap().iter().map(|item| &item["name"]).collect();
    assert!(labels.contains(&&json!("Site office")), "{labels:?}");
    assert_eq!(custom(&contact, "Gate code"), "4711");
    stack.quiet(LIMIT).await;
    let report = stack.openphone.report();
    assert!(report.wiped.is_empty(), "{:?}", report.wiped);
    assert_eq!(report.writes.updated_by_api, 2, "two edits in GHL");
}

async fn tags_come_and_go_and_an_edit_of_do_not_disturb_writes_nothing(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let id =
        stack.ghl.create_contact(&json!({ "firstName": "Chi", "phone": "+14155550103", "tags": ["Lead"] })).unwrap();
    stack.arrives(&id, "the tag", |c| custom(c, "Tags") == &json!(["lead"])).await;
    stack.ghl.add_tags(&id, &["Hot"]).unwrap();
    stack.arrives(&id, "both tags", |c| custom(c, "Tags") == &json!(["hot", "lead"])).await;
    stack.ghl.remove_tags(&id, &["lead"]).unwrap();
    stack.arrives(&id, "the tag that is left", |c| custom(c, "Tags") == &json!(["hot"])).await;
    stack.quiet(LIMIT).await;
    let writes = stack.openphone.report().writes.updated_by_api;
    stack.ghl.set_dnd(&id, true).unwrap();
    stack.quiet(LIMIT).await;
    assert_eq!(stack.openphone.report().writes.updated_by_api, writes);
}

async fn tags_go_into_a_text_field_or_are_reported_where_there_is_none(shape: Shape) {
    let text = with_fields(vec![CustomField::new("t", "Tags", FieldType::Text)]);
    let stack = Stack::start_with(StackOptions { openphone: Some(text), ..StackOptions::of(shape) }).await.unwrap();
    let person = json!({ "firstName": "Dee", "phone": "+14155550104", "tags": ["b", "a"] });
    let id = stack.ghl.create_contact(&person).unwrap();
    stack.arrives(&id, "tags as text", |c| custom(c, "Tags") == "a, b").await;

    let none = with_fields(Vec::new());
    let stack = Stack::start_with(StackOptions { openphone: Some(none), ..StackOptions::of(shape) }).await.unwrap();
    let id = stack.ghl.create_contact(&person).unwrap();
    stack.arrives(&id, "the contact without tags", |_| true).await;
    stack.quiet(LIMIT).await;
    assert!(stack.journal().await.iter().any(|entry| entry.outcome == "refused" && entry.fields == ["tags"]));
    assert_eq!(stack.count(Stream::Dead).await, 0);
}

async fn options_that_openphone_refuses_do_not_hold_up_the_rest(shape: Shape) {
    let fields = vec![CustomField::tags(&["known"], UnknownOption::Refuse)];
    let stack = Stack::start_with(StackOptions { openphone: Some(with_fields(fields)), ..StackOptions::of(shape) })
        .await
        .unwrap();
    let person = json!({ "firstName": "Eve", "phone": "+14155550105", "tags": ["unknown"] });
    let id = stack.ghl.create_contact(&person).unwrap();
    stack.arrives(&id, "the contact without the refused tag", |c| c["defaultFields"]["firstName"] == "Eve").await;
    stack.quiet(LIMIT).await;
    assert!(stack.journal().await.iter().any(|entry| entry.outcome == "refused" && entry.status == 400));
    assert_eq!(stack.openphone.contacts().len(), 1);
}

async fn a_delete_leaves_a_tombstone_and_openphone_keeps_its_contact(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let id = stack.ghl.create_contact(&json!({ "firstName": "Finn", "phone": "+14155550106" })).unwrap();
    stack.arrives(&id, "the contact", |_| true).await;
    stack.ghl.delete_contact(&id).unwrap();
    stack.quiet(LIMIT).await;
    assert!(stack.across(&id).is_some(), "by default a delete doesn't cross");
    let report = stack.openphone.report();
    assert_eq!((report.writes.created_by_api, report.writes.deleted_by_api), (1, 0));
}

async fn a_delete_crosses_where_the_mapping_says_so(shape: Shape) {
    let mapping = Some("deletes: { ghl: propagate }\n".to_owned());
    let stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    let id = stack.ghl.create_contact(&json!({ "firstName": "Gus", "phone": "+14155550107" })).unwrap();
    stack.arrives(&id, "the contact", |_| true).await;
    stack.ghl.delete_contact(&id).unwrap();
    tandem_tests::eventually("the delete in OpenPhone", LIMIT, || stack.across(&id).is_none().then_some(())).await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.openphone.report().writes.created_by_api, 1, "nothing came back");
}

async fn the_same_person_twice_is_parked_and_a_household_is_not(shape: Shape) {
    let mut ghl = quick_ghl();
    ghl.locations[0].allow_duplicates = true;
    let stack = Stack::start_with(StackOptions { ghl: Some(ghl), ..StackOptions::of(shape) }).await.unwrap();
    let person = |first: &str| json!({ "firstName": first, "lastName": "Moss", "phone": "+14155550108" });
    let first = stack.ghl.create_contact(&person("Hana")).unwrap();
    stack.arrives(&first, "the first", |_| true).await;
    let again = stack.ghl.create_contact(&person("HANA")).unwrap();
    let spouse = stack.ghl.create_contact(&person("Ivo")).unwrap();
    stack.arrives(&spouse, "the other person with that number", |_| true).await;
    stack.quiet(LIMIT).await;
    assert!(stack.across(&again).is_none(), "one person got two contacts");
    assert_eq!(stack.count(Stream::Parked).await, 1);

    // Once the names tell them apart, it goes its way.
    stack.ghl.edit_contact(&again, &json!({ "firstName": "Ida" })).unwrap();
    stack.arrives(&again, "the person that turned out to be somebody else", |_| true).await;
}

async fn an_edit_in_openphone_stands_until_ghl_changes_that_field(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let id =
        stack.ghl.create_contact(&json!({ "firstName": "Jo", "lastName": "Park", "phone": "+14155550109" })).unwrap();
    let there = stack.arrives(&id, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    stack.openphone.edit_contact(there["id"].as_str().unwrap(), &json!({ "firstName": "Joanna" })).unwrap();
    stack.quiet(LIMIT).await;
    stack.ghl.edit_contact(&id, &json!({ "lastName": "Parker" })).unwrap();
    let contact = stack.arrives(&id, "the new last name", |c| c["defaultFields"]["lastName"] == "Parker").await;
    assert_eq!(contact["defaultFields"]["firstName"], "Joanna");
    stack.ghl.edit_contact(&id, &json!({ "firstName": "Josephine" })).unwrap();
    stack.arrives(&id, "GHL's own change of the field", |c| c["defaultFields"]["firstName"] == "Josephine").await;
}

async fn what_nobody_ever_mapped_stays_out(shape: Shape) {
    let mapping = Some("fields: [first_name, phones]\n".to_owned());
    let stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    let person = json!({ "firstName": "Kit", "lastName": "Vale", "phone": "+14155550110", "email": "kit@example.com" });
    stack.ghl.create_contact(&person).unwrap();
    let all = tandem_tests::eventually("the contact", LIMIT, || stack.openphone.contacts().pop()).await;
    assert_eq!(all["defaultFields"]["firstName"], "Kit");
    assert!(all["defaultFields"]["lastName"].is_null());
    assert!(values(&all, "emails").is_empty());
}

async fn an_empty_card_is_skipped_with_a_reason_until_it_names_somebody(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let id = stack.ghl.create_contact(&json!({ "tags": ["imported"] })).unwrap();
    stack.quiet(LIMIT).await;
    assert!(stack.openphone.contacts().is_empty());
    assert!(
        stack.journal().await.iter().any(|entry| entry.outcome == "skipped" && entry.reason.contains("names a person"))
    );
    stack.ghl.edit_contact(&id, &json!({ "email": "lee@example.com" })).unwrap();
    stack.arrives(&id, "the contact, once it has an address", |c| values(c, "emails") == ["lee@example.com"]).await;
}

async fn the_role_comes_from_the_custom_field_that_the_mapping_names(shape: Shape) {
    let mut ghl = quick_ghl();
    ghl.locations[0].custom_fields = vec![GhlCustomField::text("BcdmQEsNgz6AVpgLVUJ0", "role", "Role")];
    let mapping = Some("role: { ghl_custom_field: BcdmQEsNgz6AVpgLVUJ0 }\n".to_owned());
    let stack = Stack::start_with(StackOptions { ghl: Some(ghl), mapping, ..StackOptions::of(shape) }).await.unwrap();
    let role = json!([{ "id": "BcdmQEsNgz6AVpgLVUJ0", "field_value": "Buyer" }]);
    let person = json!({ "firstName": "Mia", "phone": "+14155550140", "customFields": role });
    let id = stack.ghl.create_contact(&person).unwrap();
    stack.arrives(&id, "the role", |c| c["defaultFields"]["role"] == "Buyer").await;
}
