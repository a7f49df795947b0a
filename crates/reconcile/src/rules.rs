//! What a connection's mapping and its providers' limits mean for the two pure functions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_contact::{Field, PerSide, Side};

/// Everything `observe` and `next_step` need to know besides the document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// The mapped fields; a field that isn't here is never compared and never written.
    pub fields: BTreeMap<Field, FieldRule>,
    /// What a delete on that side does to the other.
    pub deletes: PerSide<DeletePolicy>,
    /// Sides on which records may be created.
    pub creates: PerSide<bool>,
    /// Sides on which a contact that is gone is made again, unless somebody told us that it was deleted: where lists have been
    /// seen to name contacts that nobody can read.
    pub made_again: PerSide<bool>,
    /// How long a new record waits before its first create on that side. Needed only where the provider can neither
    /// refuse nor show us a duplicate; a look-up precedes the create when it isn't zero.
    pub first_create_wait: PerSide<Duration>,
    /// Fields of that side that are read before they are written, because the provider replaces what the body leaves
    /// out or because a person's edit must be seen first.
    pub read_first: PerSide<BTreeSet<Field>>,
    /// Fields of that side whose write carries every other mapped field along, because the provider replaces the whole
    /// contact. Carried out late, it brings all of them back.
    pub carries_all: PerSide<BTreeSet<Field>>,
    /// Lists of which that side takes one item only; whatever else it holds was not put there through its API.
    pub single: PerSide<BTreeSet<Field>>,
    /// Lists of that side whose items are added by one request and removed by another.
    pub item_wise: PerSide<BTreeSet<Field>>,
    /// Fields of that side that travel in a request of their own, group by group; where one of them is carried along, the
    /// others of its group are, and no more.
    pub alone: PerSide<Vec<BTreeSet<Field>>>,
    /// Fields that the side gives a value by itself where the create names none: that is nobody's edit.
    pub fills_in: PerSide<BTreeSet<Field>>,
    /// Bounds of the provider's behaviour.
    pub timing: PerSide<Timing>,
    /// True: phone and email claims keep one person from being created twice.
    pub claim_identity: bool,
    /// Mapped fields that are not written for this record now, whatever they hold; they are observed all the same.
    pub held_back: BTreeSet<Field>,
    /// This record is observed and nothing more: nothing is made, written or deleted.
    pub is_left_out: bool,
    /// Rules switched off by tests that must see the simulation catch it. Nothing in production.
    pub weakened: Weakened,
}

/// How one field travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRule {
    /// Which way.
    pub direction: Direction,
    /// Who wins when both sides changed it.
    pub conflict: ConflictPolicy,
}

/// Which way a field travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Edits on either side reach the other.
    Both,
    /// GHL's edits reach OpenPhone; a person's edit in OpenPhone stays until GHL changes the field.
    ToOpenPhone,
    /// The mirror image.
    ToGhl,
}

/// Who wins when both sides changed a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictPolicy {
    /// The later edit; GHL when the times don't tell.
    Newest,
    /// Always this side.
    Side(Side),
    /// Neither, until a person decides: the field is written to no side meanwhile.
    Manual,
}

/// What a delete on one side does to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeletePolicy {
    /// The other side keeps its contact; the record is no longer kept in step.
    #[default]
    Ignore,
    /// The other side's contact is deleted too.
    Propagate,
    /// The other side's contact gets a tag that says so, and is no longer kept in step.
    Archive,
}

/// Bounds of a provider's behaviour, from which every wait is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// After the intent is stored a request may start for this long, never later.
    pub send_window: Duration,
    /// How long we wait for an answer.
    pub timeout: Duration,
    /// A request without an answer may still be applied for this long after that.
    pub late_apply: Duration,
    /// A look-up may miss a contact for this long after it was created.
    pub index_lag: Duration,
    /// Pause between two look-ups for the same create.
    pub probe_pause: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            send_window: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            late_apply: Duration::from_mins(1),
            index_lag: Duration::from_secs(30),
            probe_pause: Duration::from_secs(20),
        }
    }
}

impl Timing {
    /// From the intent until another worker may take it that the request is no longer on its way from us.
    pub fn in_flight(&self) -> Duration {
        self.send_window + self.timeout + self.margin()
    }

    /// From the intent until a create that no look-up has found can't appear any more.
    pub fn create_settled(&self) -> Duration {
        self.in_flight() + self.late_apply + self.index_lag + self.margin()
    }

    /// How long a write of unknown outcome may still turn up.
    pub fn late_write(&self) -> Duration {
        self.in_flight() + self.late_apply + self.margin()
    }

    /// Clock skew and scheduling between workers, in proportion to the rest.
    fn margin(&self) -> Duration {
        self.timeout / 3
    }
}

/// Rules that the simulation switches off one at a time to prove that it notices.
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weakened {
    /// Creates again right after an unknown outcome, without waiting for the bounds.
    pub blind_retry: bool,
    /// Takes a response over the shadow instead of observing it.
    pub swallow_response: bool,
    /// Sends every mapped field instead of the difference.
    pub whole_record: bool,
    /// Forgets own writes of unknown outcome.
    pub no_unsettled: bool,
}

impl Rules {
    /// The fields that travel together with this one; none where it travels with whatever else has to.
    pub(crate) fn group(&self, field: Field, side: Side) -> Option<&BTreeSet<Field>> {
        self.alone[side].iter().find(|group| group.contains(&field))
    }

    /// True when a person's edit of the field on this side becomes the agreed value.
    pub fn feeds(&self, field: Field, side: Side) -> bool {
        self.travels(field, side)
    }

    /// True when the agreed value of the field is written to this side.
    pub fn writes_to(&self, field: Field, side: Side) -> bool {
        self.travels(field, side.other())
    }

    /// True when any mapped field is written to this side.
    pub fn writes_anything_to(&self, side: Side) -> bool {
        self.fields.keys().any(|field| self.writes_to(*field, side))
    }

    fn travels(&self, field: Field, from: Side) -> bool {
        match (self.fields.get(&field).map(|rule| rule.direction), from) {
            (Some(Direction::Both), Side::Ghl | Side::OpenPhone)
            | (Some(Direction::ToOpenPhone), Side::Ghl)
            | (Some(Direction::ToGhl), Side::OpenPhone) => true,
            (None, Side::Ghl | Side::OpenPhone)
            | (Some(Direction::ToOpenPhone), Side::OpenPhone)
            | (Some(Direction::ToGhl), Side::Ghl) => false,
        }
    }
}
