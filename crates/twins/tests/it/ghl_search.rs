//! GHL: finding contacts.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_twins::{GhlConfig, GhlTwin};

use crate::kit::{Caller, LOCATION, eventually, ghl, roomy, roomy_ghl};

fn fill(twin: &GhlTwin, count: usize) -> Vec<String> {
    let make = |n: usize| json!({ "firstName": format!("Ana{n}"), "email": format!("ana{n}@example.com") });
    (0..count).map(|n| twin.create_contact(&make(n)).unwrap()).collect()
}

fn ids(body: &Value) -> Vec<String> {
    body["contacts"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn search(caller: &Caller, mut body: Value) -> Value {
    body["locationId"] = json!(LOCATION);
    let seen = caller.send("POST", "/contacts/search", body).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    seen.body
}

#[tokio::test]
async fn search_shows_names_in_lower_case_and_the_street_as_address() {
    let (twin, caller) = roomy_ghl().await;
    let ana = json!({ "firstName": "Ana", "lastName": "McCoy", "address1": "1 Main St", "phone": "4155550100" });
    twin.create_contact(&ana).unwrap();
    let found = search(&caller, json!({ "pageLimit": 10, "page": 1 })).await;
    let item = &found["contacts"][0];
    assert_eq!((&item["firstNameLowerCase"], &item["lastNameLowerCase"]), (&json!("ana"), &json!("mccoy")));
    assert!(item.get("firstName").is_none() && item.get("address1").is_none());
    assert_eq!((&item["address"], &found["total"]), (&json!("1 Main St"), &json!(1)));
}

#[tokio::test]
async fn search_pages_by_number_and_by_cursor() {
    let (twin, caller) = roomy_ghl().await;
    let mut all = fill(&twin, 25);
    let mut numbered = Vec::new();
    for page in 1..=3 {
        numbered.extend(ids(&search(&caller, json!({ "pageLimit": 10, "page": page })).await));
    }
    let mut followed = Vec::new();
    let mut after = Value::Null;
    for _ in 0..3 {
        let mut body = json!({ "pageLimit": 10, "sort": [{ "field": "dateUpdated", "direction": "asc" }] });
        if !after.is_null() {
            body["searchAfter"] = after.clone();
        }
        let found = search(&caller, body).await;
        after = found["contacts"].as_array().unwrap().last().unwrap()["searchAfter"].clone();
        followed.extend(ids(&found));
    }
    all.sort();
    numbered.sort();
    followed.sort();
    assert_eq!(numbered, all);
    assert_eq!(followed, all);
}

#[tokio::test]
async fn search_refuses_what_it_cannot_do() {
    let (_twin, caller) = roomy_ghl().await;
    let post = async |body: Value| caller.send("POST", "/contacts/search", body).await.status;
    assert_eq!(post(json!({ "locationId": LOCATION })).await, 422);
    assert_eq!(post(json!({ "pageLimit": 10 })).await, 422);
    assert_eq!(post(json!({ "locationId": LOCATION, "pageLimit": 501 })).await, 422);
    assert_eq!(post(json!({ "locationId": LOCATION, "pageLimit": 500, "page": 21 })).await, 400);
    assert_eq!(post(json!({ "locationId": LOCATION, "pageLimit": 5, "page": 1, "searchAfter": [1, "a"] })).await, 400);
    assert_eq!(post(json!({ "locationId": "OtherLocation0000002", "pageLimit": 5 })).await, 403);
}

#[tokio::test]
async fn search_filters() {
    let (twin, caller) = roomy_ghl().await;
    let made = fill(&twin, 3);
    twin.add_tags(&made[1], &["VIP"]).unwrap();
    let by = async |filter: Value| ids(&search(&caller, json!({ "pageLimit": 10, "filters": [filter] })).await);
    assert_eq!(by(json!({ "field": "email", "operator": "eq", "value": "ANA2@example.com" })).await, [&*made[2]]);
    assert_eq!(by(json!({ "field": "tags", "operator": "eq", "value": "vip" })).await, [&*made[1]]);
    assert_eq!(by(json!({ "field": "phone", "operator": "exists" })).await, Vec::<String>::new());
    let since = twin.contact(&made[1]).unwrap()["dateUpdated"].clone();
    let changed = by(json!({ "field": "dateUpdated", "operator": "range", "value": { "gte": since } })).await;
    assert!(changed.contains(&made[1]));
    let either = json!({ "group": "OR", "filters": [
        { "field": "id", "operator": "eq", "value": made[0] }, { "field": "id", "operator": "eq", "value": made[2] },
    ] });
    assert_eq!(by(either).await.len(), 2);
}

#[tokio::test]
async fn the_search_index_is_behind_but_reads_are_not() {
    let config = GhlConfig { index_lag: Duration::from_millis(300), rate: roomy(), ..GhlConfig::default() };
    let (twin, caller) = ghl(config).await;
    let id = fill(&twin, 1).remove(0);
    assert_eq!(search(&caller, json!({ "pageLimit": 5 })).await["total"], 0);
    assert_eq!(caller.get(&format!("/contacts/{id}")).await.status, 200);
    let mut total = json!(0);
    let end = tokio::time::Instant::now() + crate::kit::LIMIT;
    while total != json!(1) {
        assert!(tokio::time::Instant::now() < end);
        total = search(&caller, json!({ "pageLimit": 5 })).await["total"].clone();
    }
    twin.delete_contact(&id).unwrap();
    assert_eq!(search(&caller, json!({ "pageLimit": 5 })).await["total"], 1, "deleted, and still found");
    eventually("the contact is gone", || twin.contacts().is_empty()).await;
}

#[tokio::test]
async fn the_old_list_pages_by_cursor() {
    let (twin, caller) = roomy_ghl().await;
    let mut all = fill(&twin, 7);
    let mut path = format!("/contacts/?locationId={LOCATION}&limit=3");
    let mut listed = Vec::new();
    for _ in 0..3 {
        let seen = caller.get(&path).await;
        assert_eq!((seen.status, &seen.body["count"]), (200, &json!(7)));
        listed.extend(ids(&seen.body));
        let meta = &seen.body["meta"];
        let (after, id) = (meta["startAfter"].as_i64().unwrap(), meta["startAfterId"].as_str().unwrap().to_owned());
        path = format!("/contacts/?locationId={LOCATION}&limit=3&startAfter={after}&startAfterId={id}");
    }
    all.sort();
    listed.sort();
    assert_eq!(listed, all);
    assert_eq!(caller.get(&format!("/contacts/?locationId={LOCATION}&limit=101")).await.status, 422);
    assert_eq!(caller.get("/contacts/").await.status, 422);
}

#[tokio::test]
async fn the_duplicate_search_takes_an_email_or_a_number() {
    let (twin, caller) = roomy_ghl().await;
    let id = twin.create_contact(&json!({ "email": "ana@example.com", "phone": "+14155550100" })).unwrap();
    let base = format!("/contacts/search/duplicate?locationId={LOCATION}");
    for query in ["email=ANA@example.com", "number=%2B14155550100"] {
        assert_eq!(caller.get(&format!("{base}&{query}")).await.body["contact"]["id"], id.as_str());
    }
    let none = caller.get(&format!("{base}&email=bo@example.com")).await;
    assert_eq!((none.status, &none.body["contact"]), (200, &Value::Null));
    assert_eq!(caller.get(&base).await.body["message"], "Pass at least one of number, email query parameter");
}

#[tokio::test]
async fn a_search_for_what_is_not_listed_is_refused() {
    let (twin, caller) = roomy_ghl().await;
    twin.create_contact(&json!({ "firstName": "Ana", "dateOfBirth": "1990-09-25" })).unwrap();
    let search = async |filter: Value| {
        let body = json!({ "locationId": LOCATION, "pageLimit": 5, "filters": [filter] });
        caller.send("POST", "/contacts/search", body).await
    };
    assert_eq!(search(json!({ "field": "shoeSize", "operator": "eq", "value": "42" })).await.status, 422);
    assert_eq!(search(json!({ "field": "email", "operator": "like", "value": "x" })).await.status, 422);
    for (year, count) in [("1990", 1), ("1991", 0)] {
        let range = json!({ "gte": format!("{year}-01-01T00:00:00Z") });
        let seen = search(json!({ "field": "dateOfBirth", "operator": "range", "value": range })).await;
        assert_eq!(seen.body["total"], count, "{year}");
    }
}
