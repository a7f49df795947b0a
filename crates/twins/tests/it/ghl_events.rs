//! GHL: the bodies of events other than those of contacts, against the published examples.

use serde_json::{Value, json};
use tandem_twins::{GhlChoice, GhlConfig};

use crate::ghl_kit::{made, text, tokens, two};
use crate::kit::{LIMIT, LOCATION, Receiver, ghl};
use crate::vendor::vendor;

/// What every delivery carries and no example shows.
const ENVELOPE: [&str; 4] = ["appId", "timestamp", "versionId", "webhookId"];

fn keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
    keys.retain(|key| !ENVELOPE.contains(&key.as_str()));
    keys
}

#[tokio::test]
async fn events_have_the_keys_of_the_examples() {
    let receiver = Receiver::start().await;
    let (twin, caller) = ghl(GhlConfig { webhook_url: Some(receiver.url.clone()), ..two() }).await;
    let path = format!("/contacts/{}", made(&caller, "Ana").await);
    let note = caller.send("POST", &format!("{path}/notes"), json!({ "body": "x", "userId": "u1" })).await;
    let note = format!("{path}/notes/{}", text(&note.body["note"]["id"]));
    caller.send("PUT", &note, json!({ "body": "y" })).await;
    caller.delete(&note).await;
    let task = json!({
        "title": "x", "body": "y", "assignedTo": "u1", "dueDate": "2026-12-01T09:00:00Z", "completed": false,
    });
    let task = caller.send("POST", &format!("{path}/tasks"), task).await;
    let task = format!("{path}/tasks/{}", text(&task.body["task"]["id"]));
    caller.send("PUT", &format!("{task}/completed"), json!({ "completed": true })).await;
    caller.delete(&task).await;
    tokens(&twin, "contacts.readonly").await;
    twin.choose(GhlChoice::Company(Vec::new()));
    tokens(&twin, "contacts.readonly").await;
    twin.uninstall(Some(LOCATION)).unwrap();
    twin.uninstall(None).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);

    let arrived = receiver.arrived();
    let sent = |event: &str, key: &str| {
        let one = arrived.iter().find(|one| one.body["type"] == event && one.body.get(key).is_some());
        one.unwrap_or_else(|| panic!("{event} with {key}")).body.clone()
    };
    for (example, event, key) in [
        ("NoteCreate", "NoteCreate", "id"),
        ("NoteUpdate", "NoteUpdate", "id"),
        ("NoteDelete", "NoteDelete", "id"),
        ("TaskComplete", "TaskComplete", "id"),
        ("TaskDelete", "TaskDelete", "id"),
        ("AppInstall.location-non-whitelabel", "INSTALL", "locationId"),
        ("AppUninstall", "UNINSTALL", "locationId"),
        ("AppUninstall.agency", "UNINSTALL", "companyId"),
    ] {
        let Some(example) = vendor(&format!("ghl/webhooks/{example}.json")) else { return };
        assert_eq!(keys(&sent(event, key)), keys(&example), "{event}");
    }
    // What is really delivered lacks two of the keys (contract sheet, section 9.2).
    let Some(example) = vendor("ghl/webhooks/TaskCreate.json") else { return };
    let mut fewer = keys(&example);
    fewer.retain(|key| key != "contactId" && key != "body");
    assert_eq!(keys(&sent("TaskCreate", "id")), fewer);
    let Some(example) = vendor("ghl/webhooks/AppInstall.agency.json") else { return };
    let company = arrived.iter().find(|one| one.body["type"] == "INSTALL" && one.body.get("locationId").is_none());
    assert_eq!(keys(&company.unwrap().body), keys(&example));
}
