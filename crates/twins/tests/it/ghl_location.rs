//! GHL: the location, its tags, its custom fields, its people, and the search over its tasks.

use serde_json::json;
use tandem_twins::{GhlConfig, GhlUser};

use crate::ghl_kit::{COMPANY, OTHER, made, text, two};
use crate::kit::{LOCATION, ghl, roomy_ghl};

#[tokio::test]
async fn the_location_shows_its_settings() {
    let (_twin, caller) = roomy_ghl().await;
    let seen = caller.get(&format!("/locations/{LOCATION}")).await;
    let location = &seen.body["location"];
    assert_eq!((&location["companyId"], &location["timezone"]), (&json!(COMPANY), &json!("America/Chicago")));
    assert_eq!(location["settings"]["allowDuplicateContact"], false);
}

#[tokio::test]
async fn tags_of_contacts_and_made_tags_share_a_dictionary() {
    let (twin, caller) = roomy_ghl().await;
    twin.create_contact(&json!({ "firstName": "Ana", "tags": ["VIP"] })).unwrap();
    let path = format!("/locations/{LOCATION}/tags");
    let new = caller.send("POST", &path, json!({ "name": "Lead" })).await;
    assert_eq!((new.status, &new.body["tag"]["name"]), (200, &json!("lead")), "200, and not 201");
    let names = async || {
        let seen = caller.get(&path).await;
        seen.body["tags"].as_array().unwrap().iter().map(|tag| text(&tag["name"]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["lead", "vip"]);
    let one = format!("{path}/{}", text(&new.body["tag"]["id"]));
    assert_eq!(caller.get(&one).await.body["tag"]["locationId"], LOCATION);
    let renamed = caller.send("PUT", &one, json!({ "name": "Customer" })).await;
    let one = format!("{path}/{}", text(&renamed.body["tag"]["id"]));
    assert_eq!(names().await, ["customer", "vip"]);
    assert_eq!(caller.delete(&one).await.body["succeded"], true);
    assert_eq!((caller.get(&one).await.status, names().await), (400, vec!["vip".to_owned()]));
    assert_eq!(caller.send("POST", &path, json!({})).await.status, 422);
    assert_eq!(caller.get(&format!("/locations/{OTHER}/tags")).await.status, 403);
}

#[tokio::test]
async fn custom_fields_are_made_and_used() {
    let (_twin, caller) = roomy_ghl().await;
    let path = format!("/locations/{LOCATION}/customFields");
    let body = json!({ "name": "OpenPhone id", "dataType": "TEXT", "model": "contact" });
    let new = caller.send("POST", &path, body.clone()).await;
    assert_eq!((new.status, &new.body["customField"]["fieldKey"]), (201, &json!("contact.openphone_id")));
    assert_eq!(caller.send("POST", &path, body).await.status, 400, "the key is taken");
    let id = text(&new.body["customField"]["id"]).to_owned();
    for name in [id.as_str(), "contact.openphone_id"] {
        assert_eq!(caller.get(&format!("{path}/{name}")).await.body["customField"]["id"], id.as_str());
    }
    let contact = format!("/contacts/{}", made(&caller, "Ana").await);
    let seen = caller.send("PUT", &contact, json!({ "customFields": [{ "id": id, "field_value": "x" }] })).await;
    assert_eq!(seen.body["contact"]["customFields"], json!([{ "id": id, "value": "x" }]));

    let deal = json!({ "name": "Deal", "dataType": "SINGLE_OPTIONS", "model": "opportunity",
        "textBoxListOptions": [{ "label": "Small", "prefillValue": "" }] });
    let deal = caller.send("POST", &path, deal).await;
    assert_eq!(deal.body["customField"]["picklistOptions"], json!(["Small"]));
    for (model, count) in [("contact", 1), ("opportunity", 1), ("all", 2)] {
        let seen = caller.get(&format!("{path}?model={model}")).await;
        assert_eq!(seen.body["customFields"].as_array().unwrap().len(), count, "{model}");
    }
    let one = format!("{path}/{id}");
    assert_eq!(caller.send("PUT", &one, json!({ "name": "Quo id" })).await.body["customField"]["name"], "Quo id");
    assert_eq!(caller.send("PUT", &one, json!({})).await.status, 422);
    assert_eq!(caller.delete(&one).await.body["succeded"], true);
    assert_eq!(caller.get(&one).await.status, 400);
    for body in [json!({ "name": "x" }), json!({ "name": "x", "dataType": "ANYTHING" })] {
        assert_eq!(caller.send("POST", &path, body).await.status, 422);
    }
}

#[tokio::test]
async fn users_are_seen_from_their_locations() {
    let mut elsewhere = GhlUser::new("UserElsewhere0000001", "Eli", "Else", "eli@example.com");
    elsewhere.locations = vec![OTHER.to_owned()];
    elsewhere.role = "user".to_owned();
    let mut config = two();
    config.users.push(elsewhere);
    let (_twin, caller) = ghl(GhlConfig { ..config }).await;
    let seen = caller.get(&format!("/users/?locationId={LOCATION}")).await;
    assert_eq!(seen.body["users"].as_array().unwrap().len(), 1);
    let other = caller.holding("pit-other");
    let search = format!("/users/search?companyId={COMPANY}");
    assert_eq!(other.get(&search).await.body["count"], 2);
    assert_eq!(other.get(&format!("{search}&limit=1&skip=1")).await.body["users"][0]["firstName"], "Eli");
    assert_eq!(other.get(&format!("{search}&query=ELI")).await.body["count"], 1);
    assert_eq!(other.get(&format!("{search}&role=admin")).await.body["count"], 1);
    assert_eq!(caller.get(&search).await.body["count"], 1);
    assert_eq!(caller.get(&format!("{search}&locationId={OTHER}")).await.status, 403);
    assert_eq!(caller.get("/users/search").await.status, 422);
    assert_eq!(caller.get("/users/search?companyId=elsewhere").await.status, 403);
    let one = other.get("/users/UserElsewhere0000001").await;
    assert_eq!((one.status, &one.body["roles"]["locationIds"]), (200, &json!([OTHER])));
    assert_eq!(caller.get("/users/UserElsewhere0000001").await.status, 400);
    let v3 = caller.holding_v3("pit-sandbox");
    assert_ne!(v3.get(&format!("/users/?locationId={LOCATION}")).await.status, 200, "gone in v3");
}

#[tokio::test]
async fn tasks_are_searched_over_all_contacts() {
    let (twin, caller) = roomy_ghl().await;
    let (ana, bo) = (made(&caller, "Ana").await, made(&caller, "Bo").await);
    for (contact, title, completed) in [(&ana, "Call", false), (&ana, "Write", true), (&bo, "Call", false)] {
        let task =
            json!({ "title": title, "dueDate": "2026-12-01T09:00:00Z", "completed": completed, "assignedTo": "u1" });
        twin.create_task(contact, &task).unwrap();
    }
    let path = format!("/locations/{LOCATION}/tasks/search");
    let count = async |body| {
        let seen = caller.send("POST", &path, body).await;
        seen.body["tasks"].as_array().unwrap().len()
    };
    assert_eq!(count(json!({})).await, 3);
    assert_eq!(count(json!({ "contactId": [ana] })).await, 2);
    assert_eq!(count(json!({ "completed": false })).await, 2);
    assert_eq!(count(json!({ "query": "call", "assignedTo": ["u1"] })).await, 2);
    assert_eq!(count(json!({ "assignedTo": ["u2"] })).await, 0);
    assert_eq!(count(json!({ "limit": 1, "skip": 2 })).await, 1);
    assert_eq!(caller.send("POST", &path, json!({ "due": "x" })).await.status, 422);
}
