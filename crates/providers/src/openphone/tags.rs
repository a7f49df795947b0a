//! Where tags live: `OpenPhone` has none, so a custom field holds them (contract sheet, section 7.1).

use std::collections::BTreeSet;

use serde_json::Value as Json;
use tandem_contact::{Value, codec, tag};

use super::CustomField;
use crate::{CustomDefinition, CustomKind};

/// What stands between the tags of a joined text.
const BETWEEN: &str = ", ";

/// A custom field that somebody made in `OpenPhone`; the API can't make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The name people see.
    pub name: String,
    /// What values are bound by.
    pub key: String,
    /// The type in `OpenPhone`'s words, such as `multi-select`.
    pub kind: String,
}

impl Definition {
    /// What it is called, and what it holds.
    pub fn custom(&self) -> CustomDefinition {
        CustomDefinition { id: self.key.clone(), names: vec![self.name.clone()], kind: kind(&self.kind) }
    }
}

/// What a field of this type holds (contract sheet, section 6.5).
pub(super) fn kind(kind: &str) -> CustomKind {
    match kind {
        "number" => CustomKind::Number,
        "boolean" => CustomKind::Boolean,
        "date" => CustomKind::Midnight,
        "multi-select" => CustomKind::Many,
        _ => CustomKind::Text,
    }
}

/// The custom field that holds the tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagTarget {
    /// A multi-select field: one option per tag.
    MultiSelect {
        /// The field's key.
        key: String,
        /// The field's name, for answers that leave the key out.
        name: String,
    },
    /// A text field: all tags in one text.
    JoinedText {
        /// The field's key.
        key: String,
        /// The field's name, for answers that leave the key out.
        name: String,
    },
    /// No such field: tags can't be kept, which must be reported and not hidden.
    NotRepresentable,
}

impl TagTarget {
    /// Picks the field of that name: a multi-select, else a text.
    pub fn resolve(definitions: &[Definition], field_name: &str) -> Self {
        let wanted = field_name.trim().to_lowercase();
        let of_kind = |kind: &str| {
            let is_it = |field: &&Definition| field.kind == kind && field.name.trim().to_lowercase() == wanted;
            definitions.iter().find(is_it).cloned()
        };
        if let Some(Definition { key, name, .. }) = of_kind("multi-select") {
            return Self::MultiSelect { key, name };
        }
        match of_kind("string") {
            Some(Definition { key, name, .. }) => Self::JoinedText { key, name },
            None => Self::NotRepresentable,
        }
    }

    /// The tags in a contact's custom fields, complete; none where tags can't be represented.
    pub(super) fn read(&self, fields: &[CustomField]) -> Option<Value> {
        let values = fields.iter().filter(|field| self.is_held_by(field)).map(|field| &field.value);
        match self {
            Self::MultiSelect { .. } => Value::list(values.flat_map(options)),
            Self::JoinedText { .. } => Value::list(values.filter_map(Json::as_str).flat_map(split)),
            Self::NotRepresentable => None,
        }
    }

    /// Key and value to write; options that are there already keep their spelling.
    pub(super) fn write(&self, tags: Option<&Value>, current: &[CustomField]) -> Option<(&str, Json)> {
        let tags = tags.map(Value::items).unwrap_or_default();
        let (key, value) = match self {
            Self::MultiSelect { key, .. } => (key, Json::from(self.spelled(&tags, current))),
            Self::JoinedText { key, .. } => (key, Json::from(join(&tags))),
            Self::NotRepresentable => return None,
        };
        Some((key, if tags.is_empty() { Json::Null } else { value }))
    }

    /// True for the custom field that holds the tags.
    pub(super) fn is_held_by(&self, field: &CustomField) -> bool {
        match self {
            Self::MultiSelect { key, name } | Self::JoinedText { key, name } => {
                field.key.as_ref().map_or_else(|| field.name.as_ref() == Some(name), |field_key| field_key == key)
            }
            Self::NotRepresentable => false,
        }
    }

    /// An option is its spelling: GHL's `vip` must not become a second option beside `VIP`.
    fn spelled(&self, tags: &BTreeSet<String>, current: &[CustomField]) -> Vec<String> {
        let there: Vec<&str> = current
            .iter()
            .filter(|field| self.is_held_by(field))
            .flat_map(|field| field.value.as_array().map_or(&[][..], Vec::as_slice))
            .filter_map(Json::as_str)
            .collect();
        let spelling = |wanted: &String| {
            let option = there.iter().find(|option| tag::normal(option).as_ref() == Some(wanted));
            option.map_or_else(|| wanted.clone(), |option| (*option).to_owned())
        };
        tags.iter().map(spelling).collect()
    }
}

fn options(value: &Json) -> Vec<String> {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Json::as_str).filter_map(tag::normal).collect()
}

/// All tags in one text, sorted, with `, ` between. A comma or backslash inside a tag gets a backslash before it.
pub fn join(tags: &BTreeSet<String>) -> String {
    codec::join(tags, BETWEEN)
}

/// The tags of a joined text, also of one that a person typed.
pub fn split(text: &str) -> BTreeSet<String> {
    codec::split(text, BETWEEN).iter().filter_map(|tag| tag::normal(tag)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn definition(name: &str, key: &str, kind: &str) -> Definition {
        Definition { name: name.to_owned(), key: key.to_owned(), kind: kind.to_owned() }
    }

    #[test]
    fn a_multi_select_is_preferred_then_a_text() {
        let text = definition("tags ", "tags-text", "string");
        let options = definition("Tags", "tags", "multi-select");
        let number = definition("Tags", "n", "number");
        let both = TagTarget::resolve(&[text.clone(), number.clone(), options], "Tags");
        assert!(matches!(both, TagTarget::MultiSelect { key, .. } if key == "tags"));
        let only_text = TagTarget::resolve(&[number.clone(), text], "Tags");
        assert!(matches!(only_text, TagTarget::JoinedText { key, .. } if key == "tags-text"));
        assert_eq!(TagTarget::resolve(&[number], "Tags"), TagTarget::NotRepresentable);
    }

    #[test]
    fn options_keep_the_spelling_people_gave_them() {
        let target = TagTarget::resolve(&[definition("Tags", "tags", "multi-select")], "tags");
        let current = [CustomField {
            key: Some("tags".to_owned()),
            id: None,
            name: None,
            kind: None,
            value: json!(["VIP", "old"]),
        }];
        assert_eq!(target.read(&current), Value::list(["old".to_owned(), "vip".to_owned()]));
        let wanted = Value::list(["vip".to_owned(), "new".to_owned()]);
        assert_eq!(target.write(wanted.as_ref(), &current), Some(("tags", json!(["new", "VIP"]))));
        assert_eq!(target.write(None, &current), Some(("tags", Json::Null)));
    }

    #[test]
    fn a_text_typed_by_a_person_is_understood() {
        let tags: Vec<String> = split(" VIP,lead , ,a\\,b, trailing\\").into_iter().collect();
        assert_eq!(tags, ["a,b", "lead", "trailing\\", "vip"]);
        assert!(split("").is_empty());
    }

    proptest! {
        #[test]
        fn joined_tags_come_back_the_same(raw in proptest::collection::btree_set("[a-zA-Z,\\\\ \"é]{0,8}", 0..6)) {
            let tags: BTreeSet<String> = raw.iter().filter_map(|raw| tag::normal(raw)).collect();
            prop_assert_eq!(split(&join(&tags)), tags);
        }

        #[test]
        fn any_text_splits_into_tags_that_survive(text in ".{0,40}") {
            let tags = split(&text);
            prop_assert_eq!(split(&join(&tags)), tags);
        }
    }
}
