//! Finding tasks: whose one is, and the one that a create of unknown outcome may have made.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tandem_contact::{Field, Side, Value};
use tandem_providers::ghl::task as ghl_task;
use tandem_providers::ghl::{Id, task::FULL_PAGE};
use tandem_providers::openphone::Surface;
use tandem_providers::openphone::task::{self as openphone_task, Status};
use tandem_providers::{Class, ContactId};
use tandem_reconcile::{Document, Found, OPEN};

use crate::call::{Caller, Trouble};
use crate::people::people;
use crate::thing::{SKEW, alike, unclaimed};
use crate::{Connection, Failure};

use super::{ghl, openphone};

/// Pages of tasks that are read.
const MOST_PAGES: usize = 200;

/// The open tasks of a location as last read: whose each is, and what it is.
pub(crate) type OpenTasks = BTreeMap<String, ghl_task::Task>;

/// The contact of an open GHL task; all of them are read, unless that has begun since then.
pub(crate) async fn whose(caller: &Caller<'_>, task: &str, since: Timestamp) -> Result<Option<ContactId>, Trouble> {
    let mut held = caller.connection.open_tasks.lock().await;
    let known = held.as_ref().filter(|(begun_at, _)| *begun_at > since).map(|(_, tasks)| Arc::clone(tasks));
    let tasks = if let Some(tasks) = known {
        tasks
    } else {
        let begun_at = Timestamp::now();
        let tasks = Arc::new(open_tasks(caller).await?);
        *held = Some((begun_at, Arc::clone(&tasks)));
        tasks
    };
    Ok(tasks.get(task).and_then(|task| task.contact.clone()))
}

/// What was read doesn't hold any more.
pub(crate) async fn forget(connection: &Connection) {
    *connection.open_tasks.lock().await = None;
}

/// All open tasks of the location. What changes between two pages may be missing: the next reading has it.
pub(crate) async fn open_tasks(caller: &Caller<'_>) -> Result<OpenTasks, Trouble> {
    let side = &caller.connection.ghl;
    let Ok(location) = Id::new(&side.view.location_id) else { return Ok(OpenTasks::new()) };
    let search = ghl_task::Search { is_completed: Some(false), ..ghl_task::Search::default() };
    let mut all = OpenTasks::new();
    for page in 0..MOST_PAGES {
        let request = search.page(&location, page * FULL_PAGE, &side.version);
        let tasks = caller.read(Side::Ghl, request, ghl_task::tasks).await?;
        let count = tasks.items.len() + tasks.unreadable;
        all.extend(tasks.items.into_iter().map(|task| (task.id.as_str().to_owned(), task)));
        if count < FULL_PAGE {
            return Ok(all);
        }
    }
    tracing::warn!(connection.id = %caller.connection.id, count = all.len(), "there are more open tasks than are looked at");
    Ok(all)
}

/// The tasks that a create of unknown outcome may have made: of the same title and text, and no other record's.
pub(crate) async fn probe(caller: &Caller<'_>, document: &Document, side: Side) -> Result<Vec<Found>, Failure> {
    let candidates = match side {
        Side::Ghl => in_ghl(caller, document).await?,
        Side::OpenPhone => in_openphone(caller, document).await?,
    };
    let alike = candidates.into_iter().filter(|found| is_what_was_sent(document, side, found));
    unclaimed(caller, document, side, alike).await
}

async fn in_ghl(caller: &Caller<'_>, document: &Document) -> Result<Vec<Found>, Trouble> {
    let place = document.place[Side::Ghl].as_deref().and_then(|id| ContactId::new(id).ok());
    let Some(contact) = place else { return Ok(Vec::new()) };
    let people = people(caller).await?;
    let request = ghl_task::list(&contact, &caller.connection.ghl.version);
    match caller.read(Side::Ghl, request, ghl_task::tasks).await {
        Ok(tasks) => Ok(tasks.items.iter().map(|task| ghl::found(task, &people)).collect()),
        Err(Trouble::Refused(error)) if error.class() == Class::NotFound => Ok(Vec::new()),
        Err(trouble) => Err(trouble),
    }
}

async fn in_openphone(caller: &Caller<'_>, document: &Document) -> Result<Vec<Found>, Trouble> {
    let people = people(caller).await?;
    let place = document.place[Side::OpenPhone].as_deref();
    let sent_at = document.intent[Side::OpenPhone].as_ref().map(|intent| intent.sent_at);
    let is_it = |task: &&openphone_task::Task| {
        let is_young = task.created_at.zip(sent_at).is_none_or(|(made, sent)| made + SKEW > sent);
        let conversation = task.conversation.as_ref().map(tandem_providers::openphone::Id::as_str);
        is_young && conversation == place
    };
    let all = all_in_openphone(caller).await?;
    Ok(all.iter().filter(is_it).map(|task| openphone::found(task, &people)).collect())
}

/// All tasks of the workspace, done ones too.
pub(crate) async fn all_in_openphone(caller: &Caller<'_>) -> Result<Vec<openphone_task::Task>, Trouble> {
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let request = openphone_task::list(Surface::Dated, after.as_deref());
        let page = caller.read(Side::OpenPhone, request, openphone_task::page).await?;
        all.extend(page.items.into_iter().filter(|task| task.status != Some(Status::Deleted)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(all)
}

fn is_what_was_sent(document: &Document, side: Side, found: &Found) -> bool {
    let Some(intent) = &document.intent[side] else { return false };
    let is_open =
        found.observed.get(&Field::TaskStatus).and_then(Option::as_ref).and_then(Value::as_text) == Some(OPEN);
    let text = |value: Option<&Value>| value.and_then(Value::as_text).unwrap_or_default().to_owned();
    is_open
        && [Field::TaskTitle, Field::TaskBody].iter().all(|field| {
            let sent = intent.sent.get(field).and_then(Option::as_ref);
            let there = found.observed.get(field).and_then(Option::as_ref);
            alike(&text(sent)) == alike(&text(there))
        })
}
