//! Tasks of both surfaces, with everything that can be done to them.

use serde_json::{Value as Json, json};
use tandem_providers::openphone::Surface;
use tandem_providers::openphone::response::{self, Listing};
use tandem_providers::openphone::task::{self, Action, Anchor, Changed, NewTask, Status, Task};

use super::{AT, BOTH, asks, at, id, pick, user};

fn shown(surface: Surface) -> Json {
    let mut shown = json!({ "taskId": "TK1", "orgId": "OR1", "title": "Call", "description": "About the offer",
        "dueDate": AT, "assignedTo": "US1", "phoneNumberId": "PN1", "conversationId": "CN1", "activityId": "AC1",
        "createdAt": AT, "createdBy": "US1" });
    match surface {
        Surface::V1 => {
            shown["completed"] = true.into();
            shown["isDeleted"] = false.into();
            shown["revision"] = "7".into();
        }
        Surface::Dated => {
            shown["status"] = "completed".into();
            shown["revision"] = 7.into();
        }
    }
    shown
}

fn held() -> Task {
    Task {
        id: id("TK1"),
        revision: Some(7),
        status: Some(Status::Completed),
        title: Some("Call".to_owned()),
        description: Some("About the offer".to_owned()),
        due_at: at(),
        assignee: Some(id("US1")),
        number: Some(id("PN1")),
        conversation: Some(id("CN1")),
        activity: Some(id("AC1")),
        creator: Some(id("US1")),
        created_at: at(),
    }
}

/// A change's answer on either surface, and what it says.
fn changed(surface: Surface) -> (Json, Changed) {
    let revision: Json = pick(surface, "8".into(), 8.into());
    (json!({ "data": { "taskId": "TK1", "revision": revision } }), Changed { id: id("TK1"), revision: Some(8) })
}

#[test]
pub(crate) fn tasks_are_read_and_removed() {
    for surface in BOTH {
        let (prefix, next) = pick(surface, ("/v1", "nextPageToken"), ("", "nextCursor"));
        let asked = pick(surface, "maxResults=100&pageToken=n0", "limit=100&after=n0");
        let mut page = json!({ "data": [shown(surface)], next: "n1" });
        if surface == Surface::V1 {
            page["totalItems"] = 7.into();
        }
        asks(task::list(surface, Some("n0")), &format!("GET {prefix}/tasks?{asked}"))
            .answered(200, page)
            .reads(task::page, Listing { items: vec![held()], unreadable: 0, next: Some("n1".to_owned()) });
        asks(task::get(surface, &id("TK1")), &format!("GET {prefix}/tasks/TK1"))
            .answered(200, json!({ "data": shown(surface) }))
            .reads(task::task, held());
        asks(task::delete(surface, &id("TK1")), &format!("DELETE {prefix}/tasks/TK1"))
            .answered(204, Json::Null)
            .reads(response::deleted, ());
    }
}

#[test]
pub(crate) fn tasks_are_made_on_what_each_surface_takes() {
    let bare = NewTask { title: "Call".to_owned(), description: String::new(), due_at: None, assignee: None };
    let full = NewTask { due_at: at(), assignee: Some(user()), ..bare.clone() };
    let full_body = |key: &str, anchor: &str| {
        json!({ "title": "Call", "description": "", "dueDate": "2026-01-02T03:04:05Z", "assignedTo": "US1",
            key: anchor })
    };
    let (answer, wanted) = changed(Surface::Dated);
    asks(task::create(&full, &id("CN1")), "POST /tasks")
        .with(full_body("conversationId", "CN1"))
        .answered(201, answer.clone())
        .reads(task::changed, wanted.clone());
    asks(task::create(&bare, &id("CN1")), "POST /tasks")
        .with(json!({ "title": "Call", "description": "", "conversationId": "CN1" }))
        .answered(201, answer)
        .reads(task::changed, wanted);
    for (anchor, key, value) in [
        (Anchor::Number(id("PN1")), "phoneNumberId", "PN1"),
        (Anchor::Conversation(id("CN1")), "conversationId", "CN1"),
        (Anchor::Activity(id("AC1")), "activityId", "AC1"),
    ] {
        let (mut answer, wanted) = changed(Surface::V1);
        answer["data"]["phoneNumberId"] = "PN1".into();
        asks(task::create_v1(&full, &anchor), "POST /v1/tasks")
            .with(full_body(key, value))
            .answered(201, answer.clone())
            .reads(task::changed, wanted.clone());
        asks(task::create_v1(&bare, &anchor), "POST /v1/tasks")
            .with(json!({ "title": "Call", "description": "", key: value }))
            .answered(201, answer)
            .reads(task::changed, wanted);
    }
}

#[test]
pub(crate) fn everything_that_can_be_done_to_a_task_is_done_on_both_surfaces() {
    let rewrite = Action::Rewrite { title: "Call".to_owned(), description: "Again".to_owned() };
    let words = json!({ "title": "Call", "description": "Again" });
    let (who, talk) = (json!({ "userId": "US1" }), json!({ "conversationId": "CN1" }));
    let due = json!({ "dueDate": "2026-01-02T03:04:05Z" });
    // What is done, and how v1 and the dated surface say it.
    let actions = [
        (rewrite, ("PUT /v1/tasks/TK1", words.clone()), ("PATCH /tasks/TK1", words)),
        (
            Action::Complete,
            ("POST /v1/tasks/TK1/complete", Json::Null),
            ("PATCH /tasks/TK1/status", json!({ "status": "completed" })),
        ),
        (
            Action::Reopen,
            ("POST /v1/tasks/TK1/reopen", Json::Null),
            ("PATCH /tasks/TK1/status", json!({ "status": "open" })),
        ),
        (Action::Assign(user()), ("POST /v1/tasks/TK1/assign", who.clone()), ("POST /tasks/TK1/users", who.clone())),
        (Action::Unassign(user()), ("POST /v1/tasks/TK1/unassign", who.clone()), ("DELETE /tasks/TK1/users", who)),
        (
            Action::SetDue(at().unwrap()),
            ("POST /v1/tasks/TK1/change-due-date", due.clone()),
            ("PATCH /tasks/TK1/due-date", due),
        ),
        (
            Action::RemoveDue,
            ("POST /v1/tasks/TK1/remove-due-date", Json::Null),
            ("DELETE /tasks/TK1/due-date", Json::Null),
        ),
        (
            Action::Link(id("CN1")),
            ("POST /v1/tasks/TK1/link-conversation", talk.clone()),
            ("POST /tasks/TK1/conversations", talk.clone()),
        ),
        (
            Action::Unlink(id("CN1")),
            ("POST /v1/tasks/TK1/unlink-conversation", talk.clone()),
            ("DELETE /tasks/TK1/conversations", talk),
        ),
    ];
    for (action, v1, dated) in actions {
        for surface in BOTH {
            let (line, body) = pick(surface, &v1, &dated);
            let asked = asks(task::act(surface, &id("TK1"), &action), line);
            let asked = if body.is_null() { asked } else { asked.with(body.clone()) };
            let (answer, wanted) = changed(surface);
            asked.answered(200, answer).reads(task::changed, wanted);
        }
    }
}
