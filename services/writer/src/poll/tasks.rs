//! GHL tells of no edit to a task (contract sheet, section 10.9). `OpenPhone` tells of everything, but nobody hears of what was
//! told while we could not be reached for more than a day.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tandem_contact::Side;
use tandem_providers::openphone::task::Status;
use tandem_providers::{ghl, openphone};
use tandem_records::{Fingerprints, Turn, changed};

use super::{Failure, News, publish};
use crate::call::Caller;
use crate::people::people;
use crate::task::{all_in_openphone, found_in_ghl, found_in_openphone, open_tasks};
use crate::thing::print;

/// What a reading shows.
#[derive(Default)]
struct Shown {
    prints: Fingerprints,
    /// Whose they are, where the list says so.
    contacts: BTreeMap<String, String>,
    /// Done, and of no interest to whoever has never heard of them.
    done: BTreeSet<String>,
}

/// Events first: a crash between the two tells the same again, under the same ids.
pub(super) async fn tell(caller: &Caller<'_>, side: Side, turn: &Turn) -> Result<(), Failure> {
    let (seen, connection) = (caller.deps.records.seen_tasks(side), &caller.connection.id);
    let before = seen.seen(connection).await?;
    let now = match side {
        Side::Ghl => in_ghl(caller).await?,
        Side::OpenPhone => in_openphone(caller).await?,
    };
    let changed = changed(&before, &now.prints);
    for id in changed.iter().filter(|id| before.contains_key(*id) || !now.done.contains(*id)) {
        let contact = now.contacts.get(id).cloned().unwrap_or_default();
        let (name, body) = told(side, id, &contact);
        publish(caller, News { side, name, id: id.clone(), contact, body }, turn).await?;
    }
    if !changed.is_empty() {
        seen.note(connection, (&before, &now.prints)).await?;
    }
    tracing::debug!(connection.id = %connection, count = changed.len(), "{} of {} tasks in {side} are others than before",
        changed.len(), now.prints.len());
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

/// The open ones: a search can leave out the others.
async fn in_ghl(caller: &Caller<'_>) -> Result<Shown, Failure> {
    let tasks = open_tasks(caller).await.map_err(Failure::Provider)?;
    let people = people(caller).await.map_err(Failure::Provider)?;
    let contact = |(id, task): (&String, &ghl::task::Task)| Some((id.clone(), task.contact.as_ref()?.to_string()));
    let contacts = tasks.iter().filter_map(contact).collect();
    let prints = tasks.iter().map(|(id, task)| (id.clone(), print(&found_in_ghl(task, &people)))).collect();
    Ok(Shown { prints, contacts, ..Shown::default() })
}

async fn in_openphone(caller: &Caller<'_>) -> Result<Shown, Failure> {
    let tasks = all_in_openphone(caller).await.map_err(Failure::Provider)?;
    let people = people(caller).await.map_err(Failure::Provider)?;
    let is_done = |task: &&openphone::task::Task| task.status == Some(Status::Completed);
    let done = tasks.iter().filter(is_done).map(|task| task.id.to_string()).collect();
    let prints = tasks.iter().map(|task| (task.id.to_string(), print(&found_in_openphone(task, &people)))).collect();
    Ok(Shown { prints, done, ..Shown::default() })
}
