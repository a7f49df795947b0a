//! `POST /locations/{locationId}/tasks/search`: the only way to read tasks of more than one contact.

use serde_json::{Value, json};

use crate::ghl::changes::Body;
use crate::ghl::contact::texts;
use crate::ghl::contacts::object;
use crate::ghl::folder::Item;
use crate::ghl::location::Location;
use crate::ghl::locations::own;
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::tasks::Task;

pub(super) const RULES: &[Rule] =
    &[Rule::new("POST /locations/{locationId}/tasks/search", "locations/tasks.readonly", search)];

const BODY: [Field; 7] = [
    Field::optional("contactId", Kind::Texts),
    Field::optional("completed", Kind::Flag),
    Field::optional("assignedTo", Kind::Texts),
    Field::optional("query", Kind::Text),
    Field::optional("limit", Kind::Number),
    Field::optional("skip", Kind::Number),
    Field::optional("businessId", Kind::Text),
];

fn search(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let location = own(ghl, asked)?;
    let body = object(asked)?;
    whitelisted(&body, &BODY)?;
    let number = |name: &str, usual: usize| {
        body.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok()).unwrap_or(usual)
    };
    let mut tasks: Vec<&Task> = location.tasks.all().filter(|task| meets(task, &body, location)).collect();
    tasks.sort_by(|one, other| (one.added, one.id()).cmp(&(other.added, other.id())));
    let page = tasks.into_iter().skip(number("skip", 0)).take(number("limit", 25));
    reply(200, json!({ "tasks": page.map(Task::view).collect::<Vec<Value>>() }))
}

fn meets(task: &Task, body: &Body, location: &Location) -> bool {
    let one_of = |name: &str, held: &str| match body.get(name).and_then(Value::as_array) {
        Some(wanted) if !wanted.is_empty() => texts(wanted).any(|wanted| wanted == held),
        Some(_) | None => true,
    };
    let words = body.get("query").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let business = body.get("businessId").and_then(Value::as_str);
    let in_business = |wanted: &str| {
        location.shelf.get(&task.contact).is_some_and(|contact| contact.business.as_deref() == Some(wanted))
    };
    one_of("contactId", &task.contact)
        && one_of("assignedTo", task.text("assignedTo"))
        && body.get("completed").is_none_or(|wanted| *wanted == json!(task.completed()))
        && (task.text("title").to_lowercase().contains(&words) || task.text("body").to_lowercase().contains(&words))
        && business.is_none_or(in_business)
}
