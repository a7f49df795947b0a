//! The judge: who set what, what was lost, what was made twice.

use serde_json::{Value, json};
use tandem_twins::{Actor, GhlConfig, GhlCustomField, GhlLocation, How, Loss};

use crate::kit::{LOCATION, ghl, roomy, roomy_ghl, roomy_openphone};

fn by_field<'a>(losses: &'a [Loss], field: &str) -> Option<&'a Loss> {
    losses.iter().find(|loss| loss.field == field)
}

#[tokio::test]
async fn a_wipe_of_what_a_person_set_is_listed() {
    let (twin, caller) = roomy_openphone().await;
    let made = json!({ "defaultFields": { "firstName": "Ana", "phoneNumbers": [{ "name": "mobile", "value": "+14155550100" }] } });
    let seen = caller.send("POST", "/v1/contacts", made).await;
    let id = seen.body["data"]["id"].as_str().unwrap().to_owned();
    let edit = json!({
        "phoneNumbers": [{ "name": "mobile", "value": "+14155550100" }, { "name": "cabin", "value": "+14155550101" }],
        "customFields": { "tags": ["friend"] },
    });
    twin.edit_contact(&id, &edit).unwrap();
    caller.send("PATCH", &format!("/v1/contacts/{id}"), json!({ "defaultFields": { "role": "Buyer" } })).await;

    let report = twin.report();
    let phone = by_field(&report.wiped, "phoneNumbers[+14155550101]").unwrap();
    assert_eq!((phone.set_by, phone.how, phone.contact.as_str()), (Actor::Person, How::Omitted, id.as_str()));
    assert_eq!((phone.before.as_str(), &phone.after), ("+14155550101", &None));
    assert!(by_field(&report.wiped, "customFields[tags][friend]").is_some());
    assert!(by_field(&report.wiped, "phoneNumbers[+14155550100]").is_none(), "the API had set that one itself");
    assert_eq!(by_field(&report.losses, "phoneNumbers[+14155550100]").unwrap().set_by, Actor::Api);
    assert_eq!(report.wiped.len(), 2, "a label goes with its phone");
    let request = twin.requests().into_iter().find(|seen| Some(seen.number) == phone.request).unwrap();
    assert_eq!(request.template, "PATCH /v1/contacts/{id}");
}

/// A contact as a person made it, and the complete body that a careful caller would send back.
async fn read(caller: &crate::kit::Caller, id: &str) -> Value {
    let contact = caller.get(&format!("/v1/contacts/{id}")).await.body["data"].clone();
    json!({ "defaultFields": contact["defaultFields"], "customFields": contact["customFields"] })
}

#[tokio::test]
async fn a_complete_patch_wipes_nothing() {
    let (twin, caller) = roomy_openphone().await;
    let person = json!({
        "firstName": "Ana", "phoneNumbers": [{ "name": "cabin", "value": "+14155550101" }],
        "customFields": { "tags": ["friend"] },
    });
    let id = twin.create_contact(&person).unwrap();
    let path = format!("/v1/contacts/{id}");
    let mut body = read(&caller, &id).await;
    body["defaultFields"]["role"] = json!("Buyer");
    assert_eq!(caller.send("PATCH", &path, body.clone()).await.status, 200);
    body["defaultFields"]["phoneNumbers"][0]["value"] = json!("+14155550102");
    caller.send("PATCH", &path, body).await;
    let report = twin.report();
    assert!(report.wiped.is_empty(), "{:?}", report.wiped);
    assert_eq!(report.losses.len(), 1, "the replaced phone is a loss, on purpose");
    assert_eq!(report.losses[0].how, How::Replaced);
    assert_eq!(report.writes.updated_by_api, 2);
    assert_eq!(twin.writes_by_contact()[&id], 2);
}

#[tokio::test]
async fn an_edit_between_read_and_write_is_lost_and_seen() {
    let (twin, caller) = roomy_openphone().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana", "role": "Buyer" })).unwrap();
    let stale = read(&caller, &id).await;
    let edit = json!({ "emails": [{ "name": "home", "value": "ana@example.com" }], "role": "Owner" });
    twin.edit_contact(&id, &edit).unwrap();
    caller.send("PATCH", &format!("/v1/contacts/{id}"), stale).await;
    let report = twin.report();
    assert_eq!(by_field(&report.wiped, "emails[ana@example.com]").unwrap().how, How::LeftOut);
    let role = by_field(&report.losses, "role").unwrap();
    assert_eq!((role.how, role.after.as_deref()), (How::Replaced, Some("Buyer")));
}

#[tokio::test]
async fn a_label_written_over_is_a_wipe() {
    let (twin, caller) = roomy_openphone().await;
    let id = twin.create_contact(&json!({ "phoneNumbers": [{ "name": "cabin", "value": "+14155550101" }] })).unwrap();
    let body = json!({ "defaultFields": { "phoneNumbers": [{ "name": "mobile", "value": "+14155550101" }] } });
    caller.send("PATCH", &format!("/v1/contacts/{id}"), body).await;
    let report = twin.report();
    assert_eq!(report.wiped.len(), 1);
    assert_eq!(report.wiped[0].field, "phoneNumbers[+14155550101].name");
    assert_eq!((report.wiped[0].before.as_str(), report.wiped[0].after.as_deref()), ("cabin", Some("mobile")));
}

#[tokio::test]
async fn tags_replaced_by_put_are_wiped_while_removed_by_name_are_not() {
    let (twin, caller) = roomy_ghl().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana", "tags": ["one", "two"] })).unwrap();
    caller.send("DELETE", &format!("/contacts/{id}/tags"), json!({ "tags": ["one"] })).await;
    assert!(twin.report().wiped.is_empty());
    caller.send("PUT", &format!("/contacts/{id}"), json!({ "tags": ["three"] })).await;
    let report = twin.report();
    assert_eq!(report.wiped.len(), 1);
    assert_eq!(report.wiped[0].field, "tags[two]");
}

#[tokio::test]
async fn clearing_do_not_disturb_is_always_a_wipe() {
    let (twin, caller) = roomy_ghl().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    twin.set_dnd(&id, true).unwrap();
    caller.send("PUT", &format!("/contacts/{id}"), json!({ "dnd": false })).await;
    assert_eq!(twin.report().wiped[0].field, "dnd");
}

#[tokio::test]
async fn two_contacts_with_one_marker_are_duplicates() {
    let custom_fields = vec![GhlCustomField::text("FieldMarker000000001", "marker", "Marker")];
    let marker_field = Some("FieldMarker000000001".to_owned());
    let location = GhlLocation { custom_fields, marker_field, ..GhlLocation::default() };
    let (twin, caller) = ghl(GhlConfig { locations: vec![location], rate: roomy(), ..GhlConfig::default() }).await;
    for name in ["Ana", "Bo"] {
        let fields = json!([{ "id": "FieldMarker000000001", "field_value": "quo:1" }]);
        let body = json!({ "locationId": LOCATION, "firstName": name, "customFields": fields });
        assert_eq!(caller.send("POST", "/contacts/", body).await.status, 201);
    }
    let report = twin.report();
    assert_eq!((report.duplicates.len(), report.duplicates[0].by), (1, "marker"));
    assert_eq!(report.duplicates[0].contacts.len(), 2);
    assert_eq!((report.writes.created_by_api, report.writes.contacts_by_api_writes[&1]), (2, 2));
}

#[tokio::test]
async fn writes_that_change_nothing_are_counted_apart() {
    let (twin, caller) = roomy_ghl().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    let before = twin.contact(&id).unwrap();
    caller.send("PUT", &format!("/contacts/{id}"), json!({ "firstName": "Ana" })).await;
    assert_eq!(twin.contact(&id).unwrap(), before);
    let writes = twin.report().writes;
    assert_eq!((writes.updated_by_api, writes.unchanged_by_api), (1, 1));
    twin.edit_contact(&id, &json!({ "lastName": "Garcia" })).unwrap();
    let history = twin.history(&id).unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].by, history[0].fields.as_slice()), (Actor::Person, ["lastName".to_owned()].as_slice()));
}
