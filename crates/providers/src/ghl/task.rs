//! A contact's tasks (contract sheet, sections 4.2, 4.3, 4.12 to 4.15, 5 and 10.9). No webhook tells of an edit: [`Search`] does.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::{ApiError, ContactId, Request, Response, json};

use super::request::{build, iso};
use super::response::{Listing, listing, one};
use super::{ApiVersion, Id, operations as ops};

/// How many tasks a full page of [`Search`] has. The largest is not published; the default is 25.
pub const FULL_PAGE: usize = 100;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: Id,
    /// Whose it is; a search says so too.
    pub contact: Option<ContactId>,
    /// What is to be done.
    pub title: Option<String>,
    /// More about it.
    pub body: Option<String>,
    /// The user who is to do it.
    pub assignee: Option<Id>,
    /// Until when.
    pub due_at: Option<Timestamp>,
    /// Whether it is done.
    pub is_completed: bool,
}

/// A task to be made. GHL knows none without a title and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What is to be done.
    pub title: String,
    /// More about it.
    pub body: Option<String>,
    /// The user who is to do it.
    pub assignee: Option<Id>,
    /// Until when.
    pub due_at: Timestamp,
    /// Whether it is done already.
    pub is_completed: bool,
}

/// What becomes different; what is unset stays. Nothing says that a time or an assignee can be taken away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// What is to be done.
    pub title: Option<String>,
    /// More about it.
    pub body: Option<String>,
    /// The user who is to do it.
    pub assignee: Option<Id>,
    /// Until when.
    pub due_at: Option<Timestamp>,
    /// Whether it is done.
    pub is_completed: Option<bool>,
}

/// `GET /contacts/{id}/tasks`; all of them, there are no pages.
pub fn list(contact: &ContactId, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_TASKS_LIST, version, &[contact.as_str()])
}

/// `GET /contacts/{id}/tasks/{taskId}`.
pub fn get(contact: &ContactId, task: &Id, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_TASK_GET, version, &[contact.as_str(), task.as_str()])
}

/// `POST /contacts/{id}/tasks`.
pub fn create(contact: &ContactId, task: &NewTask, version: &ApiVersion) -> Request {
    let NewTask { title, body, assignee, due_at, is_completed } = task.clone();
    let (title, due_at, is_completed) = (Some(title), Some(due_at), Some(is_completed));
    let body = written(&Change { title, body, assignee, due_at, is_completed });
    build(&ops::CONTACT_TASK_CREATE, version, &[contact.as_str()]).with_json(&body)
}

/// `PUT /contacts/{id}/tasks/{taskId}`.
pub fn update(contact: &ContactId, task: &Id, change: &Change, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_TASK_UPDATE, version, &[contact.as_str(), task.as_str()]).with_json(&written(change))
}

/// `PUT /contacts/{id}/tasks/{taskId}/completed`.
pub fn complete(contact: &ContactId, task: &Id, is_completed: bool, version: &ApiVersion) -> Request {
    let body = json!({ "completed": is_completed });
    build(&ops::CONTACT_TASK_COMPLETE, version, &[contact.as_str(), task.as_str()]).with_json(&body)
}

/// `DELETE /contacts/{id}/tasks/{taskId}`, answered to [`super::response::done`].
pub fn delete(contact: &ContactId, task: &Id, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_TASK_DELETE, version, &[contact.as_str(), task.as_str()])
}

/// `POST /locations/{locationId}/tasks/search`: the tasks of a location that everything given fits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// Of these contacts; of all where there is none.
    pub contacts: Vec<ContactId>,
    /// Of these users; of all where there is none.
    pub assignees: Vec<Id>,
    /// Only done ones, or only open ones.
    pub is_completed: Option<bool>,
}

impl Search {
    /// One page; so many are left out first. It was the last one when it has fewer than [`FULL_PAGE`] tasks.
    pub fn page(&self, location: &Id, skip: usize, version: &ApiVersion) -> Request {
        let list = |items: Vec<&str>| (!items.is_empty()).then(|| items.into());
        let body = json::given([
            ("contactId", list(self.contacts.iter().map(ContactId::as_str).collect())),
            ("assignedTo", list(self.assignees.iter().map(Id::as_str).collect())),
            ("completed", self.is_completed.map(Json::from)),
            ("limit", Some(FULL_PAGE.into())),
            ("skip", Some(skip.into())),
        ]);
        build(&ops::LOCATION_TASKS_SEARCH, version, &[location.as_str()]).with_json(&body)
    }
}

/// The answer to a read or write of one task.
pub fn task(response: &Response) -> Result<Task, ApiError> {
    one(response, "task", read)
}

/// The answer to [`list`] or [`Search::page`].
pub fn tasks(response: &Response) -> Result<Listing<Task>, ApiError> {
    listing(response, "tasks", read)
}

fn written(change: &Change) -> Json {
    json::given([
        ("title", change.title.as_deref().map(Json::from)),
        ("body", change.body.as_deref().map(Json::from)),
        ("assignedTo", change.assignee.as_ref().map(|user| user.as_str().into())),
        ("dueDate", change.due_at.map(|due| iso(due).into())),
        ("completed", change.is_completed.map(Json::from)),
    ])
}

fn read(task: &Map<String, Json>) -> Option<Task> {
    Some(Task {
        id: Id::read(task, "id").or_else(|| Id::read(task, "_id"))?,
        contact: json::text(task, "contactId").and_then(|id| ContactId::new(&id).ok()),
        title: json::text(task, "title"),
        body: json::text(task, "body"),
        assignee: Id::read(task, "assignedTo"),
        due_at: json::time(task, "dueDate"),
        is_completed: task.get("completed") == Some(&Json::Bool(true)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_sends_what_it_changes() {
        let (contact, task) = (ContactId::new("c1").unwrap(), Id::new("t1").unwrap());
        let version = ApiVersion::new("2021-07-28").unwrap();
        let body = |request: &Request| serde_json::from_slice::<Json>(request.http.body()).unwrap();
        let due = "2026-12-01T09:00:00Z".parse().unwrap();
        let change = Change { due_at: Some(due), ..Change::default() };
        assert_eq!(body(&update(&contact, &task, &change, &version)), json!({ "dueDate": "2026-12-01T09:00:00.000Z" }));
        let new = NewTask { title: "Call".to_owned(), body: None, assignee: None, due_at: due, is_completed: false };
        let wanted = json!({ "title": "Call", "dueDate": "2026-12-01T09:00:00.000Z", "completed": false });
        assert_eq!(body(&create(&contact, &new, &version)), wanted);
        let done = complete(&contact, &task, true, &version);
        assert_eq!(
            (done.http.uri().path(), body(&done)),
            ("/contacts/c1/tasks/t1/completed", json!({ "completed": true }))
        );
    }

    #[test]
    fn a_search_leaves_out_what_it_is_not_asked_for() {
        let version = ApiVersion::new("v3").unwrap();
        let request = Search::default().page(&Id::new("loc1").unwrap(), 100, &version);
        assert_eq!(request.http.body(), &br#"{"limit":100,"skip":100}"#[..]);
    }
}
