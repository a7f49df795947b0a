//! Reading the raw tree: ask for a key, get a checked value or note a problem, then ask for whatever is left over.
//!
//! Nothing stops at the first problem: a reader returns `None`, the problem is noted, and the next key is read.

use std::cell::RefCell;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::Environment;
use super::problem::{Origin, Problem};
use super::reference::{self, Broken};
use super::tree::{Entry, Kind, Node};

/// What all slots of one configuration share.
pub(super) struct Reader<'a> {
    /// Relative paths in the file start here.
    pub(super) folder: &'a Path,
    pub(super) environment: &'a Environment,
    pub(super) problems: RefCell<Vec<Problem>>,
}

/// The place of one value, filled or not.
pub(super) struct Slot<'a> {
    reader: &'a Reader<'a>,
    node: Option<&'a Node>,
    origin: Origin,
    key: String,
}

/// A group of keys that is being read.
pub(super) struct Section<'a> {
    reader: &'a Reader<'a>,
    entries: &'a [Entry],
    origin: Origin,
    key: String,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The slot of a key; the key counts as known from now on.
    pub(super) fn slot(&mut self, key: &'static str) -> Slot<'a> {
        self.known.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key);
        Slot {
            reader: self.reader,
            node: entry.map(|entry| &entry.value).filter(|node| !matches!(node.kind, Kind::Null)),
            origin: entry.map_or_else(|| self.origin.clone(), origin_of),
            key: join(&self.key, key),
        }
    }

    /// Every key that nobody asked for is a problem.
    pub(super) fn finish(self) {
        for entry in self.entries {
            if !self.known.contains(&entry.key.as_str()) {
                let message = format!("unknown key (known here: {})", self.known.join(", "));
                note(self.reader, origin_of(entry), join(&self.key, &entry.key), message);
            }
        }
    }
}

impl<'a> Slot<'a> {
    /// The tree's root.
    pub(super) fn root(reader: &'a Reader<'a>, tree: &'a Node) -> Self {
        Self { reader, node: Some(tree), origin: tree.origin.clone(), key: String::new() }
    }

    /// What this slot shares with the others of its file.
    pub(super) fn reader(&self) -> &'a Reader<'a> {
        self.reader
    }

    pub(super) fn is_empty(&self) -> bool {
        self.node.is_none()
    }

    /// True where keys stand, and not a single value.
    pub(super) fn is_group(&self) -> bool {
        matches!(self.node, Some(Node { kind: Kind::Map(_), .. }))
    }

    /// True where the file and the environment say nothing.
    pub(super) fn is_default(&self) -> bool {
        matches!(self.origin_of_value(), Origin::Default { .. })
    }

    /// True where the whole value is written out: nothing of it comes from the environment.
    pub(super) fn stands_in_the_file(&self) -> bool {
        let from_environment = matches!(self.origin_of_value(), Origin::Variable { .. });
        !from_environment && self.literal().is_some_and(|literal| reference::names(literal).is_empty())
    }

    pub(super) fn problem(&self, message: impl Into<String>) {
        note(self.reader, self.origin.clone(), self.key.clone(), message.into());
    }

    /// The group that stands here; an empty one where nothing stands.
    pub(super) fn section(&self) -> Option<Section<'a>> {
        let entries: &[Entry] = match self.node {
            None | Some(Node { kind: Kind::Null, .. }) => &[],
            Some(Node { kind: Kind::Map(entries), .. }) => entries,
            Some(node) => {
                self.problem(format!("expected a group of keys, found {}", node.kind_name()));
                return None;
            }
        };
        Some(Section {
            reader: self.reader,
            entries,
            origin: self.origin.clone(),
            key: self.key.clone(),
            known: Vec::new(),
        })
    }

    /// The group's keys, whatever they are, with their places; none where nothing stands.
    pub(super) fn entries(&self) -> Option<Vec<(&'a str, Slot<'a>)>> {
        let Section { entries, .. } = self.section()?;
        let place = |entry: &'a Entry| Slot {
            reader: self.reader,
            node: Some(&entry.value).filter(|node| !matches!(node.kind, Kind::Null)),
            origin: origin_of(entry),
            key: join(&self.key, &entry.key),
        };
        Some(entries.iter().map(|entry| (entry.key.as_str(), place(entry))).collect())
    }

    /// True where a list stands.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.node, Some(Node { kind: Kind::List(_), .. }))
    }

    /// The list's places; none where nothing stands, or something else.
    pub(super) fn items(&self) -> Vec<Slot<'a>> {
        self.list().unwrap_or_default()
    }

    /// The list's places; none where nothing stands.
    pub(super) fn list(&self) -> Option<Vec<Slot<'a>>> {
        match self.node {
            None => Some(Vec::new()),
            Some(Node { kind: Kind::List(items), .. }) => {
                let places = items.iter().enumerate();
                Some(places.map(|(position, item)| self.item(position, item)).collect())
            }
            Some(node) => {
                self.problem(format!("expected a list, found {}", node.kind_name()));
                None
            }
        }
    }

    /// The list's places, or this place itself where a single value stands.
    pub(super) fn one_or_more(self) -> Vec<Slot<'a>> {
        match self.node {
            Some(Node { kind: Kind::Text(_), .. }) => vec![self],
            _ => self.items(),
        }
    }

    fn item(&self, position: usize, item: &'a Node) -> Slot<'a> {
        Slot {
            reader: self.reader,
            node: Some(item).filter(|node| !matches!(node.kind, Kind::Null)),
            origin: item.origin.clone(),
            key: format!("{}[{position}]", self.key),
        }
    }

    /// A text, references replaced. Nothing where nothing stands.
    pub(super) fn text(&self) -> Option<String> {
        let literal = self.literal()?;
        if matches!(self.origin_of_value(), Origin::Variable { .. }) {
            return Some(literal.to_owned());
        }
        match reference::expand(literal, self.reader.environment) {
            Ok(text) => Some(text),
            Err(broken) => {
                self.broken(broken, "export it");
                None
            }
        }
    }

    /// A text that must be there and not blank.
    pub(super) fn required(&self) -> Option<String> {
        if self.is_empty() {
            self.problem("is missing");
            return None;
        }
        let text = self.text()?;
        if text.trim().is_empty() {
            self.problem("is empty");
            return None;
        }
        Some(text)
    }

    /// A value of a type; `check` says what is wrong with the text.
    pub(super) fn parse<T, E: Display>(&self, check: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.required()?;
        check(text.trim()).map_err(|problem| self.problem(problem.to_string())).ok()
    }

    /// Like [`Self::parse`], where nothing may stand. Nothing is also returned after a problem.
    pub(super) fn parse_if_any<T, E: Display>(&self, check: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        if self.is_empty() || self.literal().is_some_and(str::is_empty) {
            return None;
        }
        self.parse(check)
    }

    /// A file's place, relative to the configuration's folder.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.required().map(|path| self.reader.folder.join(path))
    }

    /// A secret: from a variable or a file, never from the configuration's own text.
    pub(super) fn secret(&self) -> Option<SecretString> {
        if self.is_empty() {
            self.problem("is missing: give it as ${NAME}, from the environment, or as file:/path");
            return None;
        }
        let literal = self.literal()?;
        if let Some(path) = literal.strip_prefix("file:") {
            return self.secret_file(path);
        }
        let from_environment = matches!(self.origin_of_value(), Origin::Variable { .. });
        if !from_environment && reference::names(literal).is_empty() && !literal.contains("${") {
            self.problem(
                "a secret must not stand in the file: write ${NAME} and export NAME, or write file:/path \
                 (and replace this secret if the file was shared)",
            );
            return None;
        }
        self.secret_text(literal, from_environment)
    }

    fn secret_text(&self, literal: &str, from_environment: bool) -> Option<SecretString> {
        let secret = if from_environment {
            literal.to_owned()
        } else {
            let expanded = reference::expand(literal, self.reader.environment);
            expanded.map_err(|broken| self.broken(broken, "export it or write the key's file as file:/path")).ok()?
        };
        self.trimmed_secret(&secret, "is empty")
    }

    fn secret_file(&self, path: &str) -> Option<SecretString> {
        let path = self.reader.folder.join(path);
        match std::fs::read_to_string(&path) {
            Ok(secret) => self.trimmed_secret(&secret, &format!("the file {} is empty", path.display())),
            Err(problem) => {
                self.problem(format!("can't read the file {}: {problem}", path.display()));
                None
            }
        }
    }

    /// Files and shells add line ends that are no part of a key.
    fn trimmed_secret(&self, secret: &str, if_empty: &str) -> Option<SecretString> {
        let secret = secret.trim();
        if secret.is_empty() {
            self.problem(if_empty);
            return None;
        }
        Some(SecretString::from(secret))
    }

    fn broken(&self, broken: Broken, hint: &str) {
        self.problem(match broken {
            Broken::NotSet(name) => format!("environment variable {name} is not set ({hint})"),
            Broken::Empty(name) => format!("environment variable {name} is set to nothing ({hint})"),
            Broken::Malformed => {
                "a reference is written ${NAME}, with letters, digits and _; a literal ${ is written $${".into()
            }
        });
    }

    /// The text as it stands.
    fn literal(&self) -> Option<&'a str> {
        match self.node? {
            Node { kind: Kind::Text(text), .. } => Some(text),
            node => {
                self.problem(format!("expected a single value, found {}", node.kind_name()));
                None
            }
        }
    }

    fn origin_of_value(&self) -> &Origin {
        self.node.map_or(&self.origin, |node| &node.origin)
    }
}

fn note(reader: &Reader<'_>, origin: Origin, key: String, message: String) {
    reader.problems.borrow_mut().push(Problem { origin, key, message });
}

/// The key's line, unless the value was laid over it.
fn origin_of(entry: &Entry) -> Origin {
    match &entry.value.origin {
        over @ Origin::Variable { .. } => over.clone(),
        Origin::File { .. } | Origin::Mapping { .. } | Origin::Default { .. } => entry.origin.clone(),
    }
}

fn join(group: &str, key: &str) -> String {
    if group.is_empty() { key.to_owned() } else { format!("{group}.{key}") }
}
