//! Tasks of a contact, and those of a location.

use serde_json::{Value as Json, json};
use tandem_providers::ghl::response::{self, Listing};
use tandem_providers::ghl::task::{self, Change, NewTask, Search, Task};

use super::{ana, id};
use crate::exchange::Api;

const DUE: &str = "2026-12-01T09:00:00.000Z";

fn shown() -> Json {
    json!({ "id": "t1", "title": "Call", "body": "About the offer", "assignedTo": "u1", "dueDate": DUE,
        "completed": false, "contactId": "c1" })
}

fn held() -> Task {
    let text = |text: &str| Some(text.to_owned());
    Task {
        id: id("t1"),
        contact: Some(ana()),
        title: text("Call"),
        body: text("About the offer"),
        assignee: Some(id("u1")),
        due_at: DUE.parse().ok(),
        is_completed: false,
    }
}

fn new() -> NewTask {
    NewTask {
        title: "Call".to_owned(),
        body: Some("About the offer".to_owned()),
        assignee: Some(id("u1")),
        due_at: DUE.parse().unwrap(),
        is_completed: false,
    }
}

#[test]
pub(crate) fn tasks_of_a_contact_are_read_and_written() {
    let bare = NewTask { body: None, assignee: None, ..new() };
    let change = Change { title: Some("Write".to_owned()), ..Change::default() };
    for api in Api::GHL {
        let (version, done) = (api.version(), api.pick("succeded", "succeeded"));
        api.asks(task::list(&ana(), &version), "GET /contacts/c1/tasks")
            .answered(200, json!({ "tasks": [shown()] }))
            .reads(task::tasks, Listing { items: vec![held()], unreadable: 0 });
        api.asks(task::get(&ana(), &id("t1"), &version), "GET /contacts/c1/tasks/t1")
            .answered(200, json!({ "task": shown() }))
            .reads(task::task, held());
        api.asks(task::create(&ana(), &new(), &version), "POST /contacts/c1/tasks")
            .with(json!({ "title": "Call", "body": "About the offer", "assignedTo": "u1", "dueDate": DUE,
                "completed": false }))
            .answered(201, json!({ "task": shown() }))
            .reads(task::task, held());
        api.asks(task::create(&ana(), &bare, &version), "POST /contacts/c1/tasks")
            .with(json!({ "title": "Call", "dueDate": DUE, "completed": false }))
            .answered(201, json!({ "task": shown() }))
            .reads(task::task, held());
        api.asks(task::update(&ana(), &id("t1"), &change, &version), "PUT /contacts/c1/tasks/t1")
            .with(json!({ "title": "Write" }))
            .answered(200, json!({ "task": shown() }))
            .reads(task::task, held());
        api.asks(task::complete(&ana(), &id("t1"), true, &version), "PUT /contacts/c1/tasks/t1/completed")
            .with(json!({ "completed": true }))
            .answered(200, json!({ "task": shown() }))
            .reads(task::task, held());
        api.asks(task::delete(&ana(), &id("t1"), &version), "DELETE /contacts/c1/tasks/t1")
            .answered(200, json!({ done: true }))
            .reads(response::done, ());
    }
}

#[test]
pub(crate) fn tasks_of_a_location_are_searched_page_by_page() {
    let search = Search { contacts: vec![ana()], assignees: vec![id("u1")], is_completed: Some(false) };
    let listing = || Listing { items: vec![held()], unreadable: 0 };
    for api in Api::GHL {
        let (version, line) = (api.version(), "POST /locations/L1/tasks/search");
        api.asks(search.page(&id("L1"), 100, &version), line)
            .with(json!({ "contactId": ["c1"], "assignedTo": ["u1"], "completed": false, "limit": 100, "skip": 100 }))
            .answered(200, json!({ "tasks": [shown()] }))
            .reads(task::tasks, listing());
        api.asks(Search::default().page(&id("L1"), 0, &version), line)
            .with(json!({ "limit": 100, "skip": 0 }))
            .answered(200, json!({ "tasks": [shown()] }))
            .reads(task::tasks, listing());
    }
}
