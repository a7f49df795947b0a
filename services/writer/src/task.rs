//! The requests about tasks, and what tasks mean in canonical fields.

mod find;
mod ghl;
mod note_line;
mod openphone;

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tandem_contact::{Side, Value};
use tandem_providers::{ApiError, Request, Response, ghl as ghl_api, openphone as openphone_api};
use tandem_reconcile::{COMPLETED, Found, OPEN, Writes};

use crate::call::{Caller, Pass, Trouble};
use crate::people::People;
use crate::thing::bare;

pub(crate) use find::{OpenTasks, all_in_openphone, forget, open_tasks, probe, whose};
pub(crate) use ghl::{found as found_in_ghl, prepare as prepare_ghl, read as read_ghl};
pub(crate) use note_line::NoteLine;
pub(crate) use openphone::{
    Anchor, anchor, create as create_openphone, found as found_in_openphone, read as read_openphone,
    update as update_openphone,
};

/// A write, ready to be sent.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// GHL answers with the task.
    Ghl(Request, Arc<People>),
    /// And here with nothing.
    GhlDelete(Request),
    /// `OpenPhone` answers with the new task's id.
    Make(Request),
    /// And here with an id and a revision.
    Change(Request),
    /// And here with nothing.
    OpenPhoneDelete(Request),
}

impl Prepared {
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::Ghl(request, _)
            | Self::GhlDelete(request)
            | Self::Make(request)
            | Self::Change(request)
            | Self::OpenPhoneDelete(request) => request.operation.template,
        }
    }
}

/// Sends a write with a pass in hand. Nothing is found where the answer shows no task.
pub(crate) async fn send(
    caller: &Caller<'_>,
    prepared: Prepared,
    pass: Pass,
    send_by: Instant,
) -> Result<Option<Found>, Trouble> {
    use openphone_api::task::{changed, made};
    let with = (pass, Some(send_by));
    let id = |read: fn(&Response) -> Result<openphone_api::task::Changed, ApiError>| {
        move |response: &Response| Ok(bare(read(response)?.id.as_str()))
    };
    match prepared {
        Prepared::Ghl(request, people) => {
            let task = caller.send(Side::Ghl, request, with, ghl_api::task::task).await?;
            Ok(Some(ghl::found(&task, &people)))
        }
        Prepared::GhlDelete(request) => {
            caller.send(Side::Ghl, request, with, ghl_api::response::done).await.map(|()| None)
        }
        Prepared::Make(request) => caller.send(Side::OpenPhone, request, with, id(made)).await.map(Some),
        Prepared::Change(request) => caller.send(Side::OpenPhone, request, with, id(changed)).await.map(Some),
        Prepared::OpenPhoneDelete(request) => {
            let deleted = openphone_api::response::deleted;
            caller.send(Side::OpenPhone, request, with, deleted).await.map(|()| None)
        }
    }
}

/// To the second: neither side is more exact in what it shows.
fn due_value(at: Timestamp) -> Option<Value> {
    Value::text(&Timestamp::from_second(at.as_second()).ok()?.to_string())
}

fn status_value(is_completed: bool) -> Option<Value> {
    Value::text(if is_completed { COMPLETED } else { OPEN })
}

/// The text that a field is to hold; nothing where it is not written, or emptied.
fn text(writes: &Writes, field: tandem_contact::Field) -> Option<&str> {
    writes.get(&field)?.to.as_ref()?.as_text()
}
