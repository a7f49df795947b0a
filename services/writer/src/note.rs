//! The requests about notes. `OpenPhone` takes short texts, so a long GHL note is several notes there, each with a record of its
//! own: of the text it has one part, with the marks that lead from part to part.

mod find;
mod ghl;
mod openphone;

use std::time::Instant;

use tandem_contact::{Field, Observed, Side, Value, mention};
use tandem_providers::{Class, ContactId, Request, ghl as ghl_api, openphone as openphone_api};
use tandem_reconcile::{Found, Writes};

use crate::call::{Caller, Pass, Trouble};
use crate::run::Unfit;

pub(crate) use find::probe;
pub(crate) use ghl::{change as change_ghl, read as read_ghl, text};
pub(crate) use openphone::{change as change_openphone, prints, read as read_openphone};

/// A write, ready to be sent.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// GHL answers with the note, of which this part was meant.
    Ghl(Request, usize),
    /// And here too, but the part is gone.
    GhlCut(Request),
    /// And here with nothing.
    GhlDelete(Request),
    /// `OpenPhone` answers with the note.
    OpenPhone(Request),
    /// And here with nothing.
    OpenPhoneDelete(Request),
}

impl Prepared {
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::Ghl(request, _)
            | Self::GhlCut(request)
            | Self::GhlDelete(request)
            | Self::OpenPhone(request)
            | Self::OpenPhoneDelete(request) => request.operation.template,
        }
    }
}

/// The request that puts a new note on the contact.
pub(crate) fn create(caller: &Caller<'_>, side: Side, contact: &ContactId, writes: &Writes) -> Result<Prepared, Unfit> {
    let text = wanted(writes).ok_or(Unfit::Lossy)?;
    match side {
        Side::Ghl => Ok(ghl::create(caller, contact, text)),
        Side::OpenPhone => openphone::create(contact, text),
    }
}

/// Sends a write with a pass in hand. Nothing is found where the answer shows no note.
pub(crate) async fn send(
    caller: &Caller<'_>,
    prepared: Prepared,
    pass: Pass,
    send_by: Instant,
) -> Result<Option<Found>, Trouble> {
    let with = (pass, Some(send_by));
    match prepared {
        Prepared::Ghl(request, number) => {
            let note = caller.send(Side::Ghl, request, with, ghl_api::note::note).await?;
            Ok(Some(ghl::written(&note, number)))
        }
        Prepared::GhlCut(request) => caller.send(Side::Ghl, request, with, ghl_api::note::note).await.map(|_| None),
        Prepared::GhlDelete(request) => {
            caller.send(Side::Ghl, request, with, ghl_api::response::done).await.map(|()| None)
        }
        Prepared::OpenPhone(request) => {
            let note = caller.send(Side::OpenPhone, request, with, openphone_api::note::note).await?;
            Ok(Some(openphone::found(&note)))
        }
        Prepared::OpenPhoneDelete(request) => {
            caller.send(Side::OpenPhone, request, with, openphone_api::response::deleted).await.map(|()| None)
        }
    }
}

/// Whether the side still has the contact: nothing in the answer about a note tells which of the two is gone.
pub(crate) async fn is_person_there(caller: &Caller<'_>, side: Side, contact: &ContactId) -> Result<bool, Trouble> {
    let listed = match side {
        Side::Ghl => ghl::list(caller, contact).await.map(drop),
        Side::OpenPhone => openphone::list(caller, contact).await.map(drop),
    };
    match listed {
        Ok(()) => Ok(true),
        Err(Trouble::Refused(error)) if error.class() == Class::NotFound => Ok(false),
        Err(trouble) => Err(trouble),
    }
}

fn observed(text: &str) -> Observed {
    Observed::from([(Field::NoteText, value(text))])
}

/// What a text means, wherever it was read.
fn value(text: &str) -> Option<Value> {
    Value::text(&mention::mended(text))
}

/// The text that the note is to have; none where it is emptied.
fn wanted(writes: &Writes) -> Option<&str> {
    writes.get(&Field::NoteText)?.to.as_ref()?.as_text()
}
