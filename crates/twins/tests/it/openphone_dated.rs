//! OpenPhone's dated surface.

use serde_json::{Value, json};

use crate::kit::{Caller, DATED, KEY, roomy_openphone};

async fn made(caller: &Caller) -> String {
    let body = json!({
        "defaultFields": {
            "firstName": "Ana", "company": "Example Inc", "emails": [{ "name": "work", "value": "ana@example.com" }],
            "phoneNumbers": [{ "name": "mobile", "value": "+14155550100" }],
        },
        "customFields": [{ "key": "tags", "value": ["vip"] }],
    });
    caller.send("POST", "/v1/contacts", body).await.body["data"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_version_is_asked_for_before_the_key() {
    let (_twin, caller) = roomy_openphone().await;
    let seen = caller.with(&[]).get("/organization").await;
    assert_eq!(seen.status, 400);
    assert!(seen.body["title"].is_string() && seen.body["docs"].is_string() && seen.body.get("code").is_none());
    assert_eq!(caller.with(&[KEY, ("quo-api-version", "2025-01-01")]).get("/organization").await.status, 400);
    assert_eq!(caller.with(&[DATED]).get("/organization").await.status, 401);
    let org = caller.get("/organization").await;
    assert_eq!((org.status, &org.body["data"]["subscriptionStatus"]), (200, &json!("active")));
}

#[tokio::test]
async fn contacts_are_thin_and_patches_merge() {
    let (_twin, caller) = roomy_openphone().await;
    let id = made(&caller).await;
    let path = format!("/contacts/{id}");
    let contact = caller.get(&path).await.body["data"].clone();
    assert!(contact.get("defaultFields").is_none() && contact.get("emails").is_none());
    assert_eq!(contact["actorId"], "USsandbox");
    let seen = caller.send("PATCH", &path, json!({ "role": "Buyer", "company": null })).await;
    assert_eq!((&seen.body["data"]["role"], &seen.body["data"]["company"]), (&json!("Buyer"), &Value::Null));
    let whole = caller.get(&format!("/v1{path}")).await.body["data"].clone();
    assert_eq!(whole["defaultFields"]["firstName"], "Ana");
    assert_eq!(whole["defaultFields"]["phoneNumbers"][0]["value"], "+14155550100", "nothing is wiped here");
    assert_eq!(whole["customFields"][0]["value"], json!(["vip"]));
    assert_eq!(caller.delete(&path).await.status, 204);
    let gone = caller.get(&path).await;
    assert_eq!((gone.status, &gone.body["title"]), (404, &json!("Not Found")));
}

#[tokio::test]
async fn creates_need_a_first_name_and_conflict_like_v1() {
    let (_twin, caller) = roomy_openphone().await;
    assert_eq!(caller.send("POST", "/contacts", json!({ "firstName": null })).await.status, 400);
    let body = json!({ "firstName": "Ana", "externalId": "e1", "source": "tandem" });
    let made = caller.send("POST", "/contacts", body.clone()).await;
    assert_eq!((made.status, &made.body["data"]["externalId"]), (201, &json!("e1")));
    let again = caller.send("POST", "/contacts", body).await;
    assert_eq!((again.status, &again.body["title"]), (409, &json!("Conflict")));
    assert!(again.body.get("code").is_none());
    let v1 = json!({ "defaultFields": { "firstName": "Ana" }, "externalId": "e1", "source": "tandem" });
    assert_eq!(caller.send("POST", "/v1/contacts", v1).await.status, 409);
}

#[tokio::test]
async fn lists_filter_and_page() {
    let (_twin, caller) = roomy_openphone().await;
    for n in 0..12 {
        let body = json!({ "firstName": "Ana", "externalId": format!("e{n}") });
        assert_eq!(caller.send("POST", "/contacts", body).await.status, 201);
    }
    let first = caller.get("/contacts").await;
    assert_eq!(first.body["data"].as_array().unwrap().len(), 10, "ten by default");
    let next = first.body["nextCursor"].as_str().unwrap();
    let second = caller.get(&format!("/contacts?after={next}")).await;
    assert_eq!(second.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(second.body["nextCursor"], Value::Null);
    let one = caller.get("/contacts?externalId=e3").await;
    assert_eq!(one.body["data"][0]["externalId"], "e3");
    let some = caller.get("/contacts?externalId%5Bin%5D=e3,e4,nobody&source=public-api").await;
    assert_eq!(some.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(caller.get("/contacts?limit=51").await.status, 400);
}

#[tokio::test]
async fn properties_are_written_one_by_one() {
    let (twin, caller) = roomy_openphone().await;
    let id = made(&caller).await;
    let path = format!("/contacts/{id}/properties");
    let body = json!({ "type": "phone-number", "name": "office", "value": "(415) 555-0101" });
    let added = caller.send("POST", &path, body).await;
    assert_eq!((added.status, &added.body["data"]["value"]), (200, &json!("+14155550101")));
    let property = format!("{path}/{}", added.body["data"]["id"].as_str().unwrap());
    let patched = caller.send("PATCH", &property, json!({ "value": "+14155550102" })).await;
    assert_eq!(
        (&patched.body["data"]["value"], &patched.body["data"]["name"]),
        (&json!("+14155550102"), &json!("office"))
    );
    assert_eq!(caller.send("PATCH", &property, json!({ "type": "email" })).await.status, 400);
    let phones = caller.get(&format!("{path}?type=phone-number")).await;
    assert_eq!(phones.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(caller.get(&path).await.body["data"].as_array().unwrap().len(), 4, "email and tags are there too");
    assert_eq!(caller.delete(&property).await.status, 204);
    assert_eq!(caller.get(&property).await.status, 404);
    let extra = caller.send("POST", &path, json!({ "type": "string", "name": "Tags", "value": "x" })).await;
    assert_eq!(extra.status, 200);
    let contact = twin.contact(&id).unwrap();
    assert_eq!(contact["customFields"][0]["value"], json!(["vip"]), "a name does not bind to a definition");
    assert_eq!(contact["defaultFields"]["phoneNumbers"].as_array().unwrap().len(), 1);
}
