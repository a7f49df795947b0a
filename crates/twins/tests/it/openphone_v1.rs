//! OpenPhone v1.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_twins::{CustomField, Deleted, FieldType, OpenPhoneConfig, UnknownOption, Workspace};

use crate::kit::{Caller, KEY, openphone, roomy, roomy_openphone};

fn ana() -> Value {
    json!({
        "externalId": "ghl:1", "source": "tandem",
        "defaultFields": {
            "firstName": "Ana", "lastName": "Garcia", "company": "Example Inc",
            "phoneNumbers": [{ "name": "mobile", "value": "(415) 555-0100" }],
            "emails": [{ "name": "work", "value": "ana@example.com" }],
        },
        "customFields": [{ "key": "tags", "value": ["vip", "lead"] }],
    })
}

async fn made(caller: &Caller) -> Value {
    let seen = caller.send("POST", "/v1/contacts", ana()).await;
    assert_eq!(seen.status, 201, "{}", seen.text);
    seen.body["data"].clone()
}

fn with(fields: Vec<CustomField>) -> OpenPhoneConfig {
    let workspace = Workspace { custom_fields: fields, ..Workspace::default() };
    OpenPhoneConfig { workspaces: vec![workspace], rate: roomy(), ..OpenPhoneConfig::default() }
}

#[tokio::test]
async fn the_key_is_bare_and_the_gateway_has_its_own_401() {
    let (_twin, caller) = roomy_openphone().await;
    for headers in [vec![], vec![("authorization", "Bearer sandbox-key")], vec![("authorization", "no")]] {
        let seen = caller.with(&headers).get("/v1/contacts?maxResults=1").await;
        assert_eq!(seen.status, 401);
        assert!(seen.body["error"]["message"].is_string() && seen.body["error"]["key"].is_string());
        assert!(seen.body["error"]["trace"].is_string());
    }
    assert_eq!(caller.with(&[KEY]).get("/v1/contacts?maxResults=1").await.status, 200);
}

#[tokio::test]
async fn an_unknown_route_is_an_html_404() {
    let (_twin, caller) = roomy_openphone().await;
    let seen = caller.get("/v1/tags").await;
    assert_eq!(seen.status, 404);
    assert!(seen.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(seen.text.contains("Cannot GET /v1/tags"));
}

#[tokio::test]
async fn a_created_contact_has_ids_and_normal_phones() {
    let (_twin, caller) = roomy_openphone().await;
    let contact = made(&caller).await;
    let id = contact["id"].as_str().unwrap();
    assert!(id.len() == 24 && id.chars().all(|c| c.is_ascii_hexdigit()), "{id}");
    let phone = &contact["defaultFields"]["phoneNumbers"][0];
    assert_eq!((&phone["value"], &phone["name"]), (&json!("+14155550100"), &json!("mobile")));
    assert!(phone["id"].is_string());
    assert_eq!(contact["defaultFields"]["role"], Value::Null);
    let tags = &contact["customFields"][0];
    assert_eq!((&tags["name"], &tags["type"]), (&json!("Tags"), &json!("multi-select")));
    assert_eq!(tags["value"], json!(["vip", "lead"]));
    assert_eq!(contact["createdByUserId"], "USsandbox");
    let read = caller.get(&format!("/v1/contacts/{id}")).await;
    assert_eq!(read.body["data"], contact);
}

#[tokio::test]
async fn create_checks_its_body() {
    let (twin, caller) = roomy_openphone().await;
    let post = async |body: Value| caller.send("POST", "/v1/contacts", body).await;
    let seen = post(json!({ "defaultFields": { "lastName": "Garcia" } })).await;
    assert_eq!((seen.status, &seen.body["code"]), (400, &json!("0800400")));
    assert_eq!(seen.body["errors"][0]["path"], "/defaultFields/firstName");
    let fields = json!({ "firstName": null });
    for bad in [
        json!({}),
        json!({ "defaultFields": fields, "source": "csv-import" }),
        json!({ "defaultFields": fields, "source": "x".repeat(73) }),
        json!({ "defaultFields": fields, "externalId": "" }),
        json!({ "defaultFields": fields, "externalId": "x".repeat(76) }),
        json!({ "defaultFields": fields, "sourceUrl": "not a link" }),
        json!({ "defaultFields": { "firstName": "A", "emails": [{ "value": "a@example.com" }] } }),
        json!({ "defaultFields": fields, "customFields": { "tags": ["vip"] } }),
        json!({ "defaultFields": fields, "createdByUserId": "12" }),
    ] {
        assert_eq!(post(bad.clone()).await.status, 400, "{bad}");
    }
    assert!(twin.contacts().is_empty());
    let seen = post(json!({ "defaultFields": fields })).await;
    assert_eq!((seen.status, &seen.body["data"]["source"]), (201, &json!("public-api")));
}

#[tokio::test]
async fn the_same_source_and_external_id_conflict_without_naming_anything() {
    let (twin, caller) = roomy_openphone().await;
    made(&caller).await;
    let seen = caller.send("POST", "/v1/contacts", ana()).await;
    assert_eq!((seen.status, &seen.body["code"]), (409, &json!("0800409")));
    let id = twin.contacts()[0]["id"].as_str().unwrap().to_owned();
    assert!(!seen.text.contains(&id) && !seen.text.contains("externalId"));
    let mut other = ana();
    other["source"] = json!("elsewhere");
    assert_eq!(caller.send("POST", "/v1/contacts", other).await.status, 201, "phones may be shared");
    assert_eq!(twin.report().duplicates.len(), 1, "but the judge sees one external id twice");
}

#[tokio::test]
async fn a_patch_wipes_the_lists_it_does_not_mention() {
    let (_twin, caller) = roomy_openphone().await;
    let id = made(&caller).await["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/contacts/{id}");
    let seen = caller.send("PATCH", &path, json!({ "defaultFields": { "role": "Buyer" } })).await;
    let fields = &seen.body["data"]["defaultFields"];
    assert_eq!((&fields["phoneNumbers"], &fields["emails"]), (&json!([]), &json!([])));
    assert_eq!(seen.body["data"]["customFields"], json!([]));
    assert_eq!((&fields["firstName"], &fields["role"]), (&json!("Ana"), &json!("Buyer")));
    assert_eq!(seen.body["data"]["externalId"], "ghl:1");
}

#[tokio::test]
async fn a_patch_with_everything_keeps_item_ids() {
    let (_twin, caller) = roomy_openphone().await;
    let mut contact = made(&caller).await;
    let path = format!("/v1/contacts/{}", contact["id"].as_str().unwrap());
    let phone = contact["defaultFields"]["phoneNumbers"][0]["id"].clone();
    contact["defaultFields"]["phoneNumbers"][0]["value"] = json!("+14155550111");
    let email = contact["defaultFields"]["emails"][0]["id"].clone();
    contact["defaultFields"]["emails"][0]["value"] = Value::Null;
    let tags = contact["customFields"][0]["id"].clone();
    let body = json!({
        "defaultFields": contact["defaultFields"], "customFields": [{ "id": tags, "value": ["vip"] }],
    });
    let after = caller.send("PATCH", &path, body).await.body["data"].clone();
    assert_eq!(after["defaultFields"]["phoneNumbers"][0]["id"], phone);
    assert_eq!(after["defaultFields"]["emails"], json!([]), "{email} had no value left");
    assert_eq!(after["customFields"][0]["value"], json!(["vip"]));
    assert!(after["updatedAt"].as_str() > contact["updatedAt"].as_str());
    let gone = caller.send("PATCH", "/v1/contacts/nobody", json!({})).await;
    assert_eq!((gone.status, &gone.body["code"]), (404, &json!("0800404")));
}

#[tokio::test]
async fn the_scalars_too_if_so_configured() {
    let config = OpenPhoneConfig { patch_wipes_scalars: true, rate: roomy(), ..OpenPhoneConfig::default() };
    let (_twin, caller) = openphone(config).await;
    let id = made(&caller).await["id"].as_str().unwrap().to_owned();
    let seen =
        caller.send("PATCH", &format!("/v1/contacts/{id}"), json!({ "defaultFields": { "firstName": "A" } })).await;
    assert_eq!(seen.body["data"]["defaultFields"]["company"], Value::Null);
}

#[tokio::test]
async fn lists_page_and_filter_by_repeated_ids() {
    let (twin, caller) = roomy_openphone().await;
    let mut all: Vec<String> = Vec::new();
    for n in 0..7 {
        let body = json!({ "defaultFields": { "firstName": format!("Ana{n}") }, "externalId": format!("e{n}") });
        all.push(caller.send("POST", "/v1/contacts", body).await.body["data"]["id"].as_str().unwrap().to_owned());
    }
    let mut listed = Vec::new();
    let mut token = String::new();
    loop {
        let seen = caller.get(&format!("/v1/contacts?maxResults=3{token}")).await;
        listed.extend(seen.body["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        assert_ne!(seen.body["totalItems"], json!(7), "the total is wrong, as it is there");
        let Some(next) = seen.body["nextPageToken"].as_str() else { break };
        token = format!("&pageToken={next}");
    }
    assert_eq!(listed, all);

    let two = caller.get("/v1/contacts?maxResults=50&externalIds=e1&externalIds=e5").await;
    assert_eq!(two.body["data"].as_array().unwrap().len(), 2);
    let comma = caller.get("/v1/contacts?maxResults=50&externalIds=e1,e5").await;
    assert_eq!(comma.body["data"], json!([]), "comma lists do not work");
    let by_source = caller.get("/v1/contacts?maxResults=50&externalIds=e1&sources=elsewhere").await;
    assert_eq!(by_source.body["data"], json!([]));
    let many = |count: usize| (0..count).map(|n| format!("&externalIds=e{n}")).collect::<Vec<_>>().concat();
    assert_eq!(caller.get(&format!("/v1/contacts?maxResults=50{}", many(20))).await.status, 200);
    assert_eq!(caller.get(&format!("/v1/contacts?maxResults=50{}", many(21))).await.status, 400);
    for bad in ["", "?maxResults=0", "?maxResults=51", "?maxResults=5&pageToken=nonsense"] {
        assert_eq!(caller.get(&format!("/v1/contacts{bad}")).await.status, 400, "{bad}");
    }
    assert_eq!(twin.contacts().len(), 7);
}

#[tokio::test]
async fn unknown_options_are_refused_dropped_or_added() {
    let body = json!({ "defaultFields": { "firstName": "Ana" }, "customFields": [{ "key": "tags", "value": ["vip", "new"] }] });
    let expected = [
        (UnknownOption::Refuse, None),
        (UnknownOption::Drop, Some(json!(["vip"]))),
        (UnknownOption::Add, Some(json!(["vip", "new"]))),
    ];
    for (unknown, held) in expected {
        let (_twin, caller) = openphone(with(vec![CustomField::tags(&["vip"], unknown)])).await;
        let seen = caller.send("POST", "/v1/contacts", body.clone()).await;
        match held {
            None => assert_eq!((seen.status, &seen.body["code"]), (400, &json!("0801400"))),
            Some(held) => assert_eq!(seen.body["data"]["customFields"][0]["value"], held),
        }
    }
}

#[tokio::test]
async fn custom_values_have_types() {
    let fields = vec![
        CustomField::tags_as_text(),
        CustomField::new("score", "Score", FieldType::Number),
        CustomField::new("opted-in", "Opted in", FieldType::Boolean),
        CustomField::new("birthday", "Birthday", FieldType::Date),
        CustomField::new("site", "Site", FieldType::Url),
    ];
    let (_twin, caller) = openphone(with(fields)).await;
    let post = async |key: &str, value: Value| {
        let body = json!({ "defaultFields": { "firstName": "A" }, "customFields": [{ "key": key, "value": value }] });
        caller.send("POST", "/v1/contacts", body).await.status
    };
    for (key, good, bad) in [
        ("tags", json!("vip, lead"), json!(["vip"])),
        ("score", json!(4.5), json!("4")),
        ("opted-in", json!(true), json!("true")),
        ("birthday", json!("2024-09-11T04:00:00.000Z"), json!("soon")),
        ("site", json!("https://example.com"), json!("example")),
    ] {
        assert_eq!(post(key, good).await, 201, "{key}");
        assert_eq!(post(key, bad).await, 400, "{key}");
        assert_eq!(post(key, Value::Null).await, 201, "{key}");
    }
    assert_eq!(post("nothing", json!("x")).await, 400);
    let defined = caller.get("/v1/contact-custom-fields").await.body["data"].clone();
    assert_eq!(defined[1], json!({ "name": "Score", "key": "score", "type": "number" }));
}

#[tokio::test]
async fn a_deleted_contact_can_still_be_listed_and_hold_its_pair() {
    let deleted = Deleted { still_listed: true, holds_pair: true };
    let (_twin, caller) = openphone(OpenPhoneConfig { deleted, rate: roomy(), ..OpenPhoneConfig::default() }).await;
    let id = made(&caller).await["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/contacts/{id}");
    assert_eq!(caller.delete(&path).await.status, 204);
    let listed = caller.get("/v1/contacts?maxResults=5&externalIds=ghl:1").await;
    assert_eq!(listed.body["data"][0]["id"], id.as_str());
    assert_eq!(caller.send("PATCH", &path, json!({})).await.status, 404);
    assert_eq!(caller.send("POST", "/v1/contacts", ana()).await.status, 409);
}

#[tokio::test]
async fn by_default_a_delete_frees_everything() {
    let (_twin, caller) = roomy_openphone().await;
    let id = made(&caller).await["id"].as_str().unwrap().to_owned();
    assert_eq!(caller.delete(&format!("/v1/contacts/{id}")).await.status, 204);
    assert_eq!(caller.delete(&format!("/v1/contacts/{id}")).await.status, 404);
    assert_eq!(caller.get("/v1/contacts?maxResults=5&externalIds=ghl:1").await.body["data"], json!([]));
    made(&caller).await;
}

#[tokio::test]
async fn the_list_by_external_id_is_behind() {
    let config = OpenPhoneConfig { index_lag: Duration::from_millis(300), rate: roomy(), ..OpenPhoneConfig::default() };
    let (_twin, caller) = openphone(config).await;
    let id = made(&caller).await["id"].as_str().unwrap().to_owned();
    let path = "/v1/contacts?maxResults=5&externalIds=ghl:1";
    assert_eq!(caller.get(path).await.body["data"], json!([]));
    assert_eq!(caller.get(&format!("/v1/contacts/{id}")).await.status, 200);
    assert_eq!(caller.send("POST", "/v1/contacts", ana()).await.status, 409, "the conflict is not behind");
    let end = tokio::time::Instant::now() + crate::kit::LIMIT;
    while caller.get(path).await.body["data"] == json!([]) {
        assert!(tokio::time::Instant::now() < end);
    }
}
