//! Tasks on both surfaces (contract sheet, sections 4, 5 and 7.2). A task hangs on a conversation, never on a contact, and
//! changes one aspect at a time.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::{ApiError, Class, Operation, Request, Response, json};

use super::response::{Listing, listing, one};
use super::{Id, Surface, UserId, operations as ops, wire};

const PAGE_SIZE: &str = "100";

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Still to do.
    Open,
    /// Done.
    Completed,
    /// Deleted, but still answered for.
    Deleted,
}

/// A task of either surface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: Id,
    /// Counts up with every change; text on v1, a number on the dated surface.
    pub revision: Option<u64>,
    /// How far it is; unset where the answer says something unknown.
    pub status: Option<Status>,
    /// What is to be done.
    pub title: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// Until when.
    pub due_at: Option<Timestamp>,
    /// Who is to do it: a person or an AI agent.
    pub assignee: Option<Id>,
    /// The number that it hangs on.
    pub number: Option<Id>,
    /// The conversation that it hangs on.
    pub conversation: Option<Id>,
    /// The message or call that it hangs on.
    pub activity: Option<Id>,
    /// Who made it.
    pub creator: Option<Id>,
    /// When it was made. There is no time of the last change.
    pub created_at: Option<Timestamp>,
}

/// A task as changes are answered with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its id.
    pub id: Id,
    /// What the change made of it: an event with no greater one is our own.
    pub revision: Option<u64>,
}

/// A task to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What is to be done.
    pub title: String,
    /// More about it; must be sent, so it is empty where there is nothing to say.
    pub description: String,
    /// Until when.
    pub due_at: Option<Timestamp>,
    /// Who is to do it.
    pub assignee: Option<UserId>,
}

/// What a v1 task hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// One of our numbers: the place for a task about somebody without a conversation.
    Number(Id),
    /// A conversation.
    Conversation(Id),
    /// A message or a call.
    Activity(Id),
}

/// What is done to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Title and description, always both.
    Rewrite {
        /// What is to be done.
        title: String,
        /// More about it.
        description: String,
    },
    /// It is done.
    Complete,
    /// It is not done after all.
    Reopen,
    /// Somebody is to do it; there is one assignee at most.
    Assign(UserId),
    /// They no longer are.
    Unassign(UserId),
    /// Until when.
    SetDue(Timestamp),
    /// Until whenever.
    RemoveDue,
    /// It hangs on this conversation.
    Link(Id),
    /// It no longer does.
    Unlink(Id),
}

/// The list; it has no filter and no order that could be relied on.
pub fn list(surface: Surface, after: Option<&str>) -> Request {
    wire::query(surface.pick(&ops::V1_TASKS_LIST, &ops::TASKS_LIST), &[], &surface.page(PAGE_SIZE, after))
}

/// One task.
pub fn get(surface: Surface, task: &Id) -> Request {
    wire::build(surface.pick(&ops::V1_TASK_GET, &ops::TASK_GET), &[task.as_str()])
}

/// `POST /v1/tasks`. Unknown keys are refused there, so nothing else is sent.
pub fn create_v1(task: &NewTask, anchor: &Anchor) -> Request {
    let (key, id) = match anchor {
        Anchor::Number(id) => ("phoneNumberId", id),
        Anchor::Conversation(id) => ("conversationId", id),
        Anchor::Activity(id) => ("activityId", id),
    };
    wire::build(&ops::V1_TASK_CREATE, &[]).with_json(&new(task, key, id))
}

/// `POST /tasks`: on a conversation only.
pub fn create(task: &NewTask, conversation: &Id) -> Request {
    wire::build(&ops::TASK_CREATE, &[]).with_json(&new(task, "conversationId", conversation))
}

/// Deletes the task, answered to [`super::response::deleted`].
pub fn delete(surface: Surface, task: &Id) -> Request {
    wire::build(surface.pick(&ops::V1_TASK_DELETE, &ops::TASK_DELETE), &[task.as_str()])
}

/// Any other change, answered to [`changed`]. On the dated surface some of them are a `DELETE` with a body.
pub fn act(surface: Surface, task: &Id, action: &Action) -> Request {
    let (v1, dated) = routes(action);
    let request = wire::build(surface.pick(v1, dated), &[task.as_str()]);
    match body(surface, action) {
        Some(body) => request.with_json(&body),
        None => request,
    }
}

/// The answer to [`create`], [`create_v1`] or [`act`].
pub fn changed(response: &Response) -> Result<Changed, ApiError> {
    one(response, |task| Some(Changed { id: Id::read(task, "taskId")?, revision: revision(task) }))
}

/// The answer to [`create`] or [`create_v1`]. 402 says that the workspace has as many open tasks as it may have (contract
/// sheet, section 7.2): that stops this task and nothing else.
pub fn made(response: &Response) -> Result<Changed, ApiError> {
    changed(response).map_err(|error| {
        let is_full = error.class() == Class::PaymentRequired;
        if is_full { ApiError { class: Class::Refused, ..error } } else { error }
    })
}

/// The answer to [`get`]; a task that was deleted is not found, although it is still answered for.
pub fn there(response: &Response) -> Result<Task, ApiError> {
    let task = task(response)?;
    if task.status == Some(Status::Deleted) {
        return Err(ApiError::new(response.status(), Class::NotFound));
    }
    Ok(task)
}

/// The answer to [`get`], deleted tasks included.
pub fn task(response: &Response) -> Result<Task, ApiError> {
    one(response, read)
}

/// The answer to [`list`].
pub fn page(response: &Response) -> Result<Listing<Task>, ApiError> {
    listing(response, read)
}

fn routes(action: &Action) -> (&'static Operation, &'static Operation) {
    match action {
        Action::Rewrite { .. } => (&ops::V1_TASK_UPDATE, &ops::TASK_UPDATE),
        Action::Complete => (&ops::V1_TASK_COMPLETE, &ops::TASK_STATUS),
        Action::Reopen => (&ops::V1_TASK_REOPEN, &ops::TASK_STATUS),
        Action::Assign(_) => (&ops::V1_TASK_ASSIGN, &ops::TASK_ASSIGN),
        Action::Unassign(_) => (&ops::V1_TASK_UNASSIGN, &ops::TASK_UNASSIGN),
        Action::SetDue(_) => (&ops::V1_TASK_DUE_SET, &ops::TASK_DUE_SET),
        Action::RemoveDue => (&ops::V1_TASK_DUE_REMOVE, &ops::TASK_DUE_REMOVE),
        Action::Link(_) => (&ops::V1_TASK_LINK, &ops::TASK_LINK),
        Action::Unlink(_) => (&ops::V1_TASK_UNLINK, &ops::TASK_UNLINK),
    }
}

fn body(surface: Surface, action: &Action) -> Option<Json> {
    match action {
        Action::Rewrite { title, description } => Some(json!({ "title": title, "description": description })),
        Action::Complete => surface.pick(None, Some(json!({ "status": "completed" }))),
        Action::Reopen => surface.pick(None, Some(json!({ "status": "open" }))),
        Action::Assign(user) | Action::Unassign(user) => Some(json!({ "userId": user.as_str() })),
        Action::SetDue(at) => Some(json!({ "dueDate": at.to_string() })),
        Action::RemoveDue => None,
        Action::Link(id) | Action::Unlink(id) => Some(json!({ "conversationId": id.as_str() })),
    }
}

fn new(task: &NewTask, anchor: &str, id: &Id) -> Json {
    json::given([
        ("title", Some(task.title.as_str().into())),
        ("description", Some(task.description.as_str().into())),
        (anchor, Some(id.as_str().into())),
        ("dueDate", task.due_at.map(|at| at.to_string().into())),
        ("assignedTo", task.assignee.as_ref().map(|user| user.as_str().into())),
    ])
}

fn read(task: &Map<String, Json>) -> Option<Task> {
    Some(Task {
        id: Id::read(task, "taskId")?,
        revision: revision(task),
        status: status(task),
        title: json::text(task, "title"),
        description: json::text(task, "description"),
        due_at: json::time(task, "dueDate"),
        assignee: Id::read(task, "assignedTo"),
        number: Id::read(task, "phoneNumberId"),
        conversation: Id::read(task, "conversationId"),
        activity: Id::read(task, "activityId"),
        creator: Id::read(task, "createdBy"),
        created_at: json::time(task, "createdAt"),
    })
}

fn revision(task: &Map<String, Json>) -> Option<u64> {
    json::text(task, "revision")?.parse().ok()
}

/// One field on the dated surface, two flags on v1.
fn status(task: &Map<String, Json>) -> Option<Status> {
    let flag = |key: &str| task.get(key).and_then(Json::as_bool);
    match json::text(task, "status").as_deref() {
        Some("open") => Some(Status::Open),
        Some("completed") => Some(Status::Completed),
        Some("deleted") => Some(Status::Deleted),
        Some(_) => None,
        None if flag("isDeleted") == Some(true) => Some(Status::Deleted),
        None => flag("completed").map(|done| if done { Status::Completed } else { Status::Open }),
    }
}

#[cfg(test)]
mod tests;
