//! The record document: everything needed to decide about one person of one connection, or about one thing of theirs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::{Field, Fields, PerSide, Side, Value};
use tandem_proto::{ConnectionId, RecordId};

use crate::{Intent, Merge};

/// One document per person or thing of theirs, and connection, changed only by compare-and-set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Version of this layout.
    pub schema: u32,
    /// The record it describes.
    pub id: RecordId,
    /// The connection the record belongs to.
    pub connection: ConnectionId,
    /// What it describes.
    #[serde(default, skip_serializing_if = "Kind::is_contact")]
    pub kind: Kind,
    /// Whose it is, once that is known: the contact's record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RecordId>,
    /// Where a thing is kept, as the side's requests need it: its contact, or of a task in `OpenPhone` its conversation.
    #[serde(default, skip_serializing_if = "has_no_place")]
    pub place: PerSide<Option<String>>,
    /// When the record was first heard of.
    pub born: Timestamp,
    /// The contact at each provider, once known.
    pub link: PerSide<Option<Link>>,
    /// The request under way or of unknown outcome on each side.
    #[serde(default)]
    pub intent: PerSide<Option<Intent>>,
    /// What we believe each side holds, after its own normalisation.
    #[serde(default)]
    pub shadow: PerSide<Shadow>,
    /// The agreed value that each side was last known to have taken: the base of the three-way merge.
    #[serde(default)]
    pub agreed: PerSide<Fields>,
    /// The agreed values.
    #[serde(default)]
    pub canon: BTreeMap<Field, Canon>,
    /// Own writes of unknown outcome, which may still turn up.
    #[serde(default)]
    pub unsettled: PerSide<Vec<Unsettled>>,
    /// Values a side refused; not sent again until the agreed value changes.
    #[serde(default)]
    pub refused: PerSide<BTreeMap<Field, Option<Value>>>,
    /// Fields that wait for a person: they are written to no side.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<Field, Held>,
    /// How often the agreed value of a field went from one side to the other lately.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flips: BTreeMap<Field, Flips>,
    /// This side must be read again.
    #[serde(default)]
    pub hint: PerSide<bool>,
    /// A provider told us that the contact was deleted there.
    #[serde(default)]
    pub delete_seen: PerSide<bool>,
    /// Tombstones: when the side was found to have no such contact any more.
    #[serde(default)]
    pub gone: PerSide<Option<Timestamp>>,
    /// How often a contact of ours vanished from the side without a word; also keeps its external keys apart.
    #[serde(default)]
    pub vanished: PerSide<u32>,
    /// When the side was last looked up for a contact of this record.
    #[serde(default)]
    pub looked_up: PerSide<Option<Timestamp>>,
    /// Identity keys (phones, emails) this record holds.
    #[serde(default)]
    pub claims: BTreeSet<String>,
    /// Failed attempts in a row.
    #[serde(default)]
    pub attempts: u32,
    /// Nothing is sent before this.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// The record of the same person that goes on with this one's contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<RecordId>,
    /// How a person merged this record into that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Merge>,
    /// Records that share something with this one and are somebody else, as a person said.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub apart: BTreeSet<RecordId>,
    /// Records that wait for a person because of this one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub awaited_by: BTreeSet<RecordId>,
    /// Waits for a person.
    #[serde(default)]
    pub parked: Option<Parked>,
    /// The events that the present work comes from, else the last one did: newest last, at most eight.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// When the oldest event that is not worked off yet arrived.
    #[serde(default)]
    pub dirty_since: Option<Timestamp>,
    /// Since when it has been about to make its thing, where those are made one at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub making_since: Option<Timestamp>,
    /// What a mapping's rules wait for, as it was when the record was last in step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub watched: BTreeMap<String, String>,
    /// Rules that have been started, and nobody knows yet but this document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fired: Vec<Fired>,
    /// How many rules were ever started by what this record became.
    #[serde(default)]
    pub fired_count: u32,
}

/// A rule that was started by what a record became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// Tells it from the record's others.
    pub number: u32,
    /// The rule's name.
    pub rule: String,
    /// What started it.
    pub trigger: String,
    /// When.
    pub at: Timestamp,
}

/// What a record describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person.
    #[default]
    Contact,
    /// A task about somebody.
    Task,
    /// A note on somebody, or a part of one that is too long for one note at the other side.
    Note,
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Task => "task",
            Self::Note => "note",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
    fn is_contact(&self) -> bool {
        *self == Self::Contact
    }
}

fn has_no_place(place: &PerSide<Option<String>>) -> bool {
    *place == PerSide::default()
}

/// A contact at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The provider's id.
    pub id: String,
    /// Since when we know.
    pub since: Timestamp,
}

/// Field values as a side holds them.
pub type Shadow = BTreeMap<Field, Seen>;

/// One field of a shadow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The value; none when the field is empty.
    pub value: Option<Value>,
    /// The provider's own time of it, where it gives one.
    pub at: Option<Timestamp>,
}

/// The agreed value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canon {
    /// The value; none when the field is agreed to be empty.
    pub value: Option<Value>,
    /// The side it came from.
    pub side: Side,
    /// The provider's time of the edit, where it gives one.
    pub at: Option<Timestamp>,
}

/// An event that a record was told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The provider's own name of it.
    pub event: String,
    /// When it happened.
    pub at: Timestamp,
    /// W3C trace context; empty where there is none.
    pub traceparent: String,
}

/// An own write of unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsettled {
    /// The values sent.
    pub sent: BTreeMap<Field, Option<Value>>,
    /// The agreed values they stood for.
    pub canon: BTreeMap<Field, Option<Value>>,
    /// After this it can't turn up any more.
    pub expires: Timestamp,
}

/// Why a field waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Both sides changed it, and its conflict policy is `manual`.
    Conflict,
    /// The two sides kept changing it back and forth: one of them rewrites what it is given.
    Oscillation,
}

/// How often a field's agreed value changed sides, since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flips {
    /// So often.
    pub count: u32,
    /// Since then.
    pub since: Timestamp,
    /// Where it was changed last.
    pub side: Side,
}

/// Why a record waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Bounded code.
    pub code: String,
    /// For people.
    pub reason: String,
    /// The record that it may be one with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<RecordId>,
}

impl Document {
    /// The layout that this code reads and writes.
    pub const SCHEMA: u32 = 1;

    /// A record first heard of now.
    pub fn new(connection: ConnectionId, id: RecordId, now: Timestamp) -> Self {
        Self {
            schema: Self::SCHEMA,
            id,
            connection,
            kind: Kind::Contact,
            parent: None,
            place: PerSide::default(),
            born: now,
            link: PerSide::default(),
            intent: PerSide::default(),
            shadow: PerSide::default(),
            agreed: PerSide::default(),
            canon: BTreeMap::new(),
            unsettled: PerSide::default(),
            refused: PerSide::default(),
            held: BTreeMap::new(),
            flips: BTreeMap::new(),
            hint: PerSide::default(),
            delete_seen: PerSide::default(),
            gone: PerSide::default(),
            vanished: PerSide::default(),
            looked_up: PerSide::default(),
            claims: BTreeSet::new(),
            attempts: 0,
            not_before: None,
            merged_into: None,
            merge: None,
            apart: BTreeSet::new(),
            awaited_by: BTreeSet::new(),
            parked: None,
            causes: Vec::new(),
            dirty_since: None,
            making_since: None,
            watched: BTreeMap::new(),
            fired: Vec::new(),
            fired_count: 0,
        }
    }

    /// The same for a thing of another kind.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The provider's id of the contact on that side.
    pub fn provider_id(&self, side: Side) -> Option<&str> {
        self.link[side].as_ref().map(|link| link.id.as_str())
    }

    /// The agreed value of a field.
    pub fn canon_value(&self, field: Field) -> Option<&Value> {
        self.canon.get(&field).and_then(|canon| canon.value.as_ref())
    }

    /// What the side is believed to hold.
    pub fn shadow_value(&self, side: Side, field: Field) -> Option<&Value> {
        self.shadow[side].get(&field).and_then(|seen| seen.value.as_ref())
    }

    /// Keeps an event that concerns this record. Those of work that is done are forgotten then.
    pub fn add_cause(&mut self, cause: &Cause) {
        const MOST: usize = 8;
        if self.dirty_since.is_none() {
            self.causes.clear();
        }
        if self.causes.contains(cause) {
            return;
        }
        if self.causes.len() == MOST {
            self.causes.remove(0);
        }
        self.causes.push(cause.clone());
    }
}
