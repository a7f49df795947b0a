//! Tasks on both surfaces.

use serde_json::{Value, json};

use crate::kit::{Caller, LIMIT, Receiver, openphone};
use crate::openphone_kit::{NUMBER, hook, of_type, office, talk};

const DUE: &str = "2026-12-01T09:00:00.000Z";

async fn made(caller: &Caller, conversation: &str) -> String {
    let body = json!({ "title": "Call back", "description": "", "conversationId": conversation });
    let seen = caller.send("POST", "/tasks", body).await;
    assert_eq!(seen.status, 201, "{}", seen.text);
    let keys: Vec<&String> = seen.body["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["revision", "taskId"]);
    seen.body["data"]["taskId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_dated_task_hangs_on_a_conversation_and_goes_through_all_actions() {
    let (twin, caller) = openphone(office()).await;
    let (first, second) =
        (talk(&twin), twin.create_conversation(&json!({ "participants": ["+14155550102"] })).unwrap());
    let id = made(&caller, &first).await;
    let path = format!("/tasks/{id}");
    let steps = [
        ("PATCH", "", json!({ "title": "Call", "description": "today" }), "title", json!("Call")),
        ("PATCH", "/due-date", json!({ "dueDate": DUE }), "dueDate", json!(DUE)),
        ("DELETE", "/due-date", json!({}), "dueDate", Value::Null),
        ("POST", "/users", json!({ "userId": "USben" }), "assignedTo", json!("USben")),
        ("DELETE", "/users", json!({ "userId": "USben" }), "assignedTo", Value::Null),
        ("DELETE", "/conversations", json!({ "conversationId": first }), "conversationId", Value::Null),
        ("POST", "/conversations", json!({ "conversationId": second }), "conversationId", json!(second)),
        ("PATCH", "/status", json!({ "status": "completed" }), "status", json!("completed")),
        ("PATCH", "/status", json!({ "status": "open" }), "status", json!("open")),
    ];
    for (at, (method, tail, body, field, value)) in (2..).zip(steps) {
        let seen = caller.send(method, &format!("{path}{tail}"), body).await;
        assert_eq!((seen.status, &seen.body["data"]["revision"]), (200, &json!(at)), "{method} {tail}");
        assert_eq!(caller.get(&path).await.body["data"][field], value, "{method} {tail}");
    }
    assert_eq!(caller.get(&format!("/v1{path}")).await.body["data"]["revision"], "10", "text on v1");
    assert_eq!(caller.delete(&path).await.status, 204);
    assert_eq!(caller.get(&path).await.body["data"]["status"], "deleted");
    assert_eq!(caller.send("PATCH", &path, json!({ "title": "", "description": "" })).await.status, 404);
    assert_eq!(twin.tasks().len(), 1);
}

#[tokio::test]
async fn a_dated_create_needs_title_description_and_a_known_conversation() {
    let (twin, caller) = openphone(office()).await;
    let conversation = talk(&twin);
    let whole = json!({ "title": "t", "description": "", "conversationId": conversation });
    for name in ["title", "description", "conversationId"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(name);
        assert_eq!(caller.send("POST", "/tasks", body).await.status, 400, "{name}");
    }
    for (name, value, status) in [
        ("conversationId", "CNnone", 404),
        ("dueDate", "tomorrow", 400),
        ("assignedTo", "ben", 400),
        ("assignedTo", "USnobody", 404),
    ] {
        let mut body = whole.clone();
        body[name] = json!(value);
        assert_eq!(caller.send("POST", "/tasks", body).await.status, status, "{name}");
    }
    assert!(twin.tasks().is_empty());
    let path = format!("/tasks/{}/users", made(&caller, &conversation).await);
    assert_eq!(caller.delete(&path).await.status, 400, "a DELETE with a body");
}

#[tokio::test]
async fn v1_tasks_hang_on_a_number_a_conversation_or_an_activity() {
    let (twin, caller) = openphone(office()).await;
    let activity = twin.create_message(&json!({ "participants": ["+14155550100"], "text": "Hi" })).unwrap();
    let conversation = talk(&twin);
    let post = async |bond: Value| {
        let mut body = json!({ "title": "t", "description": "d" });
        body.as_object_mut().unwrap().extend(bond.as_object().unwrap().clone());
        caller.send("POST", "/v1/tasks", body).await
    };
    let seen = post(json!({ "phoneNumberId": NUMBER })).await;
    assert_eq!((seen.status, &seen.body["data"]["revision"]), (201, &json!("1")));
    assert!(seen.body["data"].get("conversationId").is_none());
    let id = seen.body["data"]["taskId"].as_str().unwrap().to_owned();
    assert_eq!(post(json!({ "conversationId": conversation })).await.body["data"]["phoneNumberId"], NUMBER);
    assert_eq!(post(json!({ "activityId": activity })).await.body["data"]["conversationId"], conversation);
    for bond in [
        json!({}),
        json!({ "phoneNumberId": NUMBER, "conversationId": conversation }),
        json!({ "phoneNumberId": NUMBER, "contactId": "c" }),
    ] {
        assert_eq!(post(bond).await.status, 400);
    }
    assert_eq!(post(json!({ "phoneNumberId": "PNnone" })).await.status, 404);
    let path = format!("/v1/tasks/{id}");
    for (action, body, field, value) in [
        ("assign", json!({ "userId": "USben" }), "assignedTo", json!("USben")),
        ("unassign", json!({ "userId": "USben" }), "assignedTo", Value::Null),
        ("change-due-date", json!({ "dueDate": DUE }), "dueDate", json!(DUE)),
        ("link-conversation", json!({ "conversationId": conversation }), "conversationId", json!(conversation)),
        ("unlink-conversation", json!({ "conversationId": conversation }), "conversationId", Value::Null),
    ] {
        assert_eq!(caller.send("POST", &format!("{path}/{action}"), body).await.status, 200, "{action}");
        assert_eq!(caller.get(&path).await.body["data"][field], value, "{action}");
    }
    for (action, field, value) in [
        ("remove-due-date", "dueDate", Value::Null),
        ("complete", "completed", json!(true)),
        ("reopen", "completed", json!(false)),
    ] {
        let seen = caller.try_send("POST", &format!("{path}/{action}"), None).await.unwrap();
        assert_eq!((seen.status, &caller.get(&path).await.body["data"][field]), (200, &value), "{action}");
    }
    assert_eq!(caller.send("PUT", &path, json!({ "title": "x", "description": "", "due": 1 })).await.status, 400);
    assert_eq!(caller.send("PUT", &path, json!({ "title": "x", "description": "" })).await.status, 200);
    assert_eq!(caller.delete(&path).await.status, 204);
    assert_eq!(caller.get(&path).await.body["data"]["isDeleted"], true);
    let list = caller.get("/v1/tasks?maxResults=100").await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 3);
    assert!(list.body.get("nextPageToken").is_none(), "this list leaves it out");
    let page = caller.get("/v1/tasks?maxResults=2").await.body["nextPageToken"].as_str().unwrap().to_owned();
    let rest = caller.get(&format!("/v1/tasks?maxResults=2&pageToken={page}")).await;
    assert_eq!(rest.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn open_tasks_have_a_cap() {
    let mut config = office();
    config.workspaces[0].most_open_tasks = Some(1);
    let (twin, caller) = openphone(config).await;
    let id = made(&caller, &talk(&twin)).await;
    let body = json!({ "title": "t", "description": "", "phoneNumberId": NUMBER });
    let seen = caller.send("POST", "/v1/tasks", body.clone()).await;
    assert_eq!((seen.status, &seen.body["code"]), (402, &json!("0600402")));
    caller.send("PATCH", &format!("/tasks/{id}/status"), json!({ "status": "completed" })).await;
    assert_eq!(caller.send("POST", "/v1/tasks", body).await.status, 201);
}

#[tokio::test]
async fn task_events_are_thin_and_silent_when_nothing_changes() {
    let (twin, caller) = openphone(office()).await;
    let receiver = Receiver::start().await;
    let conversation = talk(&twin);
    let events = ["task.created", "task.updated", "task.assigned", "task.unlinked", "task.overdue", "task.deleted"];
    hook(&caller, &receiver.url, &events).await;
    let id = made(&caller, &conversation).await;
    let path = format!("/tasks/{id}");
    let same = json!({ "title": "Call back", "description": "" });
    assert_eq!(caller.send("PATCH", &path, same).await.body["data"]["revision"], 1);
    twin.edit_task(&id, &json!({ "title": "Call", "assignedTo": "USben", "dueDate": DUE })).unwrap();
    twin.overdue_task(&id).unwrap();
    caller.send("DELETE", &format!("{path}/conversations"), json!({ "conversationId": conversation })).await;
    caller.delete(&path).await;
    assert!(twin.webhooks_idle(LIMIT).await);
    let mut types = receiver.types();
    types.sort_unstable();
    let mut wanted = events.to_vec();
    wanted.sort_unstable();
    assert_eq!(types, wanted);
    let arrived = receiver.arrived();
    let updated = of_type(&arrived, "task.updated").remove(0);
    let fields = &updated["data"]["resource"]["updatedFields"];
    assert_eq!(fields["title"], json!({ "isUpdated": true, "updatedValue": "Call" }));
    assert_eq!(fields["description"], json!({ "isUpdated": false }));
    let unlinked = of_type(&arrived, "task.unlinked").remove(0);
    assert_eq!(unlinked["data"]["resource"], json!({ "id": id }));
    assert_eq!(unlinked["data"]["context"]["conversationId"], json!(conversation));
}
