//! One record: where it stands and why, field by field, and what happened to it.

mod explain;
mod show;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::{Field, PerSide, Side, Value, email, phone};
use tandem_proto::topology::record_subject;
use tandem_proto::{Envelope, Payload, RecordId, Stream, v1};
use tandem_queue::Stored;
use tandem_reconcile::{Cause, Document, Kind, Rules};
use tandem_records::Loaded;
use tandem_telemetry::TraceContext;
use utoipa::ToSchema;

use super::{Person, Refusal, Room};
use crate::api::shapes::{BothKnown, BothValues, RecordKind, SideName};

pub(super) use show::text;

/// Lines of its history that are shown.
const MOST_LINES: usize = 1_000;
/// Dead letters that are looked through for the record's.
const MOST_DEAD: usize = 1_000;

/// A record, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordShown {
    /// Who or what it is about.
    pub person: Person,
    /// What it describes.
    #[schema(value_type = RecordKind)]
    pub kind: Kind,
    /// Of a task or note: the record of whom it is about.
    #[schema(value_type = Option<String>)]
    pub parent: Option<RecordId>,
    /// When it was first heard of.
    #[schema(value_type = String, format = DateTime)]
    pub born: Timestamp,
    /// Nothing is left to do.
    pub is_in_step: bool,
    /// Where it stands, and why, in sentences.
    pub stands: Vec<String>,
    /// Field by field.
    pub fields: Vec<FieldShown>,
    /// The events that led to the last work on it.
    pub heard: Vec<Heard>,
    /// What happened, oldest first.
    pub timeline: Vec<Moment>,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldShown {
    /// Which.
    #[schema(value_type = String)]
    pub field: Field,
    /// What each side holds, as far as we know.
    #[schema(value_type = BothValues)]
    pub values: PerSide<Option<Value>>,
    /// Whether that is known of the side.
    #[schema(value_type = BothKnown)]
    pub is_known: PerSide<bool>,
    /// Where the agreed value comes from.
    #[schema(value_type = Option<SideName>)]
    pub from: Option<Side>,
    /// When it was changed there, where the provider says so.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// What becomes of it.
    pub state: String,
}

/// An event that a record was told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Heard {
    /// From whom, and what.
    pub event: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The trace that it began.
    pub trace_id: String,
}

/// A line of a record's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moment {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What: `created`, `updated`, `in_step`, `retry` and so on.
    pub outcome: String,
    /// Why, where that is not plain.
    pub reason: String,
    /// Where.
    #[schema(value_type = Option<SideName>)]
    pub side: Option<Side>,
    /// Names of the fields that it was about.
    pub fields: Vec<String>,
    /// Method and route; empty where nothing was sent.
    pub request: String,
    /// HTTP status; 0 where nothing came back.
    pub status: u32,
    /// The provider's own id of the request.
    pub provider_trace: String,
    /// The trace that it is in.
    pub trace_id: String,
    /// What had been heard.
    pub heard: Vec<Heard>,
}

impl Room<'_> {
    /// The record of that name: its own id, a provider's id of its contact, task or note, a phone number, or an email address.
    pub(super) async fn show(&self, name: &str) -> Result<RecordShown, Refusal> {
        let Some(record) = self.named(name.trim()).await? else { return Err(Refusal::Nobody(name.to_owned())) };
        let Loaded { mut document, .. } = self.load(&record).await?;
        let brake = self.records.brake(self.connection).await?;
        let (rules, problem) = self.decided(&mut document);
        let mut stands = explain::stands(&document, rules.as_ref(), (&brake, self.now));
        stands.extend(problem);
        if document.attempts > 0 && document.dirty_since.is_some() {
            stands.extend(self.set_aside(&record).await?);
        }
        Ok(RecordShown {
            person: Person::of(&document),
            kind: document.kind,
            parent: document.parent.clone(),
            born: document.born,
            is_in_step: stands.is_empty(),
            stands,
            fields: explain::fields(&document, rules.as_ref()),
            heard: document.causes.iter().map(heard).collect(),
            timeline: self.timeline(&record).await?,
        })
    }

    /// By which rules it is decided, and why that can't be told, if so.
    fn decided(&self, document: &mut Document) -> (Option<Rules>, Option<String>) {
        let Some(rules) = self.rules_of(document.kind) else { return (None, None) };
        match self.mapping.apply(rules, document) {
            Ok(rules) => (Some(rules), None),
            Err(failed) => (Some(rules.clone()), Some(format!("the mapping can't be applied to it: {failed}"))),
        }
    }

    fn rules_of(&self, kind: Kind) -> Option<&Rules> {
        match kind {
            Kind::Contact => Some(self.rules),
            Kind::Task => self.task_rules,
            Kind::Note => self.note_rules,
        }
    }

    async fn named(&self, name: &str) -> Result<Option<RecordId>, Refusal> {
        let (records, connection) = (self.records, self.connection);
        if let Ok(record) = RecordId::new(name)
            && records.load(connection, &record).await?.is_some()
        {
            return Ok(Some(record));
        }
        let kinds = [Kind::Contact, Kind::Task, Kind::Note];
        for place in Side::BOTH.into_iter().flat_map(|side| kinds.map(|kind| (kind, side))) {
            if let Some(record) = records.linked_thing(connection, place, name).await? {
                return Ok(Some(record));
            }
        }
        let number = phone::normal(name, &self.mapping.default_country).map(|number| format!("phone:{number}"));
        let address = email::normal(name).map(|address| format!("email:{address}"));
        for identity in number.into_iter().chain(address) {
            if let Some(record) = records.holder(connection, &identity).await? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Its command may have failed too often.
    async fn set_aside(&self, record: &RecordId) -> Result<Option<String>, Refusal> {
        let letters = self.queue.browse(Stream::Dead, 0, MOST_DEAD).await?;
        let is_its = |letter: &&Stored| {
            Envelope::decode(&letter.body).is_ok_and(|Envelope { header, .. }| {
                header.connection == *self.connection && header.subject == record.as_str()
            })
        };
        Ok(letters.iter().rfind(is_its).map(|letter| {
            let number = letter.sequence;
            format!("it failed too often and was set aside: see `tandem dead show {number}`, then `tandem dead redrive {number}`")
        }))
    }

    async fn timeline(&self, record: &RecordId) -> Result<Vec<Moment>, Refusal> {
        let subject = record_subject(Stream::Journal, self.connection, record);
        let lines = self.queue.history(&subject, MOST_LINES).await?;
        Ok(lines.iter().filter_map(|line| moment(&Envelope::decode(&line.body).ok()?)).collect())
    }
}

fn moment(envelope: &Envelope) -> Option<Moment> {
    let Payload::JournalEntry(entry) = &envelope.payload else { return None };
    let of_wire = |cause: &v1::Cause| Heard {
        event: cause.event.clone(),
        at: Timestamp::from_millisecond(cause.time_ms).unwrap_or_default(),
        trace_id: trace_id(&cause.traceparent),
    };
    Some(Moment {
        at: Timestamp::from_millisecond(envelope.header.time_ms).ok()?,
        outcome: entry.outcome.clone(),
        reason: entry.reason.clone(),
        side: match entry.side() {
            v1::Side::Ghl => Some(Side::Ghl),
            v1::Side::Openphone => Some(Side::OpenPhone),
            v1::Side::Unspecified => None,
        },
        fields: entry.fields.clone(),
        request: entry.request.clone(),
        status: entry.status,
        provider_trace: entry.provider_trace.clone(),
        trace_id: trace_id(&envelope.header.traceparent),
        heard: entry.causes.iter().map(of_wire).collect(),
    })
}

fn heard(cause: &Cause) -> Heard {
    Heard { event: cause.event.clone(), at: cause.at, trace_id: trace_id(&cause.traceparent) }
}

/// Empty where there is none.
fn trace_id(traceparent: &str) -> String {
    TraceContext::parse(traceparent).map(|trace| trace.trace_id()).unwrap_or_default()
}
