//! GHL tells of no edit to a task (contract sheet, section 10.9). `OpenPhone` tells of everything, but nobody hears of what was
//! told while we could not be reached for more than a day.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tandem_contact::Side;
use tandem_providers::{ghl, openphone};
use tandem_records::{Fingerprints, Turn, changed};

use super::{Failure, News, publish};
use crate::call::Caller;
use crate::task::{open_in_openphone, open_tasks, print_in_ghl, print_in_openphone};

/// Events first: a crash between the two tells the same again, under the same ids.
pub(super) async fn tell(caller: &Caller<'_>, side: Side, turn: &Turn) -> Result<(), Failure> {
    let (seen, connection) = (caller.deps.records.seen_tasks(side), &caller.connection.id);
    let before = seen.seen(connection).await?;
    let (now, contacts) = match side {
        Side::Ghl => in_ghl(caller).await?,
        Side::OpenPhone => (in_openphone(caller).await?, BTreeMap::new()),
    };
    let changed = changed(&before, &now);
    for id in &changed {
        let contact = contacts.get(id).cloned().unwrap_or_default();
        let (name, body) = told(side, id, &contact);
        publish(caller, News { side, name, id: id.clone(), contact, body }, turn).await?;
    }
    if !changed.is_empty() {
        seen.note(connection, (&before, &now)).await?;
    }
    tracing::debug!(connection.id = %connection, count = changed.len(), "{} of {} open tasks in {side} are others than before",
        changed.len(), now.len());
    Ok(())
}

fn told(side: Side, id: &str, contact: &str) -> (&'static str, Json) {
    match side {
        Side::Ghl => {
            let name = ghl::webhook::TASK_SEEN;
            let contact = (!contact.is_empty()).then_some(contact);
            (name, json!({ "type": name, "id": id, "contactId": contact }))
        }
        Side::OpenPhone => {
            let name = openphone::webhook::TASK_SEEN;
            (name, json!({ "type": name, "data": { "resource": { "id": id } } }))
        }
    }
}

/// What they are, and whose.
async fn in_ghl(caller: &Caller<'_>) -> Result<(Fingerprints, BTreeMap<String, String>), Failure> {
    let tasks = open_tasks(caller).await.map_err(Failure::Provider)?;
    let contact = |(id, task): (&String, &ghl::task::Task)| Some((id.clone(), task.contact.as_ref()?.to_string()));
    let contacts = tasks.iter().filter_map(contact).collect();
    Ok((tasks.iter().map(|(id, task)| (id.clone(), print_in_ghl(task))).collect(), contacts))
}

async fn in_openphone(caller: &Caller<'_>) -> Result<Fingerprints, Failure> {
    let tasks = open_in_openphone(caller).await.map_err(Failure::Provider)?;
    Ok(tasks.iter().map(|task| (task.id.to_string(), print_in_openphone(task))).collect())
}
