//! Tasks in `OpenPhone`: on a conversation, or else on one of our numbers, changed one aspect at a time (contract sheet,
//! section 7.2).

use std::collections::BTreeSet;

use tandem_contact::{Field, Observed, Side, Value};
use tandem_providers::ContactId;
use tandem_providers::openphone::task::{self, Action, NewTask, Status, Task};
use tandem_providers::openphone::{Id, Surface, UserId};
use tandem_reconcile::{COMPLETED, Document, Found, Writes};

use super::{NoteLine, Prepared, due_value, status_value, text};
use crate::call::{Caller, Trouble};
use crate::people::{People, people};
use crate::run::Unfit;
use crate::{Failure, talks};

/// What a new task is to hang on.
#[derive(Debug, Clone)]
pub(crate) enum Anchor {
    /// The conversation with its person.
    Conversation(Id),
    /// One of our numbers, and the line that names the person.
    Number(Id, NoteLine),
}

/// `GET /tasks/{id}`; nobody is ever texted, so that there would be a conversation.
pub(crate) async fn read(caller: &Caller<'_>, id: &Id) -> Result<(Found, Task), Trouble> {
    let people = people(caller).await?;
    let task = caller.read(Side::OpenPhone, task::get(Surface::Dated, id), task::there).await?;
    Ok((found(&task, &people), task))
}

pub(crate) fn found(task: &Task, people: &People) -> Found {
    let body = task.description.as_deref().map(|description| NoteLine::split(description).0);
    let observed = Observed::from([
        (Field::TaskTitle, task.title.as_deref().and_then(Value::text)),
        (Field::TaskBody, body.and_then(Value::text)),
        (Field::TaskDue, task.due_at.and_then(due_value)),
        (Field::TaskAssignee, task.assignee.as_ref().and_then(|id| people.value(Side::OpenPhone, id.as_str()))),
        (Field::TaskStatus, status_value(task.status == Some(Status::Completed))),
    ]);
    Found { id: task.id.to_string(), observed, at: None }
}

/// Where a task about this contact belongs; none where the workspace has no number.
pub(crate) async fn anchor(
    caller: &Caller<'_>,
    document: &Document,
    contact: &Document,
) -> Result<Option<Anchor>, Failure> {
    let phones = contact.canon_value(Field::Phones).map(Value::items).unwrap_or_default();
    let since = document.dirty_since.unwrap_or(document.born);
    if let Some(conversation) = talks::with(caller, &phones, since).await? {
        return Ok(Some(Anchor::Conversation(conversation)));
    }
    let numbers = talks::numbers(caller).await?;
    let wanted = caller.connection.mapping.task_number.as_deref();
    let configured = numbers.iter().find(|number| wanted.is_some() && number.number.as_deref() == wanted);
    let number = configured.or_else(|| numbers.first());
    Ok(number.map(|number| Anchor::Number(number.id.clone(), NoteLine::about(contact))))
}

/// The request that makes the task. It is always an open one.
pub(crate) async fn create(caller: &Caller<'_>, anchor: &Anchor, writes: &Writes) -> Result<Prepared, Unfit> {
    let people = people(caller).await.map_err(Unfit::Trouble)?;
    let body = text(writes, Field::TaskBody).unwrap_or_default();
    let description = match anchor {
        Anchor::Conversation(_) => body.to_owned(),
        Anchor::Number(_, line) => line.behind(body),
    };
    let new = NewTask {
        title: text(writes, Field::TaskTitle).ok_or(Unfit::Lossy)?.to_owned(),
        description,
        due_at: text(writes, Field::TaskDue).and_then(|due| due.parse().ok()),
        assignee: text(writes, Field::TaskAssignee).map(|value| user(&people, value)).transpose()?,
    };
    Ok(Prepared::Make(match anchor {
        Anchor::Conversation(id) => task::create(&new, id),
        Anchor::Number(id, _) => task::create_v1(&new, &task::Anchor::Number(id.clone())),
    }))
}

/// The request that changes one aspect, or removes the task.
pub(crate) async fn update(
    caller: &Caller<'_>,
    (id, held, document): (&ContactId, Option<&Task>, &Document),
    writes: Option<&Writes>,
) -> Result<Prepared, Unfit> {
    let id = Id::new(id.as_str()).map_err(|_| Unfit::Lossy)?;
    let Some(writes) = writes else {
        return Ok(Prepared::OpenPhoneDelete(task::delete(Surface::Dated, &id)));
    };
    let action = action(caller, (held, document), writes).await?;
    Ok(Prepared::Change(task::act(Surface::Dated, &id, &action)))
}

async fn action(
    caller: &Caller<'_>,
    (held, document): (Option<&Task>, &Document),
    writes: &Writes,
) -> Result<Action, Unfit> {
    let field = writes.keys().next().copied().ok_or(Unfit::Lossy)?;
    Ok(match (field, text(writes, field)) {
        (Field::TaskStatus, Some(COMPLETED)) => Action::Complete,
        (Field::TaskStatus, _) => Action::Reopen,
        (Field::TaskDue, Some(due)) => Action::SetDue(due.parse().map_err(|_| Unfit::Lossy)?),
        (Field::TaskDue, None) => Action::RemoveDue,
        (Field::TaskAssignee, wanted) => {
            let people = people(caller).await.map_err(Unfit::Trouble)?;
            let there = document.shadow_value(Side::OpenPhone, field).and_then(Value::as_text);
            match (wanted, there) {
                (Some(value), _) => Action::Assign(user(&people, value)?),
                (None, Some(value)) => Action::Unassign(user(&people, value)?),
                (None, None) => return Err(Unfit::Lossy),
            }
        }
        _ => rewrite(held.ok_or(Unfit::Lossy)?, writes)?,
    })
}

/// Title and description, always both; the line that names the person stays.
fn rewrite(held: &Task, writes: &Writes) -> Result<Action, Unfit> {
    if writes.get(&Field::TaskTitle).is_some_and(|write| write.to.is_none()) {
        let why = "a task without a title has no place in OpenPhone";
        return Err(Unfit::NoPlace(BTreeSet::from([Field::TaskTitle]), why.to_owned()));
    }
    let (body, line) = NoteLine::split(held.description.as_deref().unwrap_or_default());
    let is_new = writes.contains_key(&Field::TaskBody);
    let body = if is_new { text(writes, Field::TaskBody).unwrap_or_default() } else { body };
    let title = text(writes, Field::TaskTitle).or(held.title.as_deref()).unwrap_or_default().to_owned();
    let description = line.map_or_else(|| body.to_owned(), |line| line.behind(body));
    Ok(Action::Rewrite { title, description })
}

fn user(people: &People, value: &str) -> Result<UserId, Unfit> {
    let id = people.id(Side::OpenPhone, value).and_then(|id| UserId::new(&id).ok());
    id.ok_or_else(|| {
        let why = "nobody in OpenPhone has the email address of whom the task is assigned to";
        Unfit::NoPlace(BTreeSet::from([Field::TaskAssignee]), why.to_owned())
    })
}
