//! What a thing's record needs beside what a contact's does: its person, its place there, and a create at a time.

mod maker;
mod person;

use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{Field, Side, Value};
use tandem_providers::ContactId;
use tandem_reconcile::{COMPLETED, Document, Found, Kind, about_to_make, at_rest};
use tandem_records::{Error, Loaded};
use tandem_telemetry::chain;

use super::{Flow, Settlement, Worker, contact_id, spread};
use crate::Failure;
use crate::call::Trouble;
use crate::journal::{self, Line};
use crate::task::{self, Anchor};
use crate::thing;

/// So long something that is not known yet may just be on its way.
const YOUNG: Duration = Duration::from_secs(30);
/// Between two looks for it.
pub(super) const LOOK: Duration = Duration::from_secs(2);
/// Between two looks for a counterpart that keeps being worked on.
const LONGEST_LOOK: Duration = Duration::from_mins(5);

/// What a request about a thing stands on, beside what the document knows.
pub(super) enum Ground {
    /// It is made on this contact.
    Contact(ContactId),
    /// A task that is made in `OpenPhone` on this.
    Anchor(Anchor),
    /// This part of this whole text is changed.
    Text(String, Range<usize>),
}

/// A create may go on, or the run ends or turns.
pub(super) enum Ready {
    Go(Box<Loaded>, Ground),
    Not(Flow),
}

/// Why a create can't go on.
pub(super) enum Hindrance {
    /// What is missing may come.
    Later(Duration),
    /// It won't.
    Never(&'static str),
    /// Somebody else does it.
    Settled(Flow),
    /// A look-up failed, in `OpenPhone`.
    Provider(Trouble),
    Store(Error),
}

impl From<Error> for Hindrance {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for Hindrance {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Provider(trouble) => Self::Provider(trouble),
            Failure::Store(error) => Self::Store(error),
        }
    }
}

impl Worker<'_> {
    /// Everything that must be known before the thing is made over there.
    pub(super) async fn ready(&mut self, loaded: Loaded, side: Side) -> Result<Ready, Error> {
        let Loaded { mut document, mut revision } = loaded;
        if about_to_make(&mut document, Timestamp::now()) {
            revision = self.save(&document, revision).await?;
        }
        match self.ground(&mut document, revision, side).await {
            Ok(ground) => {
                document.place[side] = ground.place();
                Ok(Ready::Go(Box::new(Loaded { document, revision }), ground))
            }
            Err(Hindrance::Later(wait)) => Ok(Ready::Not(Flow::Stop(Settlement::Nak(spread(wait))))),
            Err(Hindrance::Never(why)) => self.leave(Loaded { document, revision }, why).await.map(Ready::Not),
            Err(Hindrance::Settled(flow)) => Ok(Ready::Not(flow)),
            Err(Hindrance::Provider(trouble)) => {
                self.failed(Loaded { document, revision }, Side::OpenPhone, trouble).await.map(Ready::Not)
            }
            Err(Hindrance::Store(error)) => Err(error),
        }
    }

    async fn ground(&self, document: &mut Document, revision: u64, side: Side) -> Result<Ground, Hindrance> {
        let contact = self.person(document).await?;
        document.parent = Some(contact.id.clone());
        let counterpart = counterpart(&contact, side, document)?;
        // Before the turn is taken: two parts may say the same, and the one before may wait for it.
        if document.kind == Kind::Note && side == Side::OpenPhone && !self.is_next_part(document).await? {
            return Err(Hindrance::Later(patience(document)));
        }
        if let Some(flow) = self.give_way(document, revision, side).await? {
            return Err(Hindrance::Settled(flow));
        }
        if document.kind == Kind::Task && side == Side::OpenPhone {
            let anchor = task::anchor(&self.caller, document, &contact).await?;
            return anchor.map(Ground::Anchor).ok_or(Hindrance::Never("the workspace has no phone number"));
        }
        Ok(Ground::Contact(counterpart))
    }

    /// What the record knows of its thing is no news for the next reading of all of them. Only once that is stored: an observation
    /// that was given up would be told of by nobody. None where it is gone.
    pub(super) async fn learn(&self, document: &Document, side: Side, found: Option<&Found>) {
        let (records, connection) = (&self.caller.deps.records, &document.connection);
        let Some(id) = document.provider_id(side) else { return };
        // An answer that shows no more than that it is there.
        if found.is_some_and(|found| found.observed.is_empty()) {
            return;
        }
        let status = found.and_then(|found| found.observed.get(&Field::TaskStatus)?.as_ref().and_then(Value::as_text));
        let print = found.map(thing::print);
        let learned = match (document.kind, side, document.place[side].as_deref()) {
            // A done one is not among those that are read there; being opened again it must be news.
            (Kind::Task, Side::Ghl, _) if status == Some(COMPLETED) => {
                records.seen_tasks(side).learn(connection, id, None).await
            }
            (Kind::Task, _, _) => records.seen_tasks(side).learn(connection, id, print.as_deref()).await,
            (Kind::Note, Side::OpenPhone, Some(contact)) => {
                records.notes().learn(connection, contact, (id, print)).await
            }
            (Kind::Note | Kind::Contact, _, _) => Ok(()),
        };
        if let Err(error) = learned {
            tracing::warn!(record.id = %document.id, error = %chain(&error),
                "what a {} is could not be stored: it is read once more, or what happens to it soon goes unnoticed",
                document.kind.name());
        }
    }

    /// Something is going on with a contact that we write to in `OpenPhone`: no event tells of notes on it, so they are read for a while.
    pub(super) async fn expect_notes(&self, side: Side, contact: Option<&str>) {
        let reads_notes =
            self.caller.connection.rules_of(Kind::Note).is_some_and(|rules| rules.writes_anything_to(Side::Ghl));
        let (Side::OpenPhone, Some(contact), true) = (side, contact, reads_notes) else { return };
        let (notes, connection) = (self.caller.deps.records.notes(), &self.caller.connection.id);
        if let Err(error) = notes.touch(connection, contact, Timestamp::now()).await {
            tracing::warn!(record.id = %self.record, error = %chain(&error),
                "whose notes are to be read could not be stored: those on this contact are read once something else goes on with it");
        }
    }

    /// Nothing is done about it, and a person can read why.
    pub(super) async fn leave(&self, loaded: Loaded, why: &'static str) -> Result<Flow, Error> {
        let Loaded { mut document, revision } = loaded;
        at_rest(&mut document);
        let revision = self.save(&document, revision).await?;
        self.caller.deps.metrics.skipped(document.kind.name());
        let line = Line { outcome: "skipped", reason: why.to_owned(), ..Line::default() };
        journal::write(&self.caller, &document, revision, line).await;
        Ok(Flow::Stop(Settlement::Ack))
    }
}

impl Ground {
    /// What of it is kept in the document.
    fn place(&self) -> Option<String> {
        match self {
            Self::Contact(contact) => Some(contact.to_string()),
            Self::Anchor(Anchor::Conversation(id)) => Some(id.to_string()),
            Self::Anchor(Anchor::Number(..)) | Self::Text(..) => None,
        }
    }
}

/// The person's contact over there.
fn counterpart(contact: &Document, side: Side, document: &Document) -> Result<ContactId, Hindrance> {
    if is_gone(contact) {
        return Err(Hindrance::Never("the person was deleted"));
    }
    match contact_id(contact, side) {
        Some(id) => Ok(id),
        None if contact.parked.is_some() => {
            Err(Hindrance::Never("the person's record waits for somebody to look at it"))
        }
        None if contact.dirty_since.is_some() => Err(Hindrance::Later(patience(document))),
        None => Err(Hindrance::Never("the person has no counterpart on the other side")),
    }
}

fn is_gone(contact: &Document) -> bool {
    Side::BOTH.iter().any(|side| contact.gone[*side].is_some())
}

/// The longer it has taken the longer it may take.
fn patience(document: &Document) -> Duration {
    let waited = Duration::try_from(Timestamp::now() - since(document)).unwrap_or_default();
    (waited / 4).clamp(LOOK / 4, LONGEST_LOOK)
}

pub(super) fn since(document: &Document) -> Timestamp {
    document.dirty_since.unwrap_or(document.born)
}

pub(super) fn is_young(document: &Document) -> bool {
    Timestamp::now() < since(document) + YOUNG
}

/// The contact that a thing is kept under on that side.
pub(super) fn place(document: &Document, side: Side) -> Option<ContactId> {
    document.place[side].as_deref().and_then(|id| ContactId::new(id).ok())
}
