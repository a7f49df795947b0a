//! Tasks in GHL: under their contact, changed by one request (contract sheet, sections 4.12 to 4.15).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tandem_contact::{Field, Observed, Side, Value};
use tandem_providers::ContactId;
use tandem_providers::ghl::Id;
use tandem_providers::ghl::task::{self, Change, NewTask, Task};
use tandem_reconcile::{COMPLETED, Found, IntentKind, Writes};

use super::{Prepared, due_value, status_value, text};
use crate::call::{Caller, Trouble};
use crate::ghl::settings;
use crate::people::{People, people};
use crate::run::Unfit;

/// `GET /contacts/{id}/tasks/{taskId}`.
pub(crate) async fn read(caller: &Caller<'_>, contact: &ContactId, id: &Id) -> Result<Found, Trouble> {
    let people = people(caller).await?;
    let request = task::get(contact, id, &caller.connection.ghl.version);
    let task = caller.read(Side::Ghl, request, task::task).await?;
    Ok(found(&task, &people))
}

pub(crate) fn found(task: &Task, people: &People) -> Found {
    let observed = Observed::from([
        (Field::TaskTitle, task.title.as_deref().and_then(Value::text)),
        (Field::TaskBody, task.body.as_deref().and_then(Value::text)),
        (Field::TaskDue, task.due_at.and_then(due_value)),
        (Field::TaskAssignee, task.assignee.as_ref().and_then(|id| people.value(Side::Ghl, id.as_str()))),
        (Field::TaskStatus, status_value(task.is_completed)),
    ]);
    Found { id: task.id.as_str().to_owned(), observed, at: None }
}

/// The request that makes, changes or removes the task.
pub(crate) async fn prepare(
    caller: &Caller<'_>,
    (contact, id): (&ContactId, Option<&Id>),
    (kind, writes): (IntentKind, &Writes),
) -> Result<Prepared, Unfit> {
    let version = &caller.connection.ghl.version;
    if kind == IntentKind::Delete {
        let id = id.ok_or(Unfit::Lossy)?;
        return Ok(Prepared::GhlDelete(task::delete(contact, id, version)));
    }
    let people = people(caller).await.map_err(Unfit::Trouble)?;
    let change = change(writes, &people)?;
    let request = match (kind, id) {
        (IntentKind::Update, Some(id)) => task::update(contact, id, &change, version),
        _ => task::create(contact, &new(caller, change).await?, version),
    };
    Ok(Prepared::Ghl(request, people))
}

/// What the fields are to become. What can't be taken away there is left as it is, and reported.
fn change(writes: &Writes, people: &Arc<People>) -> Result<Change, Unfit> {
    let empties = |field: &Field| writes.get(field).is_some_and(|write| write.to.is_none());
    let stay: BTreeSet<Field> =
        [Field::TaskTitle, Field::TaskDue, Field::TaskAssignee].into_iter().filter(empties).collect();
    if !stay.is_empty() {
        let why = "GoHighLevel offers no way to take title, due date or assignee away from a task";
        return Err(Unfit::NoPlace(stay, why.to_owned()));
    }
    let assignee = text(writes, Field::TaskAssignee);
    let user = assignee.and_then(|value| people.id(Side::Ghl, value)).and_then(|id| Id::new(&id).ok());
    if assignee.is_some() && user.is_none() {
        let why = "nobody in GoHighLevel has the email address of whom the task is assigned to";
        return Err(Unfit::NoPlace(BTreeSet::from([Field::TaskAssignee]), why.to_owned()));
    }
    Ok(Change {
        title: text(writes, Field::TaskTitle).map(str::to_owned),
        body: writes
            .contains_key(&Field::TaskBody)
            .then(|| text(writes, Field::TaskBody).unwrap_or_default().to_owned()),
        assignee: user,
        due_at: text(writes, Field::TaskDue).and_then(|due| due.parse().ok()),
        is_completed: text(writes, Field::TaskStatus).map(|status| status == COMPLETED),
    })
}

/// GHL knows no task without a due date (contract sheet, section 10.9): where there is none, the end of the next day.
async fn new(caller: &Caller<'_>, change: Change) -> Result<NewTask, Unfit> {
    let Change { title, body, assignee, due_at, is_completed } = change;
    let due_at = if let Some(due_at) = due_at {
        due_at
    } else {
        let zone = settings(caller).await.map_err(Unfit::Trouble)?.timezone;
        end_of_next_day(Timestamp::now(), zone.as_deref())
    };
    let title = title.ok_or(Unfit::Lossy)?;
    Ok(NewTask { title, body, assignee, due_at, is_completed: is_completed.unwrap_or_default() })
}

/// In the location's time zone, else in UTC.
fn end_of_next_day(now: Timestamp, zone: Option<&str>) -> Timestamp {
    let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let end = now.to_zoned_datetime(zone).tomorrow().and_then(|tomorrow| tomorrow.end_of_day());
    let seconds = end.map_or(now.as_second(), |end| end.timestamp().as_second());
    Timestamp::from_second(seconds).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_without_a_time_is_due_at_the_end_of_the_next_day_where_the_location_is() {
        let now = "2026-11-27T23:30:00Z".parse().unwrap();
        assert_eq!(end_of_next_day(now, None).to_string(), "2026-11-28T23:59:59Z");
        assert_eq!(end_of_next_day(now, Some("Nowhere/Else")).to_string(), "2026-11-28T23:59:59Z");
    }
}
