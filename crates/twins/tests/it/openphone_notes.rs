//! Notes and shares of contacts.

use serde_json::{Value, json};

use crate::kit::{LIMIT, Receiver, openphone, roomy_openphone};
use crate::openphone_kit::{of_type, office, verifies_legacy};

#[tokio::test]
async fn notes_are_written_read_changed_and_deleted() {
    let (twin, caller) = roomy_openphone().await;
    let contact = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    let path = format!("/contacts/{contact}/notes");
    let made = caller.send("POST", &path, json!({ "text": "First" })).await;
    assert_eq!(made.status, 200, "not 201");
    let note = made.body["data"].clone();
    assert_eq!((&note["text"], &note["media"], &note["actorId"]), (&json!("First"), &json!([]), &json!("USsandbox")));
    twin.create_note(&contact, "Second").unwrap();
    let list = caller.get(&format!("{path}?limit=1")).await;
    assert_eq!(list.body["data"], json!([note]));
    let after = list.body["nextCursor"].as_str().unwrap();
    let rest = caller.get(&format!("{path}?limit=1&after={after}")).await;
    assert_eq!((&rest.body["data"][0]["text"], &rest.body["nextCursor"]), (&json!("Second"), &Value::Null));

    let one = format!("{path}/{}", note["id"].as_str().unwrap());
    let changed = caller.send("PATCH", &one, json!({ "text": "Other" })).await;
    assert_eq!((changed.status, &changed.body["data"]["text"]), (200, &json!("Other")));
    assert!(changed.body["data"]["updatedAt"].as_str() > note["updatedAt"].as_str());
    assert_eq!(caller.get(&one).await.body["data"], changed.body["data"]);
    assert_eq!(caller.delete(&one).await.status, 204);
    assert_eq!(caller.get(&one).await.status, 404);
    assert_eq!(twin.notes(&contact).len(), 1);
}

#[tokio::test]
async fn note_texts_have_bounds_and_contacts_must_exist() {
    let (twin, caller) = roomy_openphone().await;
    let path = format!("/contacts/{}/notes", twin.create_contact(&json!({ "firstName": "Ana" })).unwrap());
    for text in [json!(""), json!("ë".repeat(2001)), Value::Null] {
        assert_eq!(caller.send("POST", &path, json!({ "text": text })).await.status, 400);
    }
    assert_eq!(caller.send("POST", &path, json!({ "text": "ë".repeat(2000) })).await.status, 200);
    assert_eq!(caller.send("POST", "/contacts/none/notes", json!({ "text": "x" })).await.status, 404);
    assert_eq!(caller.get(&format!("/v1{path}")).await.status, 404, "v1 has no notes");
}

#[tokio::test]
async fn notes_fire_only_the_app_webhooks_and_leave_the_contact_alone() {
    let (fixed, app) = (Receiver::start().await, Receiver::start().await);
    let mut config = office();
    config.workspaces[0].webhook_url = Some(fixed.url.clone());
    let secret = "R2ZLM2o0bFhBNVpyUnU2NG9mYXQ1MHNyR3pvSUhIVVg=";
    let hook = tandem_twins::AppWebhook { url: app.url.clone(), secret: secret.to_owned(), events: Vec::new() };
    config.workspaces[0].app_webhooks.push(hook);
    let (twin, _caller) = openphone(config).await;
    let person = json!({ "firstName": "Ana", "phoneNumbers": [{ "name": "Phone", "value": "+14155550100" }] });
    let contact = twin.create_contact(&person).unwrap();
    let before = twin.contact(&contact).unwrap();
    let note = twin.create_note(&contact, "First").unwrap();
    twin.edit_note(&contact, &note, Some("Other")).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(twin.contact(&contact).unwrap(), before);
    assert_eq!(fixed.types(), ["contact.updated"]);
    let arrived = app.arrived();
    assert!(arrived.iter().all(|one| verifies_legacy(one, secret)));
    let bodies = of_type(&arrived, "contact.updated");
    assert_eq!(bodies.len(), 3);
    let told = bodies.iter().find(|body| body["data"]["object"]["notes"][0]["text"] == "Other").unwrap();
    assert_eq!((&told["apiVersion"], &told["object"]), (&json!("v3"), &json!("event")));
    let object = &told["data"]["object"];
    assert_eq!(object["id"], format!("CT{contact}"));
    assert_eq!(object["fields"], json!({ "Phone": "+14155550100" }));
    twin.delete_contact(&contact).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    let gone = of_type(&app.arrived(), "contact.deleted").remove(0);
    assert!(gone["data"]["object"].get("fields").is_none());
}

#[tokio::test]
async fn shares_can_be_read() {
    let (twin, caller) = roomy_openphone().await;
    let contact = twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    let seen = caller.get(&format!("/contacts/{contact}/shares")).await;
    assert_eq!(seen.body["data"][0]["sharedWith"], "ORsandbox");
    assert_eq!(caller.get("/contacts/none/shares").await.status, 404);
}
