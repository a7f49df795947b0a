//! The canonical fields and the two shapes a value has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use internment::Intern;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

/// A field that both sides can hold, under Tandem's own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// One that a mapping names itself, which holds a text.
    CustomText(CustomName),
    /// The same with a set of texts.
    CustomList(CustomName),
}

/// The name that a mapping gives a field of its own: as cheap to copy as a number.
///
/// Names are kept for as long as the process runs, so that they must come from mappings and not from contacts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomName(Intern<str>);

/// Not a name for a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name for a field: use 1 to 40 small letters, digits and `_`, beginning with a letter, and none of Tandem's own names"
)]
pub struct InvalidName(String);

/// What tells a set from a text where fields are stored.
const LIST_MARK: &str = "[]";

impl CustomName {
    /// Checks the form, and that the name is not one of Tandem's own.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let is_own = Field::ALL.iter().chain(&Field::THINGS).any(|field| field.name() == name);
        if begins && name.len() <= 40 && name.bytes().all(is_plain) && !is_own {
            return Ok(Self(Intern::from(name)));
        }
        Err(InvalidName(name.to_owned()))
    }

    /// The name as text.
    pub fn as_str(self) -> &'static str {
        self.0.as_ref()
    }
}

impl fmt::Debug for CustomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Field {
    /// All of a contact's that Tandem knows by itself.
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

    const THINGS: [Self; 6] =
        [Self::TaskTitle, Self::TaskBody, Self::TaskDue, Self::TaskAssignee, Self::TaskStatus, Self::NoteText];

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
            Self::CustomText(name) | Self::CustomList(name) => name.as_str(),
        }
    }

    /// A contact's field of that name, of those that Tandem knows by itself.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// True for fields that a mapping names itself.
    pub fn is_custom(self) -> bool {
        matches!(self, Self::CustomText(_) | Self::CustomList(_))
    }

    /// True for fields that hold a set of values.
    pub fn is_list(self) -> bool {
        match self {
            Self::Phones | Self::Emails | Self::Tags | Self::CustomList(_) => true,
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
            | Self::NoteText
            | Self::CustomText(_) => false,
        }
    }

    /// As it is stored: the name, and of a mapping's own sets what tells them from texts.
    fn key(self) -> String {
        let mark = if matches!(self, Self::CustomList(_)) { LIST_MARK } else { "" };
        format!("{}{mark}", self.name())
    }

    fn from_key(key: &str) -> Result<Self, InvalidName> {
        if let Some(field) = Self::ALL.into_iter().chain(Self::THINGS).find(|field| field.name() == key) {
            return Ok(field);
        }
        match key.strip_suffix(LIST_MARK) {
            Some(name) => CustomName::new(name).map(Self::CustomList),
            None => CustomName::new(key).map(Self::CustomText),
        }
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if matches!(self, Self::CustomList(_)) {
            return serializer.serialize_str(&self.key());
        }
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Key;
        impl serde::de::Visitor<'_> for Key {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }

            fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Field, E> {
                Field::from_key(key).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Key).map_err(D::Error::custom)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_of_its_own_is_no_name_of_ours() {
        for name in ["birthday", "a", "plan_2"] {
            assert_eq!(CustomName::new(name).unwrap().as_str(), name);
        }
        for name in ["", "Birthday", "2nd", "_x", "first_name", "note_text", "größe", "a b", &"x".repeat(41)] {
            assert!(CustomName::new(name).is_err(), "{name}");
        }
    }

    #[test]
    fn fields_are_stored_by_their_names() {
        let text = Field::CustomText(CustomName::new("plan").unwrap());
        let list = Field::CustomList(CustomName::new("plan").unwrap());
        assert_eq!(
            serde_json::to_string(&[Field::FirstName, text, list]).unwrap(),
            r#"["first_name","plan","plan[]"]"#
        );
        assert!(serde_json::from_str::<Field>(r#""No""#).is_err());
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back(name in "[a-z][a-z0-9_]{0,39}", is_list: bool) {
            let Ok(name) = CustomName::new(&name) else { return Ok(()) };
            let field = if is_list { Field::CustomList(name) } else { Field::CustomText(name) };
            let stored = serde_json::to_string(&Fields::from([(field, Value::Text("x".to_owned()))])).unwrap();
            prop_assert_eq!(serde_json::from_str::<Fields>(&stored).unwrap().into_keys().next(), Some(field));
            prop_assert_eq!(field.is_list(), is_list);
        }
    }
}
