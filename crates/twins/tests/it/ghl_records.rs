//! GHL: notes, tasks and appointments of a contact, and what webhooks say of them.

use serde_json::{Value, json};
use tandem_twins::{GhlConfig, GhlTwin};

use crate::ghl_kit::{made, text};
use crate::kit::{Arrived, Caller, LIMIT, LOCATION, Receiver, ghl, roomy, roomy_ghl};

async fn with_hook() -> (GhlTwin, Caller, Receiver, String) {
    let receiver = Receiver::start().await;
    let webhook_url = Some(receiver.url.clone());
    let (twin, caller) = ghl(GhlConfig { rate: roomy(), webhook_url, ..GhlConfig::default() }).await;
    let id = made(&caller, "Ana").await;
    (twin, caller, receiver, id)
}

fn sent(receiver: &Receiver, event: &str) -> Value {
    receiver.arrived().iter().find(|one: &&Arrived| one.body["type"] == event).unwrap().body.clone()
}

#[tokio::test]
async fn notes_live_and_tell_little() {
    let (twin, caller, receiver, id) = with_hook().await;
    let path = format!("/contacts/{id}/notes");
    let body = json!({ "body": "Called back", "title": "Call", "userId": "SandboxUser000000001", "pinned": true });
    let new = caller.send("POST", &path, body).await;
    assert_eq!((new.status, &new.body["note"]["title"]), (201, &json!("Call")));
    let one = format!("{path}/{}", text(&new.body["note"]["id"]));
    let changed = caller.send("PUT", &one, json!({ "body": "Called again" })).await;
    assert_eq!((changed.status, &changed.body["note"]["title"]), (200, &json!("Call")));
    assert_eq!(caller.get(&one).await.body["note"]["body"], "Called again");
    assert_eq!(caller.get(&path).await.body["notes"].as_array().unwrap().len(), 1);
    assert_eq!(caller.send("POST", &path, json!({ "title": "x" })).await.status, 422);
    assert_eq!(caller.send("POST", &path, json!({ "body": "x", "author": "x" })).await.status, 422);
    let gone = caller.delete(&one).await;
    assert_eq!((gone.status, &gone.body["succeded"]), (200, &json!(true)));
    assert_eq!(caller.get(&one).await.status, 400);
    assert!(twin.webhooks_idle(LIMIT).await);
    for event in ["NoteCreate", "NoteUpdate", "NoteDelete"] {
        let body = sent(&receiver, event);
        assert_eq!((&body["contactId"], &body["locationId"]), (&json!(id), &json!(LOCATION)), "{event}");
        assert!(body.get("title").is_none() && body.get("userId").is_none(), "{event} leaves these out");
    }
    assert_eq!(sent(&receiver, "NoteUpdate")["body"], "Called again");
}

#[tokio::test]
async fn tasks_live_and_their_first_event_lacks_the_contact() {
    let (twin, caller, receiver, id) = with_hook().await;
    let path = format!("/contacts/{id}/tasks");
    let body =
        json!({ "title": "Call", "body": "About the offer", "dueDate": "2026-12-01T09:00:00Z", "completed": false });
    let new = caller.send("POST", &path, body.clone()).await;
    assert_eq!((new.status, &new.body["task"]["contactId"]), (201, &json!(id)));
    let one = format!("{path}/{}", text(&new.body["task"]["id"]));
    assert_eq!(caller.get(&one).await.body["task"]["title"], "Call");
    assert_eq!(caller.send("PUT", &one, json!({ "title": "Write" })).await.body["task"]["title"], "Write");
    for completed in [true, true, false] {
        let done = caller.send("PUT", &format!("{one}/completed"), json!({ "completed": completed })).await;
        assert_eq!(done.body["task"]["completed"], completed);
    }
    assert_eq!(caller.send("PUT", &format!("{one}/completed"), json!({})).await.status, 422);
    for missing in ["title", "dueDate", "completed"] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(caller.send("POST", &path, body).await.status, 422, "{missing}");
    }
    assert_eq!(caller.send("PUT", &one, json!({ "dueDate": "tomorrow" })).await.status, 422);
    assert_eq!(caller.delete(&one).await.body["succeded"], true);
    assert_eq!(caller.get(&path).await.body["tasks"], json!([]));
    assert!(twin.webhooks_idle(LIMIT).await);
    let mut types = receiver.types();
    types.sort();
    assert_eq!(types, ["ContactCreate", "TaskComplete", "TaskCreate", "TaskDelete"], "there is no event for changes");
    let new = sent(&receiver, "TaskCreate");
    assert!(new.get("contactId").is_none() && new.get("body").is_none());
    assert_eq!((&new["title"], &new["dueDate"]), (&json!("Call"), &json!("2026-12-01T09:00:00Z")));
    assert_eq!(sent(&receiver, "TaskDelete")["contactId"], id);
}

#[tokio::test]
async fn what_people_write_fires_too() {
    let (twin, caller, receiver, id) = with_hook().await;
    twin.create_note(&id, &json!({ "body": "By hand" })).unwrap();
    let task = json!({ "title": "By hand", "dueDate": "2026-12-01T09:00:00Z", "completed": false });
    let task = twin.create_task(&id, &task).unwrap();
    twin.edit_task(&id, &task, &json!({ "completed": true })).unwrap();
    assert!(twin.edit_task(&id, "nothing", &json!({})).is_err());
    let seen = caller.get(&format!("/contacts/{id}/tasks/{task}")).await;
    assert_eq!(seen.body["task"]["completed"], true);
    assert!(twin.webhooks_idle(LIMIT).await);
    let mut types = receiver.types();
    types.sort();
    assert_eq!(types, ["ContactCreate", "NoteCreate", "TaskComplete", "TaskCreate"]);
}

#[tokio::test]
async fn appointments_are_read_only() {
    let (twin, caller) = roomy_ghl().await;
    let id = made(&caller, "Ana").await;
    let path = format!("/contacts/{id}/appointments");
    assert_eq!(caller.get(&path).await.body["events"], json!([]));
    let appointment = json!({ "title": "Visit", "startTime": "2026-12-01 11:00:00", "endTime": "2026-12-01 12:00:00" });
    let made = twin.create_appointment(&id, &appointment).unwrap();
    let seen = caller.get(&path).await;
    assert_eq!((&seen.body["events"][0]["id"], &seen.body["events"][0]["contactId"]), (&json!(made), &json!(id)));
    assert_eq!(caller.send("POST", &path, appointment).await.status, 404);
}

#[tokio::test]
async fn what_belongs_to_a_contact_goes_with_it_and_stays_in_its_location() {
    let (twin, caller) = crate::ghl_kit::two_locations().await;
    let id = made(&caller, "Ana").await;
    let note = twin.create_note(&id, &json!({ "body": "x" })).unwrap();
    let other = caller.holding("pit-other");
    assert_eq!(other.get(&format!("/contacts/{id}/notes/{note}")).await.status, 403);
    assert_eq!(other.send("POST", &format!("/contacts/{id}/notes"), json!({ "body": "x" })).await.status, 403);
    caller.delete(&format!("/contacts/{id}")).await;
    let seen = caller.get(&format!("/contacts/{id}/notes/{note}")).await;
    assert_eq!((seen.status, &seen.body["message"]), (400, &json!(format!("Contact with id {id} not found"))));
}
