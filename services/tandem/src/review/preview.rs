//! What would be done about one contact if something were heard of it now: played over a copy, and nothing is written.

use serde::{Deserialize, Serialize};
use tandem_contact::{Field, Side, Value};
use tandem_reconcile::Document;

use super::{RecordShown, Refusal, Room};

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previewed {
    /// What would be written.
    pub written: Vec<WrittenField>,
    /// The record as it would be then; its history is what would happen.
    pub record: RecordShown,
}

/// A field that would be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenField {
    /// Where.
    pub side: Side,
    /// Which.
    pub field: Field,
    /// What is there, as far as we knew.
    pub before: Option<Value>,
    /// What would be.
    pub after: Option<Value>,
}

impl Room<'_> {
    pub(super) async fn preview(&self, contact: &str, side: Option<Side>) -> Result<Previewed, Refusal> {
        let side = match side {
            Some(side) => side,
            None => self.side_of(contact).await?,
        };
        let before = self.document_of(side, contact).await?;
        let played = self.stage.play_one(self.connection, (side, contact)).await;
        let copy = played.map_err(|error| Refusal::Unplayable(format!("{error:#}")))?;
        let room = Room { records: &copy.records, queue: &copy.queue, stage: self.stage.clone(), ..*self };
        let record = room.show(contact).await?;
        let after = room.document_of(side, contact).await?.ok_or_else(|| Refusal::Nobody(contact.to_owned()))?;
        Ok(Previewed { written: written(before.as_ref(), &after, &record), record })
    }

    /// Where it is known, else where ids look like it (contact sheets: 24 hexadecimal digits or `CT...` in `OpenPhone`).
    async fn side_of(&self, contact: &str) -> Result<Side, Refusal> {
        for side in Side::BOTH {
            if self.records.linked(self.connection, side, contact).await?.is_some() {
                return Ok(side);
            }
        }
        let is_hex = contact.len() == 24 && contact.bytes().all(|byte| byte.is_ascii_hexdigit());
        Ok(if is_hex || contact.starts_with("CT") { Side::OpenPhone } else { Side::Ghl })
    }

    async fn document_of(&self, side: Side, contact: &str) -> Result<Option<Document>, Refusal> {
        let Some(record) = self.records.linked(self.connection, side, contact).await? else { return Ok(None) };
        Ok(self.records.last_of(self.connection, record).await?.map(|loaded| loaded.document))
    }
}

/// The fields that the played writes were about.
fn written(before: Option<&Document>, after: &Document, record: &RecordShown) -> Vec<WrittenField> {
    let mut all = Vec::new();
    for side in Side::BOTH {
        let is_write = |outcome: &str| matches!(outcome, "created" | "updated");
        let lines = record.timeline.iter().filter(|line| line.side == Some(side) && is_write(&line.outcome));
        let names: Vec<&String> = lines.flat_map(|line| &line.fields).collect();
        let fields = after.shadow[side].keys().filter(|field| names.iter().any(|name| *name == field.name()));
        all.extend(fields.map(|field| WrittenField {
            side,
            field: *field,
            before: before.and_then(|before| before.shadow_value(side, *field)).cloned(),
            after: after.shadow_value(side, *field).cloned(),
        }));
    }
    all
}
