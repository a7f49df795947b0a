//! Who makes a thing: one record at a time.

use jiff::Timestamp;
use tandem_contact::{Field, Side, Value};
use tandem_proto::RecordId;
use tandem_reconcile::{Document, Kind, hint, is_making, merged_into};
use tandem_records::{Error, Loaded};

use super::LOOK;
use crate::command;
use crate::journal::{self, Line};
use crate::run::{Flow, Settlement, Worker, spread};
use crate::thing::alike;

impl Worker<'_> {
    /// A provider has no place for an id of ours in a task or note. So those of one person and text are made one at a time:
    /// whoever finds one there that was just made waits until its maker knows, and then leaves it to it.
    pub(super) async fn give_way(
        &self,
        document: &mut Document,
        revision: u64,
        side: Side,
    ) -> Result<Option<Flow>, Error> {
        if let Some(flow) = self.take_turn(document, revision, side).await? {
            return Ok(Some(flow));
        }
        // Looked at when it is our turn: whoever had it before has noted by now what came of it.
        let (records, there) = (&self.caller.deps.records, side.other());
        let known = document.provider_id(there).unwrap_or_default();
        let linked = records.linked_thing(&document.connection, (document.kind, there), known).await?;
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

    /// Another record has made the thing that this one is named after.
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
        let reason = format!("it is the {} that record {other} has made", document.kind.name());
        merged_into(document, other);
        let revision = self.save(document, revision).await?;
        let line = Line { outcome: "linked", reason, ..Line::default() };
        journal::write(&self.caller, document, revision, line).await;
        Ok(Flow::Again)
    }
}

/// What creates of one kind take turns by.
fn making(document: &Document) -> String {
    let field = if document.kind == Kind::Note { Field::NoteText } else { Field::TaskTitle };
    let text = document.canon_value(field).and_then(Value::as_text).unwrap_or_default();
    let person = document.parent.as_ref().map(RecordId::as_str).unwrap_or_default();
    format!("{}:{person}:{}", document.kind.name(), alike(text))
}
