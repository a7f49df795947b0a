#![doc = include_str!("../README.md")]

pub mod activity;
mod apply;
mod example;
mod expression;
pub mod firing;
mod rule;
pub mod schedule;
mod template;
mod texts;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use tandem_contact::{Codecs, Field, PerSide, Side};
use tandem_reconcile::{ConflictPolicy, DeletePolicy, Direction, FieldRule, Rules, Timing};

pub use activity::Activity;
pub use apply::{Formula, Segment, segments_field};
pub use example::{Example, Expected};
pub use expression::{Expression, Failed, InvalidExpression, Names, Seen};
pub use firing::Firing;
pub use rule::{Argument, Filled, Known, Order, Rule, Unfit, When, fill, subject_of};
pub use schedule::Schedule;
pub use template::Template;
pub use texts::Texts;

/// What one connection keeps in step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The canonical fields that travel, and how; the others are never compared and never written.
    pub fields: BTreeMap<Field, FieldRule>,
    /// Sides on which a person who is known at the other only gets a contact.
    pub creates: PerSide<bool>,
    /// Country of phone numbers without a country code, ISO 3166-1 alpha-2.
    pub default_country: String,
    /// The custom fields that hold canonical fields, by id, key or name: GHL has no field of its own for the role, and a mapping's
    /// own fields are nowhere else.
    pub places: PerSide<BTreeMap<Field, String>>,
    /// How values stand on each side, where that differs from the canonical form.
    pub codecs: PerSide<Codecs>,
    /// Whom it is about; others are read and left alone. None for everybody.
    pub filter: Option<Expression>,
    /// Fields that are written only where this holds.
    pub conditions: BTreeMap<Field, Expression>,
    /// Fields whose value is made from others.
    pub formulas: BTreeMap<Field, Formula>,
    /// Name of the OpenPhone custom field that holds the tags.
    pub tags_field: String,
    /// What a delete on that side does at the other.
    pub deletes: PerSide<DeletePolicy>,
    /// Which way tasks travel; none where they don't.
    pub tasks: Option<Direction>,
    /// The `OpenPhone` number, E.164, for tasks of people without a conversation; none for the first one of the workspace.
    pub task_number: Option<String>,
    /// Which way notes travel; none where they don't.
    pub notes: Option<Direction>,
    /// What the mapping is to do with people who are made up, for `tandem mapping test`.
    pub examples: Vec<Example>,
    /// What is done besides, when something happens; those of the activity are among them.
    pub rules: Vec<Rule>,
    /// What rules keep to that send texts; none where they may send none.
    pub texts: Option<Texts>,
    /// What of `OpenPhone` is told of in GHL; none where nothing is.
    pub activity: Option<Activity>,
}

impl Default for Mapping {
    fn default() -> Self {
        let rule = FieldRule { direction: Direction::Both, conflict: ConflictPolicy::Newest };
        Self {
            fields: Field::ALL.into_iter().map(|field| (field, ruled(field, rule))).collect(),
            creates: PerSide { ghl: true, openphone: true },
            default_country: "US".to_owned(),
            places: PerSide::default(),
            codecs: PerSide::default(),
            filter: None,
            conditions: BTreeMap::new(),
            formulas: BTreeMap::new(),
            tags_field: "Tags".to_owned(),
            deletes: PerSide { ghl: DeletePolicy::Ignore, openphone: DeletePolicy::Ignore },
            tasks: None,
            task_number: None,
            notes: None,
            examples: Vec::new(),
            rules: Vec::new(),
            texts: None,
            activity: None,
        }
    }
}

/// A field's rule when this one is wanted.
pub fn ruled(field: Field, wanted: FieldRule) -> FieldRule {
    FieldRule { direction: travels(field, wanted.direction), ..wanted }
}

/// Which way a field goes when that is wanted: the link back is GHL's own address of the contact and goes one way only.
pub fn travels(field: Field, wanted: Direction) -> Direction {
    match (field, wanted) {
        (Field::SourceLink, _) => Direction::ToOpenPhone,
        (_, wanted) => wanted,
    }
}

impl Mapping {
    /// By what records are decided: what the mapping and the providers' bounds amount to.
    pub fn rules(&self, timing: PerSide<Timing>) -> Rules {
        let fields: BTreeMap<Field, FieldRule> = self
            .fields
            .iter()
            .filter(|(field, _)| self.has_place(**field))
            .map(|(field, rule)| (*field, *rule))
            .collect();
        let numbers = BTreeSet::from([Field::Phones, Field::Emails]);
        // OpenPhone's v1 PATCH replaces lists, so they are read before they are written (contract sheet, section 6.4).
        let in_lists = |field: &Field| field.is_list() || self.places.openphone.contains_key(field);
        let lists: BTreeSet<Field> = fields.keys().copied().filter(in_lists).collect();
        let rules = Rules {
            fields,
            deletes: self.deletes,
            // The stale list (contract sheet of OpenPhone, section 11). GHL's contacts also vanish when they are merged there.
            made_again: PerSide { ghl: false, openphone: true },
            // GHL takes one number and one address; tags have requests of their own (contract sheet, sections 4.16 and 10.1).
            read_first: PerSide { ghl: numbers.clone(), openphone: lists.clone() },
            carries_all: PerSide { ghl: BTreeSet::new(), openphone: lists },
            single: PerSide { ghl: numbers, openphone: BTreeSet::new() },
            item_wise: PerSide { ghl: BTreeSet::from([Field::Tags]), openphone: BTreeSet::new() },
            timing,
            claim_identity: true,
            ..Rules::default()
        };
        let creates = |side: Side| self.creates[side] && rules.writes_anything_to(side);
        Rules { creates: PerSide { ghl: creates(Side::Ghl), openphone: creates(Side::OpenPhone) }, ..rules }
    }

    /// The same for tasks: all their fields travel the same way, and a delete does too. None where tasks don't travel.
    pub fn task_rules(&self, timing: PerSide<Timing>) -> Option<Rules> {
        let rule = FieldRule { direction: self.tasks?, conflict: ConflictPolicy::Newest };
        let rewritten = BTreeSet::from([Field::TaskTitle, Field::TaskBody]);
        let one = |field| BTreeSet::from([field]);
        // OpenPhone changes one aspect at a time, and title and description always together (contract sheet, section 7.2).
        let aspects = vec![rewritten.clone(), one(Field::TaskDue), one(Field::TaskAssignee), one(Field::TaskStatus)];
        let rules = Rules {
            fields: Field::TASK.into_iter().map(|field| (field, rule)).collect(),
            read_first: PerSide { ghl: BTreeSet::new(), openphone: rewritten.clone() },
            carries_all: PerSide { ghl: BTreeSet::new(), openphone: rewritten },
            alone: PerSide { ghl: Vec::new(), openphone: aspects },
            // No GHL task is without one (contract sheet, section 10.9).
            fills_in: PerSide { ghl: one(Field::TaskDue), openphone: BTreeSet::new() },
            timing,
            ..Rules::default()
        };
        Some(whole(rules))
    }

    /// The same for notes. None where they don't travel.
    pub fn note_rules(&self, timing: PerSide<Timing>) -> Option<Rules> {
        let rule = FieldRule { direction: self.notes?, conflict: ConflictPolicy::Newest };
        // OpenPhone tells of no edit (contract sheet, section 7.3): one that is not known yet would be written over.
        let read_first = PerSide { ghl: BTreeSet::new(), openphone: BTreeSet::from([Field::NoteText]) };
        let fields = BTreeMap::from([(Field::NoteText, rule)]);
        Some(whole(Rules { fields, read_first, timing, ..Rules::default() }))
    }

    /// GHL has no field of its own for the role.
    fn has_place(&self, field: Field) -> bool {
        field != Field::Role || self.places.ghl.contains_key(&field)
    }

    /// The fields that its expressions may name.
    pub fn names(&self) -> Vec<Field> {
        let own = self.fields.keys().copied().filter(|field| field.is_custom() && !self.formulas.contains_key(field));
        Self::nameable(own)
    }

    /// The names of its segments.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.formulas
            .values()
            .flat_map(|formula| match formula {
                Formula::Segments(segments) => segments.as_slice(),
                Formula::Expression(_) => &[],
            })
            .map(|segment| segment.name.as_str())
    }

    /// The fields that an expression of a mapping may name: those that come from somewhere.
    pub fn nameable(own: impl IntoIterator<Item = Field>) -> Vec<Field> {
        Field::ALL.into_iter().chain(own).collect()
    }
}

/// Where a thing's fields travel to, it is made and deleted too.
fn whole(rules: Rules) -> Rules {
    let creates = |side: Side| rules.writes_anything_to(side);
    let deletes = |from: Side| if creates(from.other()) { DeletePolicy::Propagate } else { DeletePolicy::Ignore };
    let creates = PerSide { ghl: creates(Side::Ghl), openphone: creates(Side::OpenPhone) };
    let deletes = PerSide { ghl: deletes(Side::Ghl), openphone: deletes(Side::OpenPhone) };
    Rules { creates, deletes, ..rules }
}
