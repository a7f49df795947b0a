//! Reading notes, and writing them: a GHL note may be several records', and is changed by one of them at a time.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{Field, Side, Value, part};
use tandem_proto::RecordId;
use tandem_providers::ghl::note::PartId;
use tandem_providers::openphone::Id;
use tandem_providers::{Class, ContactId};
use tandem_reconcile::{Document, Found, IntentKind, Kind, Writes, hint, returned};
use tandem_records::{Doing, Error, Loaded};

use super::thing::{Ground, LOOK, place};
use super::{Flow, Settlement, Unfit, Worker, contact_id, spread};
use crate::call::{MAX_WAIT, Trouble};
use crate::note::{self, Prepared};

/// Clocks that differ, and a slow store.
const MARGIN: Duration = Duration::from_secs(10);

impl Worker<'_> {
    pub(super) async fn read_note(&mut self, loaded: Loaded, side: Side) -> Result<Flow, Error> {
        // An edit of a part comes before the news that the part has moved.
        let is_first = side == Side::OpenPhone || !is_of_several(&loaded.document) || self.run.fresh[Side::OpenPhone];
        let side = if is_first { side } else { Side::OpenPhone };
        let Some(contact) = place(&loaded.document, side) else {
            return self.leave(loaded, "nobody names a contact for this note").await;
        };
        let name = loaded.document.provider_id(side).unwrap_or_default();
        let answer = match side {
            Side::Ghl => match PartId::parse(name) {
                Some(part) => note::read_ghl(&self.caller, &contact, (&part, replaced(&loaded.document))).await,
                None => return self.unusable_id(loaded, side).await,
            },
            Side::OpenPhone => match Id::new(name) {
                Ok(id) => note::read_openphone(&self.caller, &contact, &id).await.map(Some),
                Err(_) => return self.unusable_id(loaded, side).await,
            },
        };
        match answer {
            Ok(Some(found)) => self.found_note(loaded, side, found).await,
            Ok(None) => self.after_no_find(loaded, side).await,
            Err(Trouble::Refused(error)) if error.class() == Class::NotFound => {
                self.no_note(loaded, side, &contact).await
            }
            Err(trouble) => self.after_read(loaded, side, Err(trouble)).await,
        }
    }

    /// The note is gone, or its person with everything that was theirs.
    async fn no_note(&mut self, mut loaded: Loaded, side: Side, contact: &ContactId) -> Result<Flow, Error> {
        match note::is_person_there(&self.caller, side, contact).await {
            Ok(true) => self.after_no_find(loaded, side).await,
            Ok(false) => {
                loaded.document.hint[side] = false;
                loaded.document.delete_seen[side] = false;
                self.leave(loaded, "the person was deleted: their notes stay as they are").await
            }
            Err(trouble) => self.failed(loaded, side, trouble).await,
        }
    }

    /// A part is there again once the text is long enough; what became of it over there went with the one before.
    async fn found_note(&mut self, mut loaded: Loaded, side: Side, found: Found) -> Result<Flow, Error> {
        if side == Side::Ghl {
            returned(&mut loaded.document, side);
        }
        self.after_read(loaded, side, Ok(found)).await
    }

    /// Parts are made one after the other, so that they stand in their order.
    pub(super) async fn is_next_part(&self, document: &Document) -> Result<bool, Error> {
        let part = document.provider_id(Side::Ghl).and_then(PartId::parse).filter(|part| part.number > 1);
        let Some(part) = part else { return Ok(true) };
        let before = part.with_number(part.number - 1).to_string();
        let kind = (Kind::Note, Side::Ghl);
        let linked = self.caller.deps.records.linked_thing(&document.connection, kind, &before).await?;
        let Some(record) = linked else { return Ok(true) };
        let before = self.caller.deps.records.last_of(&document.connection, record).await?;
        Ok(before.is_none_or(|Loaded { document: before, .. }| {
            before.link[Side::OpenPhone].is_some() || before.parked.is_some() || before.dirty_since.is_none()
        }))
    }

    /// Two records that change one text at once would undo each other's changes.
    pub(super) async fn write_in_turn(
        &mut self,
        loaded: Loaded,
        (kind, writes): (IntentKind, Writes),
    ) -> Result<Flow, Error> {
        let Some(part) = loaded.document.provider_id(Side::Ghl).and_then(PartId::parse) else {
            return self.unusable_id(loaded, Side::Ghl).await;
        };
        let timing = self.rules.timing[Side::Ghl];
        // Two waits for a slot, a read, and a write that starts as late as it may and is carried out as late as it can be.
        let hold = MAX_WAIT * 2 + timing.timeout + timing.send_window + timing.late_write() + MARGIN;
        let (turns, connection) = (self.caller.deps.records.turns(), loaded.document.connection.clone());
        let doing = Doing::WriteNote(part.note.as_str());
        let Some(turn) = turns.take(&connection, doing, (Timestamp::now(), hold, Duration::ZERO)).await? else {
            return Ok(Flow::Stop(Settlement::Nak(spread(LOOK / 4))));
        };
        let record = loaded.document.id.clone();
        let flow = Box::pin(self.write_part(loaded, &part, (kind, writes))).await;
        let is_cut = kind == IntentKind::Delete && !matches!(flow, Ok(Flow::Again));
        match self.may_still_come(&record, is_cut).await? {
            Some(until) => turns.keep(turn, until).await?,
            None => turns.end(turn).await?,
        }
        flow
    }

    /// Until when a write of unknown outcome may be carried out: another one before that would be undone by it.
    async fn may_still_come(&self, record: &RecordId, is_cut: bool) -> Result<Option<Timestamp>, Error> {
        let (now, side) = (Timestamp::now(), Side::Ghl);
        let loaded = self.caller.deps.records.load(&self.caller.connection.id, record).await?;
        let Some(Loaded { document, .. }) = loaded else { return Ok(None) };
        let is_open = is_cut && document.hint[side] && document.gone[side].is_none();
        let cut = is_open.then(|| now + self.rules.timing[side].late_write());
        let open = document.unsettled[side].iter().map(|write| write.expires).filter(|expires| *expires > now);
        Ok(open.chain(cut).max())
    }

    /// The whole text is read first, and written back with another part in it. Where the part is not to be found, what it has
    /// become is read first.
    async fn write_part(
        &mut self,
        loaded: Loaded,
        part: &PartId,
        (kind, writes): (IntentKind, Writes),
    ) -> Result<Flow, Error> {
        let side = Side::Ghl;
        let Some(contact) = place(&loaded.document, side) else { return self.unusable_id(loaded, side).await };
        let text = match note::text(&self.caller, &contact, &part.note).await {
            Ok(text) => text,
            Err(Trouble::Refused(error)) if error.class() == Class::NotFound => return self.look_again(loaded).await,
            Err(trouble) => return self.failed(loaded, side, trouble).await,
        };
        let Some(range) = part::find(&text, part.number, known(&loaded.document)) else {
            return self.look_again(loaded).await;
        };
        Box::pin(self.write_on(loaded, side, (kind, writes), Some(&Ground::Text(text, range)))).await
    }

    async fn look_again(&self, loaded: Loaded) -> Result<Flow, Error> {
        let Loaded { mut document, revision } = loaded;
        hint(&mut document, Side::Ghl);
        self.save(&document, revision).await?;
        Ok(Flow::Again)
    }

    pub(super) fn prepare_note(
        &self,
        document: &Document,
        side: Side,
        (kind, writes): (IntentKind, &Writes),
        ground: Option<&Ground>,
    ) -> Result<Prepared, Unfit> {
        if let Some(Ground::Contact(contact)) = ground {
            return note::create(&self.caller, side, contact, writes);
        }
        let contact = place(document, side).ok_or(Unfit::Lossy)?;
        let id = contact_id(document, side).ok_or(Unfit::Lossy)?;
        let changes = (kind != IntentKind::Delete).then_some(writes);
        match (side, ground) {
            (Side::Ghl, Some(Ground::Text(text, range))) => {
                let part = PartId::parse(id.as_str()).ok_or(Unfit::Lossy)?;
                note::change_ghl(&self.caller, (&contact, &part), (text, range), changes)
            }
            (Side::OpenPhone, _) => note::change_openphone(&contact, &id, changes),
            (Side::Ghl, _) => Err(Unfit::Lossy),
        }
    }
}

/// What the note, or the part of it, was last known to be in GHL.
fn known(document: &Document) -> &str {
    document.shadow_value(Side::Ghl, Field::NoteText).and_then(Value::as_text).unwrap_or_default()
}

/// That, where `OpenPhone` has something else that is to be put in its place.
fn replaced(document: &Document) -> Option<&str> {
    let is_changed = document.canon_value(Field::NoteText) != document.agreed[Side::Ghl].get(&Field::NoteText);
    let is_deleted = document.gone[Side::OpenPhone].is_some() && document.gone[Side::Ghl].is_none();
    (is_changed || is_deleted).then(|| known(document))
}

/// Whether the text has other parts too, and this one is in `OpenPhone`.
fn is_of_several(document: &Document) -> bool {
    let is_there = document.link[Side::OpenPhone].is_some() && document.gone[Side::OpenPhone].is_none();
    is_there && part::without_marks(known(document)) != known(document)
}
