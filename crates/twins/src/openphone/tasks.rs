//! What both surfaces do with tasks.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::openphone::asked::Asked;
use crate::openphone::errors::Surface;
use crate::openphone::events::Event;
use crate::openphone::lists::{self, Bounds};
use crate::openphone::server::{OpenPhone, ok};
use crate::openphone::task::{Bond, Status, Task};
use crate::openphone::task_steps::{self, Step};
use crate::stamp::{Stamp, iso};

/// A task that is to be made.
pub(super) struct Wanted {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) bond: Bond,
    pub(super) due: Option<Timestamp>,
    pub(super) assigned: Option<String>,
}

/// Reads everything of a create but what the task hangs on.
pub(super) fn wanted(openphone: &OpenPhone, asked: &Asked<'_>, bond: Bond) -> Result<Wanted, Answer> {
    let body = asked.body();
    let due = body.contains_key("dueDate").then(|| due(asked)).transpose()?;
    let assigned = body.contains_key("assignedTo").then(|| user(openphone, asked, "assignedTo")).transpose()?;
    Ok(Wanted { title: asked.text("title")?, description: asked.text("description")?, bond, due, assigned })
}

/// The new title and description, which are always written together.
pub(super) fn rewrite(asked: &Asked<'_>) -> Result<Step, Answer> {
    Ok(Step::Rewrite { title: asked.text("title")?, description: asked.text("description")? })
}

pub(super) fn due(asked: &Asked<'_>) -> Result<Timestamp, Answer> {
    asked.text("dueDate")?.parse().map_err(|_| asked.bad("/dueDate", "Expected date-time"))
}

/// A user of the workspace whom the body names.
pub(super) fn user(openphone: &OpenPhone, asked: &Asked<'_>, name: &str) -> Result<String, Answer> {
    let id = asked.id_in_body(name, "US")?;
    let config = &openphone.spaces[asked.at].config;
    if config.has_user(&id) { Ok(id) } else { Err(asked.missing("User not found")) }
}

/// The conversation that the body names, and its number.
pub(super) fn conversation(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<(String, String), Answer> {
    let id = asked.id_in_body("conversationId", "CN")?;
    let found = openphone.spaces[asked.at].desk.conversations.get(&id);
    let found = found.ok_or_else(|| asked.missing("Conversation not found"))?;
    Ok((id, found.number.clone()))
}

pub(super) fn link(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Step, Answer> {
    let (conversation, number) = conversation(openphone, asked)?;
    Ok(Step::Link { conversation, number })
}

fn found<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> Result<&'a Task, Answer> {
    openphone.spaces[asked.at].desk.tasks.get(asked.id(0)).ok_or_else(|| asked.missing("Task not found"))
}

/// There is no filter, and no order that is promised: here the oldest come first.
pub(super) fn list(openphone: &OpenPhone, asked: &Asked<'_>, bounds: &Bounds) -> Answer {
    let space = &openphone.spaces[asked.at];
    let view = |(_, task): (u64, &Task)| task.view(asked.surface(), &space.config.org_id);
    lists::shown(asked, bounds, space.desk.tasks.rows().map(view).collect())
}

pub(super) fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let task = found(openphone, asked)?;
    Ok(ok(task.view(asked.surface(), &openphone.spaces[asked.at].config.org_id)))
}

pub(super) fn create(openphone: &mut OpenPhone, asked: &Asked<'_>, wanted: Wanted) -> Result<Done<Task>, Answer> {
    let space = &openphone.spaces[asked.at];
    let open = space.desk.tasks.rows().filter(|(_, task)| task.status == Status::Open).count();
    if space.config.most_open_tasks.is_some_and(|most| open >= most) {
        return Err(asked.refused(402, "00", ("Open Tasks Limit Reached", "The workspace has too many open tasks")));
    }
    Ok(openphone.tasked(asked.at, wanted, asked.stamp))
}

/// Does one step and answers with the task's id and revision. A deleted task takes no step but a new status.
pub(super) fn act(openphone: &mut OpenPhone, asked: &Asked<'_>, step: Step) -> Result<Done<Answer>, Answer> {
    let task = found(openphone, asked)?;
    if task.status == Status::Deleted && !matches!(step, Step::Status(_)) {
        return Err(asked.missing("Task not found"));
    }
    let id = task.id.clone();
    let done = openphone.stepped((asked.at, &id), step, asked.stamp);
    let done = done.ok_or_else(|| asked.missing("Task not found"))?;
    Ok(Done { result: ok(done.result.reference(asked.surface())), parcels: done.parcels })
}

pub(super) fn delete(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    if found(openphone, asked)?.status == Status::Deleted {
        return Err(asked.missing("Task not found"));
    }
    let done = act(openphone, asked, Step::Status(Status::Deleted))?;
    Ok(Done { result: Answer::empty(204), parcels: done.parcels })
}

impl OpenPhone {
    pub(super) fn tasked(&mut self, at: usize, wanted: Wanted, stamp: Stamp) -> Done<Task> {
        let (id, owner) = (format!("TK{}", self.ids.hex(32)), self.spaces[at].config.owner.clone());
        let task = Task {
            id: id.clone(),
            title: wanted.title,
            description: wanted.description,
            due: wanted.due,
            assigned_by: wanted.assigned.as_ref().map(|_| owner.clone()),
            assigned: wanted.assigned,
            by: owner,
            created: stamp.time,
            bond: wanted.bond,
            status: Status::Open,
            revision: 1,
        };
        self.spaces[at].desk.tasks.insert(&id, task.clone());
        let rest = json!({ "title": task.title, "description": task.description, "dueDate": task.due.map(iso) });
        let parcels = self.fire_task(at, &task, ("task.created", rest), stamp);
        Done { result: task, parcels }
    }

    /// Does a step, whoever does it.
    pub(super) fn stepped(&mut self, (at, id): (usize, &str), step: Step, stamp: Stamp) -> Option<Done<Task>> {
        let space = &mut self.spaces[at];
        let task = space.desk.tasks.get_mut(id)?;
        // An unlinked conversation is still the one the event is about.
        let before = task.clone();
        let told = task_steps::apply(task, step, &space.config.owner);
        let task = task.clone();
        let parcels = told.map(|told| {
            let about = if told.0 == "task.unlinked" { &before } else { &task };
            self.fire_task(at, about, told, stamp)
        });
        Some(Done { result: task, parcels: parcels.unwrap_or_default() })
    }

    /// Task events are thin: whoever wants to know more reads the task.
    pub(super) fn fire_task(
        &mut self,
        at: usize,
        task: &Task,
        (kind, mut resource): (&'static str, Value),
        stamp: Stamp,
    ) -> Vec<crate::deliveries::Parcel> {
        resource["id"] = json!(task.id);
        let config = &self.spaces[at].config;
        let context = task.context(&config.org_id, &config.owner);
        let event = Event { kind, resource, context, quo: task.link(), number: None, legacy: None };
        self.fire(at, &event, stamp)
    }
}

/// Whether a body has keys that v1 does not know.
pub(super) fn strange_key(asked: &Asked<'_>, known: &[&str]) -> Result<(), Answer> {
    debug_assert!(asked.surface() == Surface::V1, "only v1 refuses unknown keys");
    match asked.body().keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(asked.bad(&format!("/{key}"), "Unexpected property")),
        None => Ok(()),
    }
}
