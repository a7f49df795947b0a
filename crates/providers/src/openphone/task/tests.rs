use super::*;
use crate::openphone::tests::{answer, body as sent, id};

fn new_task() -> NewTask {
    NewTask { title: "Call".to_owned(), description: String::new(), due_at: None, assignee: None }
}

#[test]
fn a_new_task_hangs_on_exactly_one_thing() {
    let bare = create(&new_task(), &id("CN1"));
    assert_eq!(sent(&bare), json!({"title": "Call", "description": "", "conversationId": "CN1"}));
    let full = NewTask {
        due_at: Some("2026-01-02T03:04:05Z".parse().unwrap()),
        assignee: Some(UserId::new("US1").unwrap()),
        ..new_task()
    };
    let wanted = json!({"title": "Call", "description": "", "phoneNumberId": "PN1", "dueDate": "2026-01-02T03:04:05Z",
        "assignedTo": "US1"});
    assert_eq!(sent(&create_v1(&full, &Anchor::Number(id("PN1")))), wanted);
    assert_eq!(sent(&create_v1(&new_task(), &Anchor::Activity(id("AC1"))))["activityId"], "AC1");
    assert_eq!(sent(&create_v1(&new_task(), &Anchor::Conversation(id("CN1"))))["conversationId"], "CN1");
}

#[test]
fn each_surface_has_its_own_way_to_change_a_task() {
    let user = || UserId::new("US1").unwrap();
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    let rewrite = Action::Rewrite { title: "t".to_owned(), description: "d".to_owned() };
    let cases = [
        (rewrite, "PUT /v1/tasks/TK1", "PATCH /tasks/TK1"),
        (Action::Complete, "POST /v1/tasks/TK1/complete", "PATCH /tasks/TK1/status"),
        (Action::Reopen, "POST /v1/tasks/TK1/reopen", "PATCH /tasks/TK1/status"),
        (Action::Assign(user()), "POST /v1/tasks/TK1/assign", "POST /tasks/TK1/users"),
        (Action::Unassign(user()), "POST /v1/tasks/TK1/unassign", "DELETE /tasks/TK1/users"),
        (Action::SetDue(at), "POST /v1/tasks/TK1/change-due-date", "PATCH /tasks/TK1/due-date"),
        (Action::RemoveDue, "POST /v1/tasks/TK1/remove-due-date", "DELETE /tasks/TK1/due-date"),
        (Action::Link(id("CN1")), "POST /v1/tasks/TK1/link-conversation", "POST /tasks/TK1/conversations"),
        (Action::Unlink(id("CN1")), "POST /v1/tasks/TK1/unlink-conversation", "DELETE /tasks/TK1/conversations"),
    ];
    for (action, v1, dated) in cases {
        for (surface, wanted) in [(Surface::V1, v1), (Surface::Dated, dated)] {
            let request = act(surface, &id("TK1"), &action);
            assert_eq!(format!("{} {}", request.http.method(), request.http.uri()), wanted);
            let is_typed = request.http.headers().contains_key("content-type");
            assert_eq!(is_typed, !request.http.body().is_empty(), "{wanted}");
        }
    }
    assert!(act(Surface::V1, &id("TK1"), &Action::Complete).http.body().is_empty());
    assert_eq!(sent(&act(Surface::Dated, &id("TK1"), &Action::Reopen)), json!({"status": "open"}));
    assert_eq!(sent(&act(Surface::Dated, &id("TK1"), &Action::Unassign(user()))), json!({"userId": "US1"}));
}

#[test]
fn both_surfaces_tell_how_far_a_task_is() {
    let read = |fields: Json| {
        let mut data = json!({"taskId": "TK1", "title": "t", "dueDate": null});
        data.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        task(&answer(200, &json!({ "data": data }))).unwrap()
    };
    let v1 = read(json!({"completed": true, "isDeleted": false, "revision": "7"}));
    assert_eq!((v1.status, v1.revision), (Some(Status::Completed), Some(7)));
    assert_eq!(read(json!({"completed": true, "isDeleted": true})).status, Some(Status::Deleted));
    let dated = read(json!({"status": "open", "revision": 8, "assignedTo": "SYU1"}));
    assert_eq!((dated.status, dated.revision), (Some(Status::Open), Some(8)));
    assert_eq!(dated.assignee, Some(id("SYU1")));
    assert_eq!(read(json!({"status": "snoozed", "revision": "x"})).status, None);
    let changed = changed(&answer(201, &json!({"data": {"taskId": "TK1", "revision": "1"}}))).unwrap();
    assert_eq!(changed, Changed { id: id("TK1"), revision: Some(1) });
}

#[test]
fn a_list_without_a_next_page_ends() {
    let page = page(&answer(200, &json!({"data": [{"taskId": "TK1"}, null], "totalItems": 9}))).unwrap();
    assert_eq!((page.items.len(), page.unreadable, page.next), (1, 1, None));
    assert_eq!(list(Surface::V1, None).http.uri(), "/v1/tasks?maxResults=100");
    assert_eq!(list(Surface::Dated, Some("c")).http.uri(), "/tasks?limit=100&after=c");
}
