//! Contacts from OpenPhone to GHL, and people who are known on both sides.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_proto::Stream;
use tandem_tests::{Shape, Stack, StackOptions, eventually, quick_ghl};
use tandem_twins::{AppWebhook, Fault, On, Scripted};

const LIMIT: Duration = Duration::from_secs(45);

in_both_shapes! {
    a_contact_typed_in_openphone_appears_in_ghl_once,
    an_edit_in_openphone_reaches_ghl_as_one_write_and_nothing_comes_back,
    webhooks_that_people_made_in_the_app_do_as_well,
    tags_are_added_and_removed_one_by_one_and_others_stay,
    two_phones_of_which_ghl_takes_one_both_stay_in_openphone,
    a_person_who_is_in_ghl_already_is_linked_and_not_doubled,
    a_person_who_is_in_openphone_already_is_linked_and_not_doubled,
    a_household_that_ghl_would_double_is_parked_for_a_person,
    a_ghl_create_of_unknown_outcome_is_looked_up_and_not_repeated,
    a_create_that_ghl_refuses_and_makes_all_the_same_is_found,
    somebody_without_number_and_address_is_made_once,
    a_location_that_allows_duplicates_gets_none,
    a_company_that_ghl_does_not_take_again_is_reported_and_holds_up_nothing,
    a_field_that_waits_for_a_person_is_left_alone_on_both_sides,
    a_delete_in_openphone_crosses_where_the_mapping_says_so,
    a_delete_in_openphone_archives_where_the_mapping_says_so,
    a_contact_of_a_connection_that_makes_none_in_ghl_waits_for_its_counterpart,
    two_contacts_that_ghl_merges_into_one_are_one_and_nobody_comes_back,
    a_contact_that_ghl_merges_away_without_a_word_does_not_come_back,
}

/// What a person types into OpenPhone.
fn typed(first: &str, last: &str, phones: &[&str]) -> Value {
    let items: Vec<Value> = phones.iter().map(|phone| json!({ "name": "Mobile", "value": phone })).collect();
    json!({ "firstName": first, "lastName": last, "phoneNumbers": items })
}

/// The GHL contact with that first name.
fn in_ghl(stack: &Stack, first: &str) -> Option<Value> {
    stack.ghl.contacts().into_iter().find(|contact| contact["firstName"] == first)
}

async fn arrives_in_ghl(stack: &Stack, what: &str, first: &str, check: impl Fn(&Value) -> bool) -> Value {
    eventually(what, LIMIT, || in_ghl(stack, first).filter(|contact| check(contact))).await
}

fn tags_of(contact: &Value) -> Vec<String> {
    let mut tags: Vec<String> =
        contact["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    tags.sort();
    tags
}

fn id(contact: &Value) -> String {
    contact["id"].as_str().unwrap().to_owned()
}

async fn a_contact_typed_in_openphone_appears_in_ghl_once(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let mut person = typed("Ana", "Díaz 🌵", &["(415) 555-0123"]);
    person["company"] = json!("Example Plumbing");
    person["emails"] = json!([{ "name": "Work", "value": "Ana.Diaz@Example.com" }]);
    let there = stack.openphone.create_contact(&person).unwrap();
    let contact = arrives_in_ghl(&stack, "the contact in GHL", "Ana", |_| true).await;
    assert_eq!(contact["lastName"], "Díaz 🌵");
    assert_eq!(contact["companyName"], "Example Plumbing");
    assert_eq!(contact["phone"], "+14155550123");
    assert_eq!(contact["email"], "ana.diaz@example.com");

    stack.arrives(&id(&contact), "the link back", |back| back["id"] == there.as_str()).await;
    stack.quiet(LIMIT).await;
    let (ghl, openphone) = (stack.ghl.report(), stack.openphone.report());
    assert_eq!((ghl.writes.created_by_api, ghl.writes.updated_by_api), (1, 0));
    assert_eq!(
        (openphone.writes.created_by_api, openphone.writes.updated_by_api),
        (0, 1),
        "the link back, and nothing else"
    );
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (1, 1));
    assert_eq!((stack.count(Stream::Dead).await, stack.count(Stream::Parked).await), (0, 0));
}

/// Linked, and at rest: its ids in GHL and OpenPhone.
async fn linked(stack: &Stack, person: &Value) -> (String, String) {
    let first = person["firstName"].as_str().unwrap();
    stack.ghl.create_contact(person).unwrap();
    let ghl = id(&arrives_in_ghl(stack, "the contact", first, |_| true).await);
    let openphone = id(&stack.arrives(&ghl, "its counterpart", |_| true).await);
    stack.quiet(LIMIT).await;
    (ghl, openphone)
}

async fn an_edit_in_openphone_reaches_ghl_as_one_write_and_nothing_comes_back(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let person =
        json!({ "firstName": "Ben", "lastName": "Okafor", "phone": "+14155550101", "email": "ben@example.com" });
    let (ghl, openphone) = linked(&stack, &person).await;
    let before = (stack.ghl.report().writes.updated_by_api, stack.openphone.report().writes.updated_by_api);

    stack.openphone.edit_contact(&openphone, &json!({ "lastName": "Okafor-Lindt" })).unwrap();
    arrives_in_ghl(&stack, "the new last name", "Ben", |contact| contact["lastName"] == "Okafor-Lindt").await;
    stack.quiet(LIMIT).await;
    stack
        .openphone
        .edit_contact(&openphone, &json!({ "phoneNumbers": [{ "name": "Mobile", "value": "+14155550102" }] }))
        .unwrap();
    arrives_in_ghl(&stack, "the new number", "Ben", |contact| contact["phone"] == "+14155550102").await;
    stack.quiet(LIMIT).await;

    let after = (stack.ghl.report().writes.updated_by_api, stack.openphone.report().writes.updated_by_api);
    assert_eq!((after.0 - before.0, after.1 - before.1), (2, 0), "writes for two edits, and writes back");
    let contact = stack.ghl.contact(&ghl).unwrap();
    assert_eq!((&contact["email"], &contact["firstName"]), (&json!("ben@example.com"), &json!("Ben")));
    assert!(stack.ghl.report().wiped.is_empty() && stack.openphone.report().wiped.is_empty());
}

/// They are signed in the older way, name the contact in another one, and tell of no version.
async fn webhooks_that_people_made_in_the_app_do_as_well(shape: Shape) {
    let mapping = Some("deletes: { openphone: propagate }".to_owned());
    let stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    stack.openphone.set_webhook_url(None);
    let secret = stack.environment["QUO_SECRET"].trim_start_matches("whsec_").to_owned();
    let url = format!("http://{}/webhooks/openphone/acme", stack.address);
    stack.openphone.set_app_webhooks(vec![AppWebhook { url, secret, events: Vec::new() }]);

    let there = stack.openphone.create_contact(&typed("Dee", "Lindt", &["+14155550104"])).unwrap();
    let ghl = id(&arrives_in_ghl(&stack, "the contact", "Dee", |_| true).await);
    stack.arrives(&ghl, "the link back", |back| back["id"] == there.as_str()).await;
    stack.quiet(LIMIT).await;
    let before = (stack.ghl.report().writes.updated_by_api, stack.openphone.report().writes.updated_by_api);
    stack.openphone.edit_contact(&there, &json!({ "lastName": "Okafor" })).unwrap();
    arrives_in_ghl(&stack, "the edit", "Dee", |contact| contact["lastName"] == "Okafor").await;
    stack.ghl.edit_contact(&ghl, &json!({ "firstName": "Dora" })).unwrap();
    stack.arrives(&ghl, "the edit in GHL", |back| back["defaultFields"]["firstName"] == "Dora").await;
    stack.quiet(LIMIT).await;
    let after = (stack.ghl.report().writes.updated_by_api, stack.openphone.report().writes.updated_by_api);
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1), "a write for each edit, and none back");

    stack.openphone.delete_contact(&there).unwrap();
    eventually("the delete", LIMIT, || stack.ghl.contacts().is_empty().then_some(())).await;
    stack.quiet(LIMIT).await;
    assert!(stack.openphone.contacts().is_empty());
    assert_eq!((stack.count(Stream::Dead).await, stack.count(Stream::Parked).await), (0, 0));
}

async fn tags_are_added_and_removed_one_by_one_and_others_stay(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let person = json!({ "firstName": "Chi", "phone": "+14155550103", "tags": ["lead", "north"] });
    let (ghl, openphone) = linked(&stack, &person).await;
    let key = stack.openphone.contact(&openphone).unwrap()["customFields"][0]["key"].clone();
    let tags = json!({ "customFields": [{ "key": key, "value": ["north", "vip"] }] });
    stack.openphone.edit_contact(&openphone, &tags).unwrap();
    arrives_in_ghl(&stack, "one tag more and one less", "Chi", |contact| tags_of(contact) == ["north", "vip"]).await;
    // Somebody else adds a tag in GHL while OpenPhone's people take one away.
    stack.ghl.add_tags(&ghl, &["hot"]).unwrap();
    stack.openphone.edit_contact(&openphone, &json!({ "customFields": [{ "key": key, "value": ["vip"] }] })).unwrap();
    arrives_in_ghl(&stack, "both changes", "Chi", |contact| tags_of(contact) == ["hot", "vip"]).await;
    stack.quiet(LIMIT).await;
    let calls = stack.ghl.report();
    assert_eq!(calls.calls("PUT /contacts/{contactId}"), 0, "tags never travel through PUT, which replaces them");
    let there = stack.openphone.contact(&openphone).unwrap();
    assert_eq!(there["customFields"][0]["value"], json!(["hot", "vip"]));
}

async fn two_phones_of_which_ghl_takes_one_both_stay_in_openphone(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let there = stack.openphone.create_contact(&typed("Dee", "Two", &["+14155550104", "+14155550105"])).unwrap();
    let contact = arrives_in_ghl(&stack, "the contact", "Dee", |_| true).await;
    stack.quiet(LIMIT).await;
    // The other number is the wanted one from now on.
    stack.ghl.edit_contact(&id(&contact), &json!({ "phone": "+14155550106" })).unwrap();
    let numbers = |contact: &Value| -> Vec<String> {
        let items = contact["defaultFields"]["phoneNumbers"].as_array().cloned().unwrap_or_default();
        let mut numbers: Vec<String> =
            items.iter().filter_map(|item| item["value"].as_str().map(str::to_owned)).collect();
        numbers.sort();
        numbers
    };
    let back = stack
        .arrives(&id(&contact), "the number that changed", |back| numbers(back).contains(&"+14155550106".to_owned()))
        .await;
    let first = contact["phone"].as_str().unwrap();
    let other = ["+14155550104", "+14155550105"].into_iter().find(|number| *number != first).unwrap();
    assert_eq!(numbers(&back), [other, "+14155550106"]);
    stack.quiet(LIMIT).await;
    assert_eq!(stack.ghl.contact(&id(&contact)).unwrap()["phone"], "+14155550106");
    assert_eq!(back["id"], there.as_str());
    assert!(stack.openphone.report().wiped.is_empty());
}

async fn a_person_who_is_in_ghl_already_is_linked_and_not_doubled(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    // Nobody is told of this one.
    stack.ghl.set_webhook_url(None);
    let ghl = stack
        .ghl
        .create_contact(&json!({ "firstName": "Eva", "lastName": "Lind", "phone": "+14155550107", "tags": ["lead"] }))
        .unwrap();
    let there = stack.openphone.create_contact(&typed("Eva", "Lind", &["+1 (415) 555-0107"])).unwrap();
    let back = stack.arrives(&ghl, "the link", |_| true).await;
    stack.quiet(LIMIT).await;
    assert_eq!(back["id"], there.as_str());
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (1, 1));
    assert_eq!(stack.ghl.contact(&ghl).unwrap()["tags"], json!(["lead"]));
}

async fn a_person_who_is_in_openphone_already_is_linked_and_not_doubled(shape: Shape) {
    let mapping = Some("creates: { ghl: false }".to_owned());
    let stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    let there = stack.openphone.create_contact(&typed("Finn", "Berg", &["+14155550108"])).unwrap();
    stack.quiet(LIMIT).await;
    let person =
        json!({ "firstName": "Finn", "lastName": "Berg", "email": "finn@example.com", "phone": "+14155550108" });
    let ghl = stack.ghl.create_contact(&person).unwrap();
    let back = stack
        .arrives(&ghl, "the link and the address", |back| {
            !back["defaultFields"]["emails"].as_array().unwrap().is_empty()
        })
        .await;
    stack.quiet(LIMIT).await;
    assert_eq!(back["id"], there.as_str());
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (1, 1));
    // Edits of either side find the one record.
    stack.ghl.edit_contact(&ghl, &json!({ "lastName": "Bergman" })).unwrap();
    stack.arrives(&ghl, "an edit in GHL", |back| back["defaultFields"]["lastName"] == "Bergman").await;
    stack.quiet(LIMIT).await;
    stack.openphone.edit_contact(&there, &json!({ "lastName": "Bergström" })).unwrap();
    arrives_in_ghl(&stack, "an edit in OpenPhone", "Finn", |contact| contact["lastName"] == "Bergström").await;
}

async fn a_household_that_ghl_would_double_is_parked_for_a_person(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    linked(&stack, &json!({ "firstName": "Gus", "lastName": "Moss", "phone": "+14155550109" })).await;
    stack.openphone.create_contact(&typed("Hana", "Reed", &["+14155550109"])).unwrap();
    stack.quiet(LIMIT).await;
    assert_eq!(stack.count(Stream::Parked).await, 1);
    assert_eq!(stack.ghl.contacts().len(), 1, "GHL allows no second contact with that number");
    assert_eq!(in_ghl(&stack, "Gus").unwrap()["lastName"], "Moss");
}

async fn once_in_ghl_despite(shape: Shape, fault: Fault, person: Value) {
    let stack = Stack::start(shape).await.unwrap();
    stack.ghl.script(Scripted::next(On::call("POST", "/contacts/"), fault.clone()));
    let there = stack.openphone.create_contact(&person).unwrap();
    let contact = arrives_in_ghl(&stack, "the contact", "Ida", |_| true).await;
    stack.arrives(&id(&contact), "the link back", |back| back["id"] == there.as_str()).await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.ghl.report().faults.values().sum::<u64>(), 1, "the fault never struck");
    assert_eq!(stack.ghl.contacts().len(), 1, "{fault:?}");
    stack.openphone.edit_contact(&there, &json!({ "lastName": "Later" })).unwrap();
    arrives_in_ghl(&stack, "an edit after that", "Ida", |contact| contact["lastName"] == "Later").await;
}

async fn a_ghl_create_of_unknown_outcome_is_looked_up_and_not_repeated(shape: Shape) {
    for fault in [Fault::ErrorAfter, Fault::TimeoutAfter, Fault::LateApply { after_ms: 1_300 }, Fault::ErrorBefore] {
        once_in_ghl_despite(shape, fault, typed("Ida", "Holm", &["+14155550110"])).await;
    }
}

async fn a_create_that_ghl_refuses_and_makes_all_the_same_is_found(shape: Shape) {
    once_in_ghl_despite(shape, Fault::RefuseButCreate, typed("Ida", "Holm", &["+14155550111"])).await;
}

async fn somebody_without_number_and_address_is_made_once(shape: Shape) {
    once_in_ghl_despite(shape, Fault::TimeoutAfter, typed("Ida", "Holm", &[])).await;
}

async fn a_location_that_allows_duplicates_gets_none(shape: Shape) {
    let mut ghl = quick_ghl();
    ghl.locations[0].allow_duplicates = true;
    let mapping = Some("fields: [first_name, last_name, phones, source_link]".to_owned());
    let stack = Stack::start_with(StackOptions { ghl: Some(ghl), mapping, ..StackOptions::of(shape) }).await.unwrap();
    stack.ghl.set_webhook_url(None);
    let ghl =
        stack.ghl.create_contact(&json!({ "firstName": "Jo", "lastName": "Park", "phone": "+14155550112" })).unwrap();
    let there = stack.openphone.create_contact(&typed("Jo", "Park", &["+14155550112"])).unwrap();
    let back = stack.arrives(&ghl, "the link", |_| true).await;
    assert_eq!(back["id"], there.as_str());
    stack.quiet(LIMIT).await;
    assert_eq!(stack.ghl.contacts().len(), 1);
}

async fn a_company_that_ghl_does_not_take_again_is_reported_and_holds_up_nothing(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let (ghl, openphone) =
        linked(&stack, &json!({ "firstName": "Kim", "phone": "+14155550113", "companyName": "Old Ltd" })).await;
    stack.openphone.edit_contact(&openphone, &json!({ "company": "New Ltd", "lastName": "Lane" })).unwrap();
    arrives_in_ghl(&stack, "the last name", "Kim", |contact| contact["lastName"] == "Lane").await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.ghl.contact(&ghl).unwrap()["companyName"], "Old Ltd");
    assert_eq!(stack.openphone.contact(&openphone).unwrap()["defaultFields"]["company"], "New Ltd");
    let refused: Vec<_> = stack.journal().await.into_iter().filter(|entry| entry.outcome == "refused").collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].fields == ["company"] && refused[0].reason.contains("company"), "{refused:?}");
    assert_eq!(stack.ghl.report().answers(422), 0, "it was tried");
}

async fn a_field_that_waits_for_a_person_is_left_alone_on_both_sides(shape: Shape) {
    let mapping = Some("fields: [last_name, phones, source_link, { field: first_name, conflict: manual }]".to_owned());
    let mut stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    let (ghl, openphone) = linked(&stack, &json!({ "firstName": "Lee", "phone": "+14155550114" })).await;
    stack.stop_pipeline().await.unwrap();
    stack.ghl.edit_contact(&ghl, &json!({ "firstName": "Leo" })).unwrap();
    stack.openphone.edit_contact(&openphone, &json!({ "firstName": "Lea", "lastName": "Ray" })).unwrap();
    stack.start_pipeline().await.unwrap();
    arrives_in_ghl(&stack, "the field that is not in conflict", "Leo", |contact| contact["lastName"] == "Ray").await;
    stack.quiet(LIMIT).await;
    let name = |contact: Option<Value>| contact.map(|contact| contact["defaultFields"]["firstName"].clone());
    assert_eq!(name(stack.openphone.contact(&openphone)), Some(json!("Lea")));
    assert_eq!(stack.ghl.contact(&ghl).unwrap()["firstName"], "Leo");
    // A person makes both equal, and it is in step again.
    stack.openphone.edit_contact(&openphone, &json!({ "firstName": "Leo" })).unwrap();
    stack.quiet(LIMIT).await;
    stack.ghl.edit_contact(&ghl, &json!({ "firstName": "Leonard" })).unwrap();
    stack.arrives(&ghl, "an edit after that", |back| back["defaultFields"]["firstName"] == "Leonard").await;
}

async fn a_delete_in_openphone_crosses_where_the_mapping_says_so(shape: Shape) {
    let mapping = Some("deletes: { openphone: propagate }".to_owned());
    let stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    let (ghl, openphone) = linked(&stack, &json!({ "firstName": "Mia", "phone": "+14155550115" })).await;
    stack.openphone.delete_contact(&openphone).unwrap();
    eventually("the delete in GHL", LIMIT, || stack.ghl.contact(&ghl).is_none().then_some(())).await;
    stack.quiet(LIMIT).await;
    assert!(stack.openphone.contacts().is_empty(), "it came back");
}

async fn a_delete_in_openphone_archives_where_the_mapping_says_so(shape: Shape) {
    let mapping = Some("deletes: { openphone: archive }".to_owned());
    let stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    let (ghl, openphone) =
        linked(&stack, &json!({ "firstName": "Nia", "phone": "+14155550116", "tags": ["lead"] })).await;
    stack.openphone.delete_contact(&openphone).unwrap();
    arrives_in_ghl(&stack, "the tag", "Nia", |contact| tags_of(contact) == ["archived", "lead"]).await;
    stack.ghl.edit_contact(&ghl, &json!({ "lastName": "Stays" })).unwrap();
    stack.quiet(LIMIT).await;
    assert!(stack.openphone.contacts().is_empty(), "it came back");
}

async fn a_contact_of_a_connection_that_makes_none_in_ghl_waits_for_its_counterpart(shape: Shape) {
    let mapping = Some("creates: { ghl: false }".to_owned());
    let stack = Stack::start_with(StackOptions { mapping, ..StackOptions::of(shape) }).await.unwrap();
    stack.openphone.create_contact(&typed("Pia", "Only", &["+14155550117"])).unwrap();
    stack.quiet(LIMIT).await;
    assert!(stack.ghl.contacts().is_empty());
    assert_eq!(stack.ghl.report().writes.created_by_api, 0);
    assert_eq!((stack.count(Stream::Parked).await, stack.count(Stream::Dead).await), (0, 0));
}

/// Two people of one number in both, and what GHL does when somebody merges the second into the first: the first takes the
/// second's address, the second is gone. Whether anybody is told of that is not published.
async fn merged_in_ghl(shape: Shape, mapping: &str, is_told: bool) -> (Stack, [String; 2]) {
    let stack = Stack::start_with(StackOptions { mapping: Some(mapping.to_owned()), ..StackOptions::of(shape) });
    let stack = stack.await.unwrap();
    let mut ids = Vec::new();
    for more in [json!({ "phone": "+14155550118" }), json!({ "phone": "+14155550119", "email": "ria@example.com" })] {
        let mut person = json!({ "firstName": "Ria", "lastName": "Moss" });
        person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let ghl = stack.ghl.create_contact(&person).unwrap();
        stack.arrives(&ghl, "the counterpart", |_| true).await;
        ids.push(ghl);
    }
    stack.quiet(LIMIT).await;
    let [kept, ended] = ids.try_into().unwrap();
    if is_told {
        stack.ghl.edit_contact(&kept, &json!({ "email": "ria@example.com" })).unwrap();
        stack.quiet(LIMIT).await;
        stack.ghl.delete_contact(&ended).unwrap();
    } else {
        stack.ghl.set_webhook_url(None);
        stack.ghl.delete_contact(&ended).unwrap();
        stack.ghl.edit_contact(&kept, &json!({ "email": "ria@example.com" })).unwrap();
    }
    (stack, [kept, ended])
}

async fn two_contacts_that_ghl_merges_into_one_are_one_and_nobody_comes_back(shape: Shape) {
    let (stack, [kept, ended]) = merged_in_ghl(shape, "deletes: { ghl: propagate }", true).await;
    // It had waited because of the other one, until that ended.
    stack.arrives(&kept, "the address", |back| back["defaultFields"]["emails"][0]["value"] == "ria@example.com").await;
    let is_gone = || stack.across(&ended).is_none().then_some(());
    eventually("the end of the other one", LIMIT, is_gone).await;
    stack.quiet(LIMIT).await;
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (1, 1));
    assert_eq!(stack.ghl.report().writes.created_by_api, 0, "it came back");
    stack.ghl.edit_contact(&kept, &json!({ "lastName": "Marsh" })).unwrap();
    stack.arrives(&kept, "an edit after that", |back| back["defaultFields"]["lastName"] == "Marsh").await;
}

async fn a_contact_that_ghl_merges_away_without_a_word_does_not_come_back(shape: Shape) {
    let (stack, [kept, ended]) = merged_in_ghl(shape, "deletes: { ghl: ignore }", false).await;
    stack.scan(tandem_ingest::ScanKind::Sweep, LIMIT).await.unwrap();
    stack.arrives(&kept, "the address", |back| back["defaultFields"]["emails"][0]["value"] == "ria@example.com").await;
    stack.quiet(LIMIT).await;
    assert!(stack.across(&ended).is_some(), "deletes in GHL stay there");
    assert_eq!((stack.ghl.contacts().len(), stack.openphone.contacts().len()), (1, 2));
    assert_eq!(stack.ghl.report().writes.created_by_api, 0, "it came back");
}
