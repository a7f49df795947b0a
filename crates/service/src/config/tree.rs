//! The raw configuration: a tree of text that remembers where each value came from.

use super::problem::Origin;

/// A value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) kind: Kind,
}

/// The four things YAML can say. Numbers and booleans stay text until somebody asks for them.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a map.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) origin: Origin,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn null(origin: Origin) -> Self {
        Self { origin, kind: Kind::Null }
    }

    /// Lays `over` on top: maps are merged key by key, anything else is replaced, "nothing given" replaces nothing.
    pub(super) fn merge(&mut self, over: Self) {
        match (&mut self.kind, over.kind) {
            (_, Kind::Null) => {}
            (Kind::Map(entries), Kind::Map(over_entries)) => {
                self.origin = over.origin;
                for entry in over_entries {
                    merge_entry(entries, entry);
                }
            }
            (Kind::Null | Kind::Text(_) | Kind::List(_) | Kind::Map(_), kind) => {
                self.origin = over.origin;
                self.kind = kind;
            }
        }
    }

    /// Every text in the tree.
    pub(super) fn texts(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Null => Vec::new(),
            Kind::Text(text) => vec![text],
            Kind::List(items) => items.iter().flat_map(Self::texts).collect(),
            Kind::Map(entries) => entries.iter().flat_map(|entry| entry.value.texts()).collect(),
        }
    }

    /// What a person would call this value.
    pub(super) fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Text(_) => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a group of keys",
        }
    }
}

fn merge_entry(entries: &mut Vec<Entry>, over: Entry) {
    match entries.iter_mut().find(|entry| entry.key == over.key) {
        Some(entry) => {
            entry.origin = over.origin;
            entry.value.merge(over.value);
        }
        None => entries.push(over),
    }
}
