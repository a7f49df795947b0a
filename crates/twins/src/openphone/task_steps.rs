//! What can be done to a task, and which event tells of it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::openphone::task::{Status, Task};
use crate::stamp::iso;

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Rewrite { title: String, description: String },
    Status(Status),
    Assign(String),
    Unassign(String),
    Due(Timestamp),
    NotDue,
    Link { conversation: String, number: String },
    Unlink(String),
}

/// An event's type, and what its resource says beside the id.
pub(super) type Told = (&'static str, Value);

/// Applies the step; nothing is told when it changes nothing.
pub(super) fn apply(task: &mut Task, step: Step, actor: &str) -> Option<Told> {
    let told = match step {
        Step::Rewrite { title, description } => rewrite(task, title, description),
        Step::Status(status) => restate(task, status),
        Step::Assign(user) => assign(task, &user, actor),
        Step::Unassign(user) => unassign(task, &user),
        Step::Due(due) => reschedule(task, due),
        Step::NotDue => task.due.take().map(|_| ("task.duedate.removed", json!({}))),
        Step::Link { conversation, number } => link(task, conversation, number),
        Step::Unlink(conversation) => unlink(task, &conversation),
    };
    task.revision += u64::from(told.is_some());
    told
}

fn rewrite(task: &mut Task, title: String, description: String) -> Option<Told> {
    let field = |held: &str, wanted: &str| {
        if held == wanted {
            json!({ "isUpdated": false })
        } else {
            json!({ "isUpdated": true, "updatedValue": wanted })
        }
    };
    let fields = json!({
        "title": field(&task.title, &title), "description": field(&task.description, &description),
    });
    let same = task.title == title && task.description == description;
    (task.title, task.description) = (title, description);
    (!same).then(|| ("task.updated", json!({ "updatedFields": fields })))
}

fn restate(task: &mut Task, status: Status) -> Option<Told> {
    let before = std::mem::replace(&mut task.status, status);
    let event = match status {
        Status::Open => "task.reopened",
        Status::Completed => "task.completed",
        Status::Deleted => "task.deleted",
    };
    (before != status).then(|| (event, json!({})))
}

fn assign(task: &mut Task, user: &str, actor: &str) -> Option<Told> {
    if task.assigned.as_deref() == Some(user) {
        return None;
    }
    task.assigned_by = Some(actor.to_owned());
    task.assigned = Some(user.to_owned());
    Some(("task.assigned", json!({ "assignedTo": user })))
}

fn unassign(task: &mut Task, user: &str) -> Option<Told> {
    task.assigned.take_if(|held| held == user)?;
    task.assigned_by = None;
    Some(("task.unassigned", json!({ "unassignedFrom": user })))
}

fn reschedule(task: &mut Task, due: Timestamp) -> Option<Told> {
    let before = task.due.replace(due);
    (before != Some(due)).then(|| ("task.duedate.updated", json!({ "updatedDueDate": iso(due) })))
}

fn link(task: &mut Task, conversation: String, number: String) -> Option<Told> {
    let before = task.bond.conversation.replace(conversation.clone());
    task.bond.number = Some(number);
    (before != Some(conversation)).then(|| ("task.linked", json!({})))
}

/// The number stays: a task always hangs on something.
fn unlink(task: &mut Task, conversation: &str) -> Option<Told> {
    task.bond.conversation.take_if(|held| held == conversation)?;
    Some(("task.unlinked", json!({})))
}
