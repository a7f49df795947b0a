//! What people in the app do with tasks and notes.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::door::{Done, Edited};
use crate::openphone::errors::Surface;
use crate::openphone::server::OpenPhone;
use crate::openphone::task::{Bond, Status};
use crate::openphone::task_steps::Step;
use crate::openphone::tasks::Wanted;
use crate::stamp::{Stamp, iso};

fn due(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("{text} is no time"))
}

/// Makes a task of `title`, `description`, `conversationId`, `dueDate` and `assignedTo`.
pub(super) fn create(openphone: &mut OpenPhone, seed: &Value, stamp: Stamp) -> Edited<String> {
    let at = openphone.seeded(seed)?;
    let space = &openphone.spaces[at];
    let id = seed["conversationId"].as_str().unwrap_or_default();
    let conversation = space.desk.conversations.get(id);
    let number =
        conversation.map(|held| &held.number).or_else(|| space.config.phone_numbers.first().map(|one| &one.id));
    let bond = Bond { number: number.cloned(), conversation: conversation.map(|held| held.id.clone()), activity: None };
    let text = |name: &str| seed[name].as_str().unwrap_or_default().to_owned();
    let wanted = Wanted {
        title: text("title"),
        description: text("description"),
        bond,
        due: seed["dueDate"].as_str().map(due).transpose()?,
        assigned: seed["assignedTo"].as_str().map(str::to_owned),
    };
    let done = openphone.tasked(at, wanted, stamp);
    Ok(Done { result: done.result.id, parcels: done.parcels })
}

fn home(openphone: &OpenPhone, id: &str) -> Result<usize, String> {
    let at = openphone.spaces.iter().position(|space| space.desk.tasks.get(id).is_some());
    at.ok_or_else(|| format!("no task {id}"))
}

/// Changes what the patch names: `title`, `description`, `status`, `dueDate`, `assignedTo`; null takes away.
pub(super) fn edit(openphone: &mut OpenPhone, id: &str, patch: &Value, stamp: Stamp) -> Edited<()> {
    let at = home(openphone, id)?;
    let mut parcels = Vec::new();
    for step in steps(openphone, (at, id), patch)? {
        parcels.extend(openphone.stepped((at, id), step, stamp).map(|done| done.parcels).unwrap_or_default());
    }
    Ok(Done { result: (), parcels })
}

fn steps(openphone: &OpenPhone, (at, id): (usize, &str), patch: &Value) -> Result<Vec<Step>, String> {
    let task = openphone.spaces[at].desk.tasks.get(id).ok_or("no such task")?;
    let mut steps = Vec::new();
    if patch.get("title").is_some() || patch.get("description").is_some() {
        let text = |name: &str, held: &str| patch[name].as_str().unwrap_or(held).to_owned();
        let (title, description) = (text("title", &task.title), text("description", &task.description));
        steps.push(Step::Rewrite { title, description });
    }
    if let Some(due_date) = patch.get("dueDate") {
        steps.push(due_date.as_str().map(due).transpose()?.map_or(Step::NotDue, Step::Due));
    }
    match (patch.get("assignedTo").map(Value::as_str), &task.assigned) {
        (Some(Some(user)), _) => steps.push(Step::Assign(user.to_owned())),
        (Some(None), Some(held)) => steps.push(Step::Unassign(held.clone())),
        (Some(None) | None, _) => {}
    }
    if let Some(status) = patch["status"].as_str() {
        steps.push(Step::Status(Status::named(status).ok_or("no such status")?));
    }
    Ok(steps)
}

/// The due date of a task passes.
pub(super) fn overdue(openphone: &mut OpenPhone, id: &str, stamp: Stamp) -> Edited<()> {
    let at = home(openphone, id)?;
    let task = openphone.spaces[at].desk.tasks.get(id).ok_or("no such task")?.clone();
    let told = ("task.overdue", json!({ "dueDate": task.due.map(iso) }));
    Ok(Done { result: (), parcels: openphone.fire_task(at, &task, told, stamp) })
}

/// All tasks as the dated surface shows them.
pub(super) fn all(openphone: &OpenPhone) -> Vec<Value> {
    let view = |space: &crate::openphone::workspace::Space| {
        let org = space.config.org_id.clone();
        space.desk.tasks.rows().map(|(_, task)| task.view(Surface::Dated, &org)).collect::<Vec<_>>()
    };
    openphone.spaces.iter().flat_map(view).collect()
}

/// A person writes a note on a contact.
pub(super) fn note(openphone: &mut OpenPhone, contact: &str, text: &str, stamp: Stamp) -> Edited<String> {
    let at = openphone.home(contact).ok_or_else(|| format!("no contact {contact}"))?;
    let done = openphone.noted(at, contact, text.to_owned(), stamp);
    Ok(Done { result: done.result.id, parcels: done.parcels })
}

/// A person changes a note, or takes it away.
pub(super) fn edit_note(
    openphone: &mut OpenPhone,
    (contact, id): (&str, &str),
    text: Option<&str>,
    stamp: Stamp,
) -> Edited<()> {
    let at = openphone.home(contact).ok_or_else(|| format!("no contact {contact}"))?;
    let place = (at, contact, id);
    let parcels = match text {
        Some(text) => openphone.renoted(place, text.to_owned(), stamp).map(|done| done.parcels),
        None => openphone.unnoted(place, stamp).map(|done| done.parcels),
    };
    Ok(Done { result: (), parcels: parcels.ok_or_else(|| format!("no note {id}"))? })
}

/// The notes of a contact as the API shows them.
pub(super) fn notes(openphone: &OpenPhone, contact: &str) -> Vec<Value> {
    let notes = openphone.home(contact).and_then(|at| openphone.spaces[at].desk.notes.get(contact));
    notes.into_iter().flatten().map(super::notes::Note::view).collect()
}
