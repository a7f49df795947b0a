//! What a task's record needs beside what a contact's does: its person, its place, and a create at a time.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{Field, Side, Value};
use tandem_proto::RecordId;
use tandem_providers::openphone::Id;
use tandem_providers::{Class, ContactId, ghl as ghl_api};
use tandem_reconcile::{Document, IntentKind, at_rest, hint, merged_into};
use tandem_records::{Error, Loaded};

use super::{Flow, Settlement, Worker, contact_id, spread};
use crate::call::Trouble;
use crate::journal::{self, Line};
use crate::talks::Talker;
use crate::task::{self, Anchor};
use crate::{Failure, command, talks};

/// So long something that is not known yet may just be on its way.
const YOUNG: Duration = Duration::from_secs(30);
/// Between two looks for it.
const LOOK: Duration = Duration::from_secs(2);
/// Between two looks for a counterpart that keeps being worked on.
const LONGEST_LOOK: Duration = Duration::from_mins(5);
/// Whoever has had the turn for longer and made nothing will not.
const LONGEST_TURN: Duration = Duration::from_mins(5);
/// Records that went on as another one, one after the other.
const MOST_MERGES: usize = 8;

/// Where a task is to be made.
pub(super) enum Home {
    /// Under this GHL contact.
    Ghl(ContactId),
    /// In `OpenPhone`, on this.
    OpenPhone(Anchor),
}

/// A create may go on, or the run ends or turns.
pub(super) enum Ready {
    Go(Box<Loaded>, Home),
    Not(Flow),
}

/// What is known of something that a task needs.
enum Known<T> {
    Here(T),
    Later(Duration),
    Never(&'static str),
}

impl Worker<'_> {
    pub(super) async fn read_task(&mut self, mut loaded: Loaded, side: Side) -> Result<Flow, Error> {
        let Some(id) = contact_id(&loaded.document, side) else { return self.unusable_id(loaded, side).await };
        if side == Side::Ghl {
            return self.read_in_ghl(loaded, &id).await;
        }
        let Ok(id) = Id::new(id.as_str()) else { return self.unusable_id(loaded, side).await };
        let answer = match task::read_openphone(&self.caller, &id).await {
            Ok((found, task)) => {
                loaded.document.place[side] = task.conversation.as_ref().map(Id::to_string);
                self.held.task = Some(task);
                Ok(found)
            }
            Err(trouble) => Err(trouble),
        };
        self.after_read(loaded, side, answer).await
    }

    /// GHL's tasks are found under their contact only, which an event may leave out and a merge of contacts may change.
    async fn read_in_ghl(&mut self, mut loaded: Loaded, id: &ContactId) -> Result<Flow, Error> {
        let side = Side::Ghl;
        let Ok(task) = ghl_api::Id::new(id.as_str()) else { return self.unusable_id(loaded, side).await };
        if let Some(contact) = place_in_ghl(&loaded.document) {
            let answer = task::read_ghl(&self.caller, &contact, &task).await;
            let is_missing = matches!(&answer, Err(Trouble::Refused(error)) if error.class() == Class::NotFound);
            if !is_missing || loaded.document.delete_seen[side] {
                return self.after_read(loaded, side, answer).await;
            }
            let elsewhere = match task::whose(&self.caller, task.as_str(), Timestamp::now()).await {
                Ok(elsewhere) => elsewhere.filter(|other| *other != contact),
                Err(trouble) => return self.failed(loaded, side, trouble).await,
            };
            if elsewhere.is_none() {
                return self.after_read(loaded, side, answer).await;
            }
            loaded.document.place[side] = elsewhere.map(|contact| contact.to_string());
        } else {
            match task::whose(&self.caller, task.as_str(), since(&loaded.document)).await {
                Ok(Some(contact)) => loaded.document.place[side] = Some(contact.to_string()),
                Ok(None) if is_young(&loaded.document) => {
                    task::forget(self.caller.connection).await;
                    return Ok(Flow::Stop(Settlement::Nak(spread(LOOK))));
                }
                Ok(None) => return self.leave(loaded, "GoHighLevel names no contact for this task").await,
                Err(trouble) => return self.failed(loaded, side, trouble).await,
            }
        }
        let Some(contact) = place_in_ghl(&loaded.document) else { return self.unusable_id(loaded, side).await };
        let answer = task::read_ghl(&self.caller, &contact, &task).await;
        self.after_read(loaded, side, answer).await
    }

    /// Everything that must be known before the task is made over there.
    pub(super) async fn ready(&mut self, loaded: Loaded, side: Side) -> Result<Ready, Error> {
        let (mut document, revision) = (loaded.document, loaded.revision);
        let contact = match self.person(&document).await {
            Ok(Known::Here(contact)) => contact,
            Ok(Known::Later(wait)) => return Ok(Ready::Not(Flow::Stop(Settlement::Nak(spread(wait))))),
            Ok(Known::Never(why)) => return self.stays_home(Loaded { document, revision }, why).await,
            Err(Failure::Store(error)) => return Err(error),
            Err(Failure::Provider(trouble)) => {
                let failed = self.failed(Loaded { document, revision }, side.other(), trouble).await?;
                return Ok(Ready::Not(failed));
            }
        };
        document.parent = Some(contact.id.clone());
        let counterpart = match counterpart(&contact, side, &document) {
            Known::Here(counterpart) => counterpart,
            Known::Later(wait) => return Ok(Ready::Not(Flow::Stop(Settlement::Nak(spread(wait))))),
            Known::Never(why) => return self.stays_home(Loaded { document, revision }, why).await,
        };
        if let Some(flow) = self.give_way(&mut document, revision, side).await? {
            return Ok(Ready::Not(flow));
        }
        let home = match side {
            Side::Ghl => Some(Home::Ghl(counterpart)),
            Side::OpenPhone => match task::anchor(&self.caller, &document, &contact).await {
                Ok(anchor) => anchor.map(Home::OpenPhone),
                Err(Failure::Store(error)) => return Err(error),
                Err(Failure::Provider(trouble)) => {
                    return Ok(Ready::Not(self.failed(Loaded { document, revision }, side, trouble).await?));
                }
            },
        };
        let Some(home) = home else {
            return self.stays_home(Loaded { document, revision }, "the workspace has no phone number").await;
        };
        document.place[side] = home.place();
        Ok(Ready::Go(Box::new(Loaded { document, revision }), home))
    }

    async fn stays_home(&self, loaded: Loaded, why: &'static str) -> Result<Ready, Error> {
        self.leave(loaded, why).await.map(Ready::Not)
    }

    /// Nothing is done about it, and a person can read why.
    async fn leave(&self, loaded: Loaded, why: &'static str) -> Result<Flow, Error> {
        let Loaded { mut document, revision } = loaded;
        at_rest(&mut document);
        let revision = self.save(&document, revision).await?;
        self.caller.deps.metrics.skipped("task");
        let line = Line { outcome: "skipped", reason: why.to_owned(), ..Line::default() };
        journal::write(&self.caller, &document, revision, line).await;
        Ok(Flow::Stop(Settlement::Ack))
    }

    /// Whom the task is about.
    async fn person(&self, document: &Document) -> Result<Known<Document>, Failure> {
        let record = match &document.parent {
            Some(record) => Some(record.clone()),
            None if document.link[Side::Ghl].is_some() => self.by_ghl_contact(document).await?,
            None => match self.by_conversation(document).await? {
                Known::Here(record) => record,
                Known::Later(wait) => return Ok(Known::Later(wait)),
                Known::Never(why) => return Ok(Known::Never(why)),
            },
        };
        let contact = match record {
            Some(record) => self.last_of(document, record).await?,
            None => None,
        };
        Ok(match contact {
            Some(contact) => Known::Here(contact),
            None if is_young(document) => Known::Later(LOOK),
            None => Known::Never("the task is about somebody whom nobody has told us of"),
        })
    }

    async fn by_ghl_contact(&self, document: &Document) -> Result<Option<RecordId>, Error> {
        let Some(contact) = &document.place[Side::Ghl] else { return Ok(None) };
        self.caller.deps.records.linked(&document.connection, Side::Ghl, contact).await
    }

    /// A conversation has participants; whoever has that number is meant. One of several people is nobody's.
    async fn by_conversation(&self, document: &Document) -> Result<Known<Option<RecordId>>, Failure> {
        let place = document.place[Side::OpenPhone].as_deref().and_then(|id| Id::new(id).ok());
        let Some(conversation) = place else {
            return Ok(Known::Never("the task hangs on no conversation, so nobody can say whom it is about"));
        };
        match talks::whose(&self.caller, &conversation, since(document)).await? {
            Talker::Person(number) => {
                let holder = self.caller.deps.records.holder(&document.connection, &format!("phone:{number}")).await?;
                Ok(Known::Here(holder))
            }
            Talker::Nobody => Ok(Known::Never("the task hangs on a group conversation, which is nobody's")),
            Talker::Unknown if is_young(document) => Ok(Known::Later(LOOK)),
            Talker::Unknown => Ok(Known::Never("OpenPhone lists no such conversation")),
        }
    }

    /// The record that goes on with this one's contacts, if it was merged.
    async fn last_of(&self, document: &Document, mut record: RecordId) -> Result<Option<Document>, Error> {
        for _ in 0..MOST_MERGES {
            let Some(loaded) = self.caller.deps.records.load(&document.connection, &record).await? else {
                return Ok(None);
            };
            match loaded.document.merged_into.clone() {
                Some(next) => record = next,
                None => return Ok(Some(loaded.document)),
            }
        }
        Ok(None)
    }

    /// A provider has no place for an id of ours in a task. So tasks of one person and title are made one at a time: whoever
    /// finds one there that was just made waits until its maker knows, and then leaves it to it.
    async fn give_way(&self, document: &mut Document, revision: u64, side: Side) -> Result<Option<Flow>, Error> {
        if let Some(flow) = self.take_turn(document, revision, side).await? {
            return Ok(Some(flow));
        }
        // Looked at when it is our turn: whoever had it before has noted by now what came of it.
        let there = side.other();
        let known = document.provider_id(there).unwrap_or_default();
        let linked = self.caller.deps.records.linked_task(&document.connection, there, known).await?;
        match linked.filter(|other| *other != document.id) {
            Some(other) => self.leave_to_maker(document, revision, other).await.map(Some),
            None => Ok(None),
        }
    }

    async fn take_turn(&self, document: &mut Document, revision: u64, side: Side) -> Result<Option<Flow>, Error> {
        let (records, there) = (&self.caller.deps.records, side.other());
        let key = making(document);
        let Some(holder) = records.claim(document, &key).await? else { return Ok(None) };
        if let Some(held) = records.load(&document.connection, &holder).await? {
            let is_same = document.provider_id(there).is_some_and(|id| held.document.provider_id(there) == Some(id));
            if is_same && held.document.merged_into.is_none() {
                return self.leave_to_maker(document, revision, holder).await.map(Some);
            }
            if is_making(&held.document, Timestamp::now()) {
                return Ok(Some(Flow::Stop(Settlement::Nak(spread(LOOK / 4)))));
            }
        }
        records.release(&document.connection, &holder, &key).await?;
        let is_ours = records.claim(document, &key).await?.is_none();
        Ok((!is_ours).then_some(Flow::Stop(Settlement::Nak(spread(LOOK / 4)))))
    }

    /// Another record has made the task that this one is named after.
    async fn leave_to_maker(&self, document: &mut Document, revision: u64, other: RecordId) -> Result<Flow, Error> {
        let records = &self.caller.deps.records;
        if let Some(Loaded { document: mut maker, revision }) = records.load(&document.connection, &other).await? {
            let is_shared = |side: &Side| {
                let id = document.provider_id(*side);
                id.is_some() && id == maker.provider_id(*side)
            };
            let shared: Vec<Side> = Side::BOTH.into_iter().filter(is_shared).collect();
            for side in shared {
                records.link(&maker, side, document.provider_id(side).unwrap_or_default()).await?;
                hint(&mut maker, side);
            }
            let revision = self.save(&maker, revision).await?;
            if command::publish(&self.caller, &maker, revision).await.is_err() {
                return Ok(Flow::Stop(Settlement::Nak(LOOK)));
            }
        }
        let reason = format!("it is the task that record {other} has made");
        merged_into(document, other);
        let revision = self.save(document, revision).await?;
        let line = Line { outcome: "linked", reason, ..Line::default() };
        journal::write(&self.caller, document, revision, line).await;
        Ok(Flow::Again)
    }
}

impl Home {
    /// What of it is kept in the document.
    fn place(&self) -> Option<String> {
        match self {
            Self::Ghl(contact) => Some(contact.to_string()),
            Self::OpenPhone(Anchor::Conversation(id)) => Some(id.to_string()),
            Self::OpenPhone(Anchor::Number(..)) => None,
        }
    }
}

/// The person's contact over there.
fn counterpart(contact: &Document, side: Side, document: &Document) -> Known<ContactId> {
    if Side::BOTH.iter().any(|side| contact.gone[*side].is_some()) {
        return Known::Never("the person was deleted");
    }
    match contact_id(contact, side) {
        Some(id) => Known::Here(id),
        None if contact.parked.is_some() => Known::Never("the person's record waits for somebody to look at it"),
        None if contact.dirty_since.is_some() => Known::Later(patience(document)),
        None => Known::Never("the person has no counterpart on the other side"),
    }
}

/// The longer it has taken the longer it may take.
fn patience(document: &Document) -> Duration {
    let waited = Duration::try_from(Timestamp::now() - since(document)).unwrap_or_default();
    (waited / 4).clamp(LOOK / 4, LONGEST_LOOK)
}

/// A create is under way, or about to be: between taking the turn and noting the create nothing shows.
fn is_making(holder: &Document, now: Timestamp) -> bool {
    let creates = |side: Side| holder.intent[side].as_ref().is_some_and(|intent| intent.kind == IntentKind::Create);
    let is_whole = Side::BOTH.iter().all(|side| holder.link[*side].is_some());
    let is_over = is_whole || holder.merged_into.is_some() || holder.parked.is_some();
    let is_at_work = holder.dirty_since.is_some_and(|since| now < since + LONGEST_TURN);
    Side::BOTH.into_iter().any(creates) || (!is_over && is_at_work)
}

fn since(document: &Document) -> Timestamp {
    document.dirty_since.unwrap_or(document.born)
}

fn is_young(document: &Document) -> bool {
    Timestamp::now() < since(document) + YOUNG
}

pub(super) fn place_in_ghl(document: &Document) -> Option<ContactId> {
    document.place[Side::Ghl].as_deref().and_then(|id| ContactId::new(id).ok())
}

/// What creates of one kind take turns by.
fn making(document: &Document) -> String {
    let title = document.canon_value(Field::TaskTitle).and_then(Value::as_text).unwrap_or_default();
    let person = document.parent.as_ref().map(RecordId::as_str).unwrap_or_default();
    format!("task:{person}:{}", task::alike(title))
}
