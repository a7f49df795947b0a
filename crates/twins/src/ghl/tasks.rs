//! Tasks of a contact.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::ghl::changes::Body;
use crate::ghl::contacts::{READ, WRITE, id_for, object};
use crate::ghl::errors;
use crate::ghl::folder::Item;
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};
use crate::stamp::{Stamp, iso};

pub(super) const RULES: &[Rule] = &[
    Rule::new("GET /contacts/{contactId}/tasks", READ, list),
    Rule::new("POST /contacts/{contactId}/tasks", WRITE, create).creating(),
    Rule::new("GET /contacts/{contactId}/tasks/{taskId}", READ, get),
    Rule::new("PUT /contacts/{contactId}/tasks/{taskId}", WRITE, update),
    Rule::new("DELETE /contacts/{contactId}/tasks/{taskId}", WRITE, delete),
    Rule::new("PUT /contacts/{contactId}/tasks/{taskId}/completed", WRITE, complete),
];

const NEW: [Field; 5] = [
    Field::needed("title", Kind::Text),
    Field::needed("dueDate", Kind::Time),
    Field::needed("completed", Kind::Flag),
    Field::optional("body", Kind::Text),
    Field::optional("assignedTo", Kind::Text),
];

const CHANGE: [Field; 5] = [
    Field::optional("title", Kind::Text),
    Field::optional("dueDate", Kind::Time),
    Field::optional("completed", Kind::Flag),
    Field::optional("body", Kind::Text),
    Field::optional("assignedTo", Kind::Text),
];

const COMPLETED: [Field; 1] = [Field::needed("completed", Kind::Flag)];

#[derive(Clone)]
pub(super) struct Task {
    id: String,
    pub(super) contact: String,
    pub(super) added: Timestamp,
    /// What the body of the write said.
    said: Body,
}

impl Item for Task {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Task {
    pub(super) fn view(&self) -> Value {
        let mut view = self.said.clone();
        view.insert("id".to_owned(), json!(self.id));
        view.insert("contactId".to_owned(), json!(self.contact));
        Value::Object(view)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.said.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn completed(&self) -> bool {
        self.said.get("completed") == Some(&json!(true))
    }

    fn delivered(&self) -> Map<String, Value> {
        let mut body = self.said.clone();
        body.remove("completed");
        body.insert("id".to_owned(), json!(self.id));
        body.insert("contactId".to_owned(), json!(self.contact));
        body.insert("dateAdded".to_owned(), json!(iso(self.added)));
        body
    }

    /// What `TaskCreate` really holds: neither the contact nor the body.
    fn delivered_new(&self) -> Map<String, Value> {
        let mut body = self.delivered();
        body.remove("contactId");
        body.remove("body");
        body
    }
}

fn missing(id: &str) -> Answer {
    errors::bad_request(&format!("Task with id {id} not found"))
}

fn list(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let contact = id_for(ghl, asked)?;
    let tasks: Vec<Value> = ghl.locations[asked.at].tasks.of(contact).iter().map(Task::view).collect();
    reply(200, json!({ "tasks": tasks }))
}

fn get(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let (contact, id) = (id_for(ghl, asked)?, asked.call.segment(3));
    let task = ghl.locations[asked.at].tasks.get(contact, id).ok_or_else(|| missing(id))?;
    reply(200, json!({ "task": task.view() }))
}

fn create(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let contact = id_for(ghl, asked)?;
    let body = object(asked)?;
    whitelisted(&body, &NEW)?;
    let done = written(ghl, (asked.at, contact), body, asked.stamp);
    Ok(Done { result: Answer::json(201, json!({ "task": done.result.view() })), parcels: done.parcels })
}

/// Adds a task, whoever made it.
pub(super) fn written(ghl: &mut Ghl, (at, contact): (usize, &str), body: Body, stamp: Stamp) -> Done<Task> {
    let task = Task { id: ghl.ids.letters(20), contact: contact.to_owned(), added: stamp.time, said: body };
    ghl.locations[at].tasks.add(contact, task.clone());
    let parcels = ghl.announce("TaskCreate", task.delivered_new(), at, stamp);
    Done { result: task, parcels: parcels.into_iter().collect() }
}

fn update(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    change(ghl, asked, &CHANGE)
}

fn complete(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    change(ghl, asked, &COMPLETED)
}

fn change(ghl: &mut Ghl, asked: &Asked<'_>, fields: &[Field]) -> Reply {
    let (contact, id) = (id_for(ghl, asked)?, asked.call.segment(3));
    let body = object(asked)?;
    whitelisted(&body, fields)?;
    let done = changed(ghl, (asked.at, contact, id), body, asked.stamp).ok_or_else(|| missing(id))?;
    Ok(Done { result: Answer::json(200, json!({ "task": done.result.view() })), parcels: done.parcels })
}

/// Changes a task, whoever does it. Only completing one fires a webhook: there is no event for other changes.
pub(super) fn changed(ghl: &mut Ghl, at: (usize, &str, &str), body: Body, stamp: Stamp) -> Option<Done<Task>> {
    let (at, contact, id) = at;
    let task = ghl.locations[at].tasks.get_mut(contact, id)?;
    let before = task.completed();
    task.said.extend(body);
    let task = task.clone();
    let completed = task.completed() && !before;
    let parcel = completed.then(|| ghl.announce("TaskComplete", task.delivered(), at, stamp)).flatten();
    Some(Done { result: task, parcels: parcel.into_iter().collect() })
}

fn delete(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let (contact, id) = (id_for(ghl, asked)?, asked.call.segment(3));
    let done = removed(ghl, (asked.at, contact, id), asked.stamp).ok_or_else(|| missing(id))?;
    Ok(Done { result: Answer::json(200, asked.version.done().into()), parcels: done.parcels })
}

/// Removes a task, whoever does it.
pub(super) fn removed(ghl: &mut Ghl, (at, contact, id): (usize, &str, &str), stamp: Stamp) -> Option<Done<()>> {
    let task = ghl.locations[at].tasks.remove(contact, id)?;
    let parcels = ghl.announce("TaskDelete", task.delivered(), at, stamp);
    Some(Done { result: (), parcels: parcels.into_iter().collect() })
}
