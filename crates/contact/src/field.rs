//! The closed set of canonical fields and the two shapes a value has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A field that both sides can hold, under Tandem's own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// Company name.
    Company,
    /// Role in the company.
    Role,
    /// Phone numbers, E.164 where the number can be read.
    Phones,
    /// Email addresses, trimmed and lower case.
    Emails,
    /// Tags, trimmed and lower case (GHL stores them so).
    Tags,
    /// Web address of the record at the side it came from.
    SourceLink,
    /// Of a task: what is to be done.
    TaskTitle,
    /// Of a task: more about it.
    TaskBody,
    /// Of a task: until when, RFC 3339 in UTC, to the second.
    TaskDue,
    /// Of a task: who is to do it, by lower-case email address.
    TaskAssignee,
    /// Of a task: `open` or `completed`.
    TaskStatus,
    /// Of a note, or of a part of one: what it says, with the marks that lead from part to part.
    NoteText,
}

impl Field {
    /// All of a contact's.
    pub const ALL: [Self; 8] = [
        Self::FirstName,
        Self::LastName,
        Self::Company,
        Self::Role,
        Self::Phones,
        Self::Emails,
        Self::Tags,
        Self::SourceLink,
    ];

    /// All of a task's.
    pub const TASK: [Self; 5] = [Self::TaskTitle, Self::TaskBody, Self::TaskDue, Self::TaskAssignee, Self::TaskStatus];

    /// The name used in mappings, the journal and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Company => "company",
            Self::Role => "role",
            Self::Phones => "phones",
            Self::Emails => "emails",
            Self::Tags => "tags",
            Self::SourceLink => "source_link",
            Self::TaskTitle => "task_title",
            Self::TaskBody => "task_body",
            Self::TaskDue => "task_due",
            Self::TaskAssignee => "task_assignee",
            Self::TaskStatus => "task_status",
            Self::NoteText => "note_text",
        }
    }

    /// A contact's field of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// True for fields that hold a set of values.
    pub fn is_list(self) -> bool {
        match self {
            Self::Phones | Self::Emails | Self::Tags => true,
            Self::FirstName
            | Self::LastName
            | Self::Company
            | Self::Role
            | Self::SourceLink
            | Self::TaskTitle
            | Self::TaskBody
            | Self::TaskDue
            | Self::TaskAssignee
            | Self::TaskStatus
            | Self::NoteText => false,
        }
    }
}

/// What a field holds. "Nothing" is never a value: it is `None`, or a missing key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// One text, not blank.
    Text(String),
    /// A set of texts, not empty.
    List(BTreeSet<String>),
}

impl Value {
    /// The trimmed text, or nothing when it is blank.
    pub fn text(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| Self::Text(trimmed.to_owned()))
    }

    /// The set, or nothing when it is empty.
    pub fn list(items: impl IntoIterator<Item = String>) -> Option<Self> {
        let items: BTreeSet<String> = items.into_iter().collect();
        (!items.is_empty()).then_some(Self::List(items))
    }

    /// The text of a text value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) => None,
        }
    }

    /// The items of a list value; none for a text.
    pub fn items(&self) -> BTreeSet<String> {
        match self {
            Self::Text(_) => BTreeSet::new(),
            Self::List(items) => items.clone(),
        }
    }
}

/// Values by field; a missing key means the field is empty.
pub type Fields = BTreeMap<Field, Value>;

/// What was seen of a contact: a missing key means the field was not looked at, `None` that it is empty.
pub type Observed = BTreeMap<Field, Option<Value>>;
