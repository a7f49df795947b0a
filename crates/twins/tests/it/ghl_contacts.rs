//! GHL: reading and writing single contacts.

use serde_json::json;
use tandem_twins::{GhlConfig, GhlCustomField, GhlLocation};

use crate::kit::{LOCATION, ghl, roomy, roomy_ghl};

fn with_fields() -> GhlConfig {
    let custom_fields = vec![GhlCustomField::text("FieldOpenPhoneId0001", "openphone_id", "OpenPhone id")];
    let location = GhlLocation { custom_fields, ..GhlLocation::default() };
    GhlConfig { locations: vec![location], rate: roomy(), ..GhlConfig::default() }
}

#[tokio::test]
async fn a_wrong_token_is_401_and_a_missing_version_400() {
    let (_twin, caller) = roomy_ghl().await;
    for headers in [vec![("version", "v3")], vec![("authorization", "Bearer no"), ("version", "v3")]] {
        let seen = caller.with(&headers).get("/contacts/abc").await;
        assert_eq!(seen.status, 401);
        assert_eq!(seen.body["error"], "Unauthorized");
        assert!(seen.body["traceId"].is_string());
    }
    for version in ["2021-04-15", ""] {
        let headers = [("authorization", "Bearer pit-sandbox"), ("version", version)];
        assert_eq!(caller.with(&headers).get("/contacts/abc").await.status, 400);
    }
    for version in ["2021-07-28", "2023-02-21", "v3"] {
        let headers = [("authorization", "Bearer pit-sandbox"), ("version", version)];
        let seen = caller.with(&headers).get(&format!("/locations/{LOCATION}")).await;
        assert_eq!(seen.status, 200, "{version}");
    }
}

#[tokio::test]
async fn another_location_is_403() {
    let config = GhlConfig {
        locations: vec![GhlLocation::default(), GhlLocation::new("OtherLocation0000002", "pit-other")],
        rate: roomy(),
        ..GhlConfig::default()
    };
    let (twin, caller) = ghl(config).await;
    let theirs = twin.create_contact(&json!({ "locationId": "OtherLocation0000002", "firstName": "Bo" })).unwrap();
    let seen = caller.get(&format!("/contacts/{theirs}")).await;
    assert_eq!((seen.status, &seen.body["message"]), (403, &json!("The token does not have access to this location.")));
    let body = json!({ "locationId": "OtherLocation0000002", "firstName": "Bo" });
    assert_eq!(caller.send("POST", "/contacts/", body).await.status, 403);
}

#[tokio::test]
async fn a_created_contact_comes_back_normalised() {
    let (_twin, caller) = roomy_ghl().await;
    let body = json!({
        "locationId": LOCATION, "firstName": "Ana", "lastName": "Garcia", "email": "Ana@example.com",
        "phone": "+1 415-555-0100", "tags": ["VIP", "vip", "Lead "], "companyName": "Example Inc",
        "dateOfBirth": "09/25/1990",
    });
    let made = caller.send("POST", "/contacts/", body).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.body["contact"]["deleted"], false);
    assert!(made.body["contact"].get("name").is_none(), "the dated create answer has a shape of its own");
    let id = made.body["contact"]["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 20);

    let contact = caller.get(&format!("/contacts/{id}")).await.body["contact"].clone();
    assert_eq!(contact["phone"], "+14155550100");
    assert_eq!(contact["tags"], json!(["vip", "lead"]));
    assert_eq!(contact["name"], "Ana Garcia");
    assert_eq!(contact["emailLowerCase"], "ana@example.com");
    assert_eq!(contact["dateOfBirth"], "1990-09-25");
    assert_eq!((&contact["source"], &contact["country"]), (&json!("public api"), &json!("US")));
    assert_eq!(contact["dateAdded"].as_str().unwrap().len(), "2026-11-23T19:52:01.250Z".len());
}

#[tokio::test]
async fn unknown_contacts_are_400_and_not_404() {
    let (twin, caller) = roomy_ghl().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    let deleted = caller.delete(&format!("/contacts/{id}")).await;
    assert_eq!((deleted.status, &deleted.body["succeded"]), (200, &json!(true)));
    for method in ["GET", "DELETE"] {
        let seen = caller.try_send(method, &format!("/contacts/{id}"), None).await.unwrap();
        assert_eq!(seen.status, 400);
        assert_eq!(seen.body["message"], format!("Contact with id {id} not found"));
    }
    let lookup = caller.get("/contacts/lookup").await;
    assert_eq!(lookup.body["message"], "Contact with id lookup not found");
}

#[tokio::test]
async fn a_duplicate_is_refused_and_named() {
    let (twin, caller) = roomy_ghl().await;
    let first = twin.create_contact(&json!({ "name": "Ana Garcia", "phone": "+14155550100" })).unwrap();
    let body = json!({ "locationId": LOCATION, "firstName": "Other", "phone": "(415) 555-0100" });
    let seen = caller.send("POST", "/contacts/", body).await;
    assert_eq!(seen.status, 400);
    assert_eq!(seen.body["message"], "This location does not allow duplicated contacts.");
    assert_eq!(seen.body["meta"], json!({ "contactId": first, "contactName": "Ana Garcia", "matchingField": "phone" }));
}

#[tokio::test]
async fn duplicates_pass_where_the_location_allows_them() {
    let location = GhlLocation { allow_duplicates: true, ..GhlLocation::default() };
    let (twin, caller) = ghl(GhlConfig { locations: vec![location], rate: roomy(), ..GhlConfig::default() }).await;
    for _ in 0..2 {
        let body = json!({ "locationId": LOCATION, "email": "ana@example.com" });
        assert_eq!(caller.send("POST", "/contacts/", body).await.status, 201);
    }
    assert_eq!(twin.report().lookalikes.len(), 1);
}

#[tokio::test]
async fn an_update_takes_only_whitelisted_properties() {
    let (twin, caller) = roomy_ghl().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana", "companyName": "Example Inc" })).unwrap();
    let path = format!("/contacts/{id}");
    for name in ["companyName", "locationId", "gender", "additionalEmails", "id"] {
        let seen = caller.send("PUT", &path, json!({ name: "x" })).await;
        assert_eq!(seen.status, 422, "{name}");
        assert_eq!(seen.body["message"], json!([format!("property {name} should not exist")]));
    }
    let seen = caller.send("PUT", &path, json!({ "postalCode": null })).await;
    assert_eq!((seen.status, &seen.body["message"]), (422, &json!(["postalCode must be a string"])));
    let seen = caller.send("PUT", &path, json!({ "lastName": "Garcia", "firstName": null })).await;
    assert_eq!((seen.status, &seen.body["succeded"]), (200, &json!(true)));
    let contact = &seen.body["contact"];
    assert_eq!((contact.get("firstName"), &contact["lastName"]), (None, &json!("Garcia")));
    assert_eq!(contact["companyName"], "Example Inc");
}

#[tokio::test]
async fn an_update_replaces_tags_while_tag_calls_add_and_remove() {
    let (twin, caller) = roomy_ghl().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana", "tags": ["one", "two"] })).unwrap();
    let tags = format!("/contacts/{id}/tags");
    let added = caller.send("POST", &tags, json!({ "tags": ["Three"] })).await;
    assert_eq!((added.status, &added.body["tags"]), (201, &json!(["one", "two", "three"])));
    let removed = caller.send("DELETE", &tags, json!({ "tags": ["ONE"] })).await;
    assert_eq!((removed.status, &removed.body["tags"]), (200, &json!(["two", "three"])));
    let put = caller.send("PUT", &format!("/contacts/{id}"), json!({ "tags": ["four"] })).await;
    assert_eq!(put.body["contact"]["tags"], json!(["four"]));
    assert_eq!(caller.send("POST", &tags, json!({ "tags": "x" })).await.status, 422);
}

#[tokio::test]
async fn custom_fields_are_written_by_id_or_key_and_merged() {
    let (twin, caller) = ghl(with_fields()).await;
    let id = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    let path = format!("/contacts/{id}");
    let body = json!({ "customFields": [
        { "key": "contact.openphone_id", "field_value": "abc" }, { "id": "nothing", "field_value": "lost" },
    ] });
    let seen = caller.send("PUT", &path, body).await;
    let held = json!([{ "id": "FieldOpenPhoneId0001", "value": "abc" }]);
    assert_eq!(seen.body["contact"]["customFields"], held);
    let seen = caller.send("PUT", &path, json!({ "customFields": [], "city": "Springfield" })).await;
    assert_eq!(seen.body["contact"]["customFields"], held);

    let fields = caller.get(&format!("/locations/{LOCATION}/customFields?model=contact")).await;
    assert_eq!(fields.body["customFields"][0]["fieldKey"], "contact.openphone_id");
}

#[tokio::test]
async fn v3_spells_success_right_and_has_no_list() {
    let (twin, caller) = roomy_ghl().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana", "dndSettings": { "SMS": { "status": "active" } } }));
    let path = format!("/contacts/{}", id.unwrap());
    let v3 = caller.with(&[("authorization", "Bearer pit-sandbox"), ("version", "v3")]);
    let seen = v3.send("PUT", &path, json!({ "city": "Springfield" })).await;
    assert_eq!(seen.body["succeeded"], true);
    assert_eq!(seen.body["contact"]["dndSettings"]["sms"]["status"], "active");
    assert_eq!(v3.get(&format!("/contacts/?locationId={LOCATION}")).await.status, 404);
    let dated = caller.get(&path).await;
    assert_eq!(dated.body["contact"]["dndSettings"]["SMS"]["status"], "active");
}

#[tokio::test]
async fn additional_emails_and_phones_are_read_only() {
    let (twin, caller) = roomy_ghl().await;
    let wanted =
        json!({ "firstName": "Ana", "additionalEmails": ["a2@example.com"], "additionalPhones": ["4155550101"] });
    let id = twin.create_contact(&wanted).unwrap();
    let contact = caller.get(&format!("/contacts/{id}")).await.body["contact"].clone();
    assert_eq!(contact["additionalEmails"][0]["email"], "a2@example.com");
    assert_eq!(contact["additionalPhones"][0]["phone"], "+14155550101");
}

#[tokio::test]
async fn upsert_matches_and_has_its_traps() {
    let (twin, caller) = roomy_ghl().await;
    let ana = json!({ "firstName": "Ana", "email": "ana@example.com", "additionalEmails": ["a2@example.com"] });
    let ana = twin.create_contact(&ana).unwrap();
    twin.create_contact(&json!({ "firstName": "Bo", "phone": "+14155550102" })).unwrap();

    let body = json!({ "locationId": LOCATION, "email": "ana@example.com", "phone": "+14155550102", "lastName": "G" });
    let seen = caller.send("POST", "/contacts/upsert", body).await;
    assert_eq!((seen.status, &seen.body["new"]), (200, &json!(false)));
    assert_eq!(seen.body["contact"]["id"], ana.as_str());
    assert!(seen.body["contact"].get("phone").is_none(), "a phone of somebody else is dropped without a word");

    let body = json!({ "locationId": LOCATION, "email": "a2@example.com" });
    let seen = caller.send("POST", "/contacts/upsert", body).await;
    assert_eq!(seen.body["contact"]["email"], "a2@example.com", "the old first email is lost");

    let seen = caller.send("POST", "/contacts/upsert", json!({ "locationId": LOCATION, "firstName": "Cy" })).await;
    assert_eq!(seen.status, 400);
    let body = json!({ "locationId": LOCATION, "email": "new@example.com" });
    assert_eq!(caller.send("POST", "/contacts/upsert", body).await.body["new"], true);
}
