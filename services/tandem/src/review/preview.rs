//! What would be done about one contact if something were heard of it now: played over a copy, and nothing is written.

use serde::{Deserialize, Serialize};
use tandem_catalog::Action;
use tandem_contact::{Field, Side, Value};
use tandem_mapping::firing::Planned;
use tandem_mapping::{Known, Seen};
use tandem_reconcile::Document;
use utoipa::ToSchema;

use super::{RecordShown, Refusal, Room};
use crate::api::shapes::{FieldValue, SideName};
use crate::assemble;
use crate::rehearsal::Stage;

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Previewed {
    /// What would be written.
    pub written: Vec<WrittenField>,
    /// The record as it would be then; its history is what would happen.
    pub record: RecordShown,
    /// The rules that a change of this contact may start.
    pub rules: Vec<RulePreviewed>,
}

/// A rule, as it would be for this contact if it were started now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RulePreviewed {
    /// Its name.
    pub rule: String,
    /// What starts it.
    pub when: String,
    /// What it would do, in order; nothing where its condition doesn't hold.
    pub does: Vec<String>,
    /// Why it could not be carried out.
    pub problem: Option<String>,
}

/// A mapping that doesn't hold yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    /// The whole mapping.
    pub text: String,
    /// Where it comes from, for messages.
    pub origin: String,
}

/// A field that would be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WrittenField {
    /// Where.
    #[schema(value_type = SideName)]
    pub side: Side,
    /// Which.
    #[schema(value_type = String)]
    pub field: Field,
    /// What is there, as far as we knew.
    #[schema(value_type = Option<FieldValue>)]
    pub before: Option<Value>,
    /// What would be.
    #[schema(value_type = Option<FieldValue>)]
    pub after: Option<Value>,
}

impl Room<'_> {
    /// By the mapping that holds, or by one that might.
    pub(super) async fn preview(
        &self,
        (contact, side): (&str, Option<Side>),
        by: Option<&Draft>,
    ) -> Result<Previewed, Refusal> {
        let Some(Draft { text, origin }) = by else { return self.previewed(contact, side).await };
        let mapping = self.check(text, origin)?;
        let mut config = self.stage.config.clone();
        let drafted = config.connections.iter_mut().find(|connection| connection.id == *self.connection);
        let Some(drafted) = drafted else { return self.previewed(contact, side).await };
        drafted.mapping = mapping;
        let drafted = drafted.clone();
        let (rules, task_rules, note_rules) = assemble::rules_by_kind(&config, &drafted);
        let room = Room {
            rules: &rules,
            task_rules: task_rules.as_ref(),
            note_rules: note_rules.as_ref(),
            mapping: &drafted.mapping,
            stage: Stage { config: &config, ..self.stage.clone() },
            ..*self
        };
        room.previewed(contact, side).await
    }

    async fn previewed(&self, contact: &str, side: Option<Side>) -> Result<Previewed, Refusal> {
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
        let rules = self.rules_for(&after);
        Ok(Previewed { written: written(before.as_ref(), &after, &record), record, rules })
    }

    /// What an event tells nobody knows before it comes.
    fn rules_for(&self, document: &Document) -> Vec<RulePreviewed> {
        let fields = self.mapping.names();
        let seen = Seen::new(&fields, |field| document.canon_value(field).cloned());
        let location = self.stage.config.connections.iter().find(|connection| connection.id == *self.connection);
        let known = |action: &Action| Known {
            contact: document.provider_id(action.side).map(str::to_owned),
            location: location.map(|connection| connection.ghl.location_id.clone()).unwrap_or_default(),
            ..Known::default()
        };
        let changes = self.mapping.rules.iter().filter(|rule| rule.when.event().is_none());
        let previewed = changes.map(|rule| {
            let (does, problem) = match rule.plan(&seen, known) {
                Ok(planned) => (planned.iter().flatten().map(Planned::words).collect(), None),
                Err(problem) => (Vec::new(), Some(problem)),
            };
            RulePreviewed { rule: rule.name.clone(), when: rule.when.spelled(), does, problem }
        });
        previewed.collect()
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
