//! GHL: bulk operations, followers, campaigns, workflows, and the exact lookup of v3.

use serde_json::{Value, json};

use crate::ghl_kit::{made, text, tokens, two_locations};
use crate::kit::{Caller, LOCATION, roomy_ghl};

async fn tags(caller: &Caller, id: &str) -> Value {
    caller.get(&format!("/contacts/{id}")).await.body["contact"]["tags"].clone()
}

#[tokio::test]
async fn bulk_tags_fail_one_by_one_inside_a_success() {
    let (twin, caller) = two_locations().await;
    let id = twin.create_contact(&json!({ "firstName": "Ana", "tags": ["one"] })).unwrap();
    let theirs = caller.holding("pit-other");
    let body = json!({ "locationId": crate::ghl_kit::OTHER, "firstName": "Bo" });
    let theirs = text(&theirs.send("POST", "/contacts/", body).await.body["contact"]["id"]).to_owned();
    let gone = "GoneGoneGoneGone0001";
    let body = json!({ "contacts": [id, theirs, gone, "short"], "tags": ["Two"], "locationId": LOCATION });
    let seen = caller.send("POST", "/contacts/bulk/tags/update/add", body.clone()).await;
    assert_eq!((seen.status, &seen.body["succeded"], &seen.body["errorCount"]), (201, &json!(true), &json!(3)));
    let first = &seen.body["responses"][0];
    assert_eq!((&first["type"], &first["tagsAdded"]), (&json!("success"), &json!(["two"])));
    assert_eq!(tags(&caller, &id).await, json!(["one", "two"]));
    let body = json!({ "contacts": [id], "tags": ["one"], "locationId": LOCATION });
    let seen = caller.send("POST", "/contacts/bulk/tags/update/remove", body).await;
    assert_eq!(seen.body["responses"][0]["tagsRemoved"], json!(["one"]));
    let body = json!({ "contacts": [id], "tags": [], "locationId": LOCATION, "removeAllTags": true });
    caller.send("POST", "/contacts/bulk/tags/update/remove", body.clone()).await;
    assert_eq!(tags(&caller, &id).await, json!([]));
    assert_eq!(caller.send("POST", "/contacts/bulk/tags/update/replace", body).await.status, 400);
    assert_eq!(caller.send("POST", "/contacts/bulk/tags/update/add", json!({ "tags": [] })).await.status, 422);
}

#[tokio::test]
async fn a_business_gathers_contacts() {
    let (_twin, caller) = roomy_ghl().await;
    let (ana, bo) = (made(&caller, "Ana").await, made(&caller, "Bo").await);
    let business = "63771dcac1116f0e21de8e12";
    let body = json!({ "locationId": LOCATION, "ids": [ana, bo], "businessId": business });
    let seen = caller.send("POST", "/contacts/bulk/business", body).await;
    assert_eq!((seen.status, &seen.body["ids"]), (200, &json!([ana, bo])));
    let path = format!("/contacts/business/{business}?locationId={LOCATION}");
    assert_eq!(caller.get(&path).await.body["count"], 2);
    let page = caller.get(&format!("{path}&limit=1&skip=1")).await;
    assert_eq!(page.body["contacts"].as_array().unwrap().len(), 1);
    let body = json!({ "locationId": LOCATION, "ids": [ana], "businessId": null });
    caller.send("POST", "/contacts/bulk/business", body).await;
    let left = caller.get(&path).await;
    assert_eq!((&left.body["count"], &left.body["contacts"][0]["id"]), (&json!(1), &json!(bo)));
    let many: Vec<String> = vec![ana; 51];
    let body = json!({ "locationId": LOCATION, "ids": many, "businessId": business });
    let v3 = caller.holding_v3("pit-sandbox");
    assert_eq!(v3.send("POST", "/contacts/bulk/business", body).await.status, 422);
}

#[tokio::test]
async fn followers_come_and_go() {
    let (_twin, caller) = roomy_ghl().await;
    let path = format!("/contacts/{}/followers", made(&caller, "Ana").await);
    let seen = caller.send("POST", &path, json!({ "followers": ["u1", "u2"] })).await;
    assert_eq!((seen.status, &seen.body["followersAdded"]), (201, &json!(["u1", "u2"])));
    let seen = caller.send("POST", &path, json!({ "followers": ["u2", "u3"] })).await;
    assert_eq!(seen.body["followersAdded"], json!(["u3"]));
    let seen = caller.send("DELETE", &path, json!({ "followers": ["u1", "u9"] })).await;
    assert_eq!((&seen.body["followers"], &seen.body["followersRemoved"]), (&json!(["u2", "u3"]), &json!(["u1"])));
    assert_eq!(caller.send("DELETE", &path, json!({})).await.status, 422);
}

#[tokio::test]
async fn campaigns_and_workflows_take_contacts_in() {
    let (_twin, caller) = roomy_ghl().await;
    let id = made(&caller, "Ana").await;
    let path = format!("/contacts/{id}");
    assert_eq!(caller.send("POST", &format!("{path}/campaigns/c1"), json!({})).await.status, 201);
    assert_eq!(caller.delete(&format!("{path}/campaigns/c1")).await.body["succeded"], true);
    assert_eq!(caller.delete(&format!("{path}/campaigns/removeAll")).await.status, 200);
    let v3 = caller.holding_v3("pit-sandbox");
    let seen = v3.delete(&format!("{path}/campaigns/remove-all")).await;
    assert_eq!((&seen.body["succeeded"], &seen.body["succeded"]), (&json!(true), &json!(true)));

    let start = json!({ "eventStartTime": "2026-12-01T09:00:00+01:00" });
    assert_eq!(caller.send("POST", &format!("{path}/workflow/w1"), start.clone()).await.status, 200);
    let filter = json!({ "locationId": LOCATION, "pageLimit": 5,
        "filters": [{ "field": "activeWorkflows", "operator": "eq", "value": "w1" }] });
    assert_eq!(caller.send("POST", "/contacts/search", filter.clone()).await.body["total"], 1);
    assert_eq!(caller.send("DELETE", &format!("{path}/workflow/w1"), start).await.status, 200);
    assert_eq!(caller.send("POST", "/contacts/search", filter).await.body["total"], 0);
    let wrong = json!({ "eventStartTime": "soon" });
    assert_eq!(caller.send("POST", &format!("{path}/workflow/w1"), wrong).await.status, 422);
}

#[tokio::test]
async fn the_lookup_is_v3_exact_and_not_for_private_tokens() {
    let (twin, caller) = two_locations().await;
    let body = tokens(&twin, "contacts.readonly").await;
    let v3 = caller.holding_v3(text(&body["access_token"]));
    let ana = json!({ "email": "ana@example.com", "additionalEmails": ["a2@example.com"], "phone": "+14155550100" });
    let ana = twin.create_contact(&ana).unwrap();
    let path = format!("/contacts/lookup?locationId={LOCATION}");
    for query in ["email=ANA@example.com", "email=a2@example.com", "phone=%2B14155550100"] {
        let seen = v3.get(&format!("{path}&{query}")).await;
        assert_eq!((seen.status, &seen.body["contacts"][0]["id"]), (200, &json!(ana)), "{query}");
    }
    let full = v3.get(&format!("{path}&email=ana@example.com&limit=1")).await;
    let next = text(&full.body["nextCursor"]).to_owned();
    let rest = v3.get(&format!("{path}&email=ana@example.com&limit=1&nextCursor={next}")).await;
    assert_eq!((&rest.body["contacts"], &rest.body["nextCursor"]), (&json!([]), &Value::Null));
    assert_eq!(v3.get(&format!("{path}&email=ana")).await.body["contacts"], json!([]));
    for query in ["", "&email=a@example.com&phone=%2B14155550100", "&phone=4155550100"] {
        assert_eq!(v3.get(&format!("{path}{query}")).await.status, 400, "{query}");
    }
    assert_eq!(v3.get(&format!("{path}&email=a@example.com&limit=21")).await.status, 422);
    assert_eq!(caller.holding_v3("pit-sandbox").get(&format!("{path}&email=a@example.com")).await.status, 401);
    let dated = caller.get(&format!("{path}&email=a@example.com")).await;
    assert_eq!((dated.status, text(&dated.body["message"])), (400, "Contact with id lookup not found"));
}
