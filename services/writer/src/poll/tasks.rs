//! GHL tells of no edit to a task (contract sheet, section 10.9).

use std::collections::BTreeMap;

use serde_json::json;
use tandem_contact::Side;
use tandem_providers::ghl::task::Task;
use tandem_providers::ghl::webhook::TASK_SEEN;
use tandem_records::{Turn, changed, fingerprint};

use super::{Failure, News, publish};
use crate::call::Caller;
use crate::task::open_tasks;

/// Events first: a crash between the two tells the same again, under the same ids.
pub(super) async fn tell(caller: &Caller<'_>, turn: &Turn) -> Result<(), Failure> {
    let (seen, connection) = (caller.deps.records.seen_tasks(), &caller.connection.id);
    let before = seen.seen(connection).await?;
    let tasks = open_tasks(caller).await.map_err(Failure::Provider)?;
    let now: BTreeMap<String, String> = tasks.iter().map(|(id, task)| (id.clone(), print(task))).collect();
    let changed = changed(&before, &now);
    for id in &changed {
        let contact = tasks.get(id).and_then(|task| task.contact.as_ref()).map(ToString::to_string);
        let body = json!({ "type": TASK_SEEN, "id": id, "contactId": contact });
        let contact = contact.unwrap_or_default();
        let news = News { side: Side::Ghl, name: TASK_SEEN, id: id.clone(), contact, body };
        publish(caller, news, turn).await?;
    }
    if !changed.is_empty() {
        seen.note(connection, (&before, &now)).await?;
    }
    tracing::debug!(connection.id = %connection, count = changed.len(), "{} of {} open tasks are others than before",
        changed.len(), tasks.len());
    Ok(())
}

fn print(task: &Task) -> String {
    let due = task.due_at.map(|at| at.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let assignee = task.assignee.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default();
    let contact = task.contact.as_ref().map(ToString::to_string).unwrap_or_default();
    fingerprint(&[&text(&task.title), &text(&task.body), &due, &assignee, &contact])
}
