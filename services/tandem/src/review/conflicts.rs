//! Fields that both sides changed: what was kept, what was lost, and what waits for a person.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::{Field, PerSide, Side, Value};
use tandem_proto::{Envelope, Payload, RecordId, Stream, v1};
use tandem_reconcile::{Document, Held, decide};
use tandem_records::Loaded;
use tandem_store::Expected;
use utoipa::ToSchema;

use super::{Person, Refusal, Room};
use crate::api::shapes::{BothValues, FieldValue, SideName};

/// Messages looked at at once.
const PAGE: usize = 500;
/// Others may change a record meanwhile.
const MOST_TRIES: usize = 10;

/// A field that both sides changed: the last time that happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConflictItem {
    /// Whose.
    pub person: Person,
    /// Which.
    #[schema(value_type = String)]
    pub field: Field,
    /// What each side had.
    #[schema(value_type = BothValues)]
    pub values: PerSide<Option<Value>>,
    /// Whose value was kept; none where the field waits for a person.
    #[schema(value_type = Option<SideName>)]
    pub winner: Option<Side>,
    /// Why.
    pub reason: String,
    /// When; none for what has waited since before this was noted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// A field that a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settled {
    /// Whose.
    #[schema(value_type = String)]
    pub record: RecordId,
    /// Which.
    #[schema(value_type = String)]
    pub field: Field,
    /// What it holds from now on.
    #[schema(value_type = Option<FieldValue>)]
    pub value: Option<Value>,
}

/// What a past conflict left behind.
struct Past {
    values: PerSide<Option<Value>>,
    winner: Side,
    reason: String,
    at: Option<Timestamp>,
}

type Pasts = BTreeMap<(RecordId, Field), Past>;

impl Room<'_> {
    /// Those that wait first, then the newest.
    pub(super) async fn conflicts(&self) -> Result<Vec<ConflictItem>, Refusal> {
        let mut items = Vec::new();
        let collect = |document: Document| items.extend(held(&document));
        self.records.each(self.connection, collect).await?;
        let waiting: Vec<(RecordId, Field)> =
            items.iter().map(|item: &ConflictItem| (item.person.record.clone(), item.field)).collect();
        for ((record, field), past) in self.past().await? {
            if waiting.contains(&(record.clone(), field)) {
                continue;
            }
            // A record that is gone has nothing to be decided about.
            let Some(loaded) = self.records.load(self.connection, &record).await? else { continue };
            items.push(ConflictItem {
                person: Person::of(&loaded.document),
                field,
                values: past.values,
                winner: Some(past.winner),
                reason: past.reason,
                at: past.at,
            });
        }
        items.sort_by_key(|item| (item.winner.is_some(), std::cmp::Reverse(item.at)));
        Ok(items)
    }

    /// The last conflict of each field.
    async fn past(&self) -> Result<Pasts, Refusal> {
        let (mut after, mut pasts) = (0, Pasts::new());
        loop {
            let page = self.queue.browse(Stream::Conflicts, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(pasts) };
            after = last.sequence;
            let envelopes = page.iter().filter_map(|message| Envelope::decode(&message.body).ok());
            let ours = envelopes.filter(|envelope| envelope.header.connection == *self.connection);
            pasts.extend(ours.filter_map(|envelope| read(&envelope)));
        }
    }

    /// The field holds what that side had, on both sides.
    pub(super) async fn settle(&self, record: &RecordId, field: Field, side: Side) -> Result<Settled, Refusal> {
        for _ in 0..MOST_TRIES {
            let Loaded { mut document, revision } = self.load(record).await?;
            let value = if document.held.contains_key(&field) {
                document.shadow_value(side, field).cloned()
            } else {
                let mut pasts = self.past().await?;
                let past = pasts.remove(&(record.clone(), field));
                let past = past.ok_or_else(|| Refusal::NoConflict(record.clone(), field.name()))?;
                past.values[side].clone()
            };
            decide(&mut document, field, value.clone(), (side, Some(self.now)));
            document.dirty_since.get_or_insert(self.now);
            match self.records.save(&document, Expected::Revision(revision)).await {
                Ok(revision) => {
                    self.send_on(&document, revision).await?;
                    let reason = format!("a person decided for what {side} had");
                    let line = ("decided", reason, vec![field.name().to_owned()]);
                    self.note(&document, revision, line).await?;
                    return Ok(Settled { record: record.clone(), field, value });
                }
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::Contended)
    }
}

/// The record's fields that wait.
fn held(document: &Document) -> Vec<ConflictItem> {
    let item = |(field, held): (&Field, &Held)| {
        let value = |side| document.shadow_value(side, *field).cloned();
        let reason = match held {
            Held::Conflict => "both sides changed it, and the mapping leaves the choice to a person",
            Held::Oscillation => "the sides kept changing it back and forth: one of them rewrites what it is given",
        };
        ConflictItem {
            person: Person::of(document),
            field: *field,
            values: PerSide { ghl: value(Side::Ghl), openphone: value(Side::OpenPhone) },
            winner: None,
            reason: reason.to_owned(),
            at: None,
        }
    };
    document.held.iter().map(item).collect()
}

fn read(envelope: &Envelope) -> Option<((RecordId, Field), Past)> {
    let Payload::Conflict(conflict) = &envelope.payload else { return None };
    let winner = match conflict.winner() {
        v1::Side::Ghl => Side::Ghl,
        v1::Side::Openphone => Side::OpenPhone,
        v1::Side::Unspecified => return None,
    };
    let (kept, lost) = (serde_json::from_slice(&conflict.kept).ok()?, serde_json::from_slice(&conflict.lost).ok()?);
    let mut values = PerSide::default();
    values[winner] = kept;
    values[winner.other()] = lost;
    let key = (RecordId::new(conflict.record_id.clone()).ok()?, Field::from_name(&conflict.field)?);
    let at = Timestamp::from_millisecond(envelope.header.time_ms).ok();
    Some((key, Past { values, winner, reason: conflict.reason.clone(), at }))
}
