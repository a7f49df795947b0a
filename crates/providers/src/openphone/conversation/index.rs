//! Who talks where: the conversation of a number with certain people, and the people of a conversation. [`Known`] is what
//! is kept of each and decides which news counts; [`Index`] holds all of them in memory, others may keep them elsewhere.
//!
//! `OpenPhone` can't be asked for either: there is no search by participants and no conversation by id (contract sheet,
//! section 7.2). So the list is read once, newest activity first, and then again from the top whenever something is missing
//! or old; [`Index::feed`] says when nothing newer follows.
//!
//! **Group conversations belong to nobody.** Several people are in one, so it says nothing about any of them: a lookup
//! finds the conversation with exactly the people asked for, never a larger one, and [`Owner`] names a person only for a
//! conversation of two.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::json;

use super::{Conversation, Id};

/// A kept index of conversations. Same pages in any order, same answers.
#[derive(Debug, Clone, Default)]
pub struct Index {
    known: BTreeMap<Id, Known>,
    /// By our number and the people on the other side; several where `OpenPhone` holds the same thread twice.
    by_people: BTreeMap<(Id, BTreeSet<String>), BTreeSet<Id>>,
}

/// What is kept of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Our number.
    pub number: Id,
    /// The others' numbers, E.164.
    pub participants: BTreeSet<String>,
    /// It was deleted: it is still known whose it was, but nobody is sent there.
    pub is_deleted: bool,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// When something was last said in it.
    pub last_activity_at: Option<Timestamp>,
}

/// Whose a conversation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner<'a> {
    /// The one person on the other side, E.164.
    Person(&'a str),
    /// Several people, or none: nobody's.
    Nobody,
    /// The index doesn't know the conversation (yet).
    Unknown,
}

impl Index {
    /// Takes in a page of the list. True while there was news on it: once a page of a list that was read to its end before
    /// brings none, nothing newer follows, because the list is ordered by activity.
    pub fn feed(&mut self, page: &[Conversation]) -> bool {
        // Every one is taken in: `any` would stop at the first news.
        page.iter().map(|conversation| self.take(conversation)).filter(|is_news| *is_news).count() > 0
    }

    /// The conversation of our number with exactly these people; of several the one with the latest activity. Deleted ones
    /// are not found.
    pub fn find(&self, number: &Id, participants: &BTreeSet<String>) -> Option<&Id> {
        let ids = self.by_people.get(&(number.clone(), participants.clone()))?;
        ids.iter().max_by_key(|id| (self.known.get(*id).and_then(|known| known.last_activity_at), *id))
    }

    /// Whose the conversation is; deleted ones are still known.
    pub fn owner(&self, conversation: &Id) -> Owner<'_> {
        self.known.get(conversation).map_or(Owner::Unknown, Known::owner)
    }

    /// How many conversations are known, deleted ones included.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// True before the first page.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn take(&mut self, conversation: &Conversation) -> bool {
        let new = Known::of(conversation);
        let held = self.known.get(&conversation.id);
        if held.is_some_and(|held| !new.is_newer_than(held)) {
            return false;
        }
        if let Some(held) = self.known.insert(conversation.id.clone(), new.clone()) {
            self.forget(&conversation.id, &held);
        }
        if new.can_be_found() {
            self.by_people.entry(new.people()).or_default().insert(conversation.id.clone());
        }
        true
    }

    fn forget(&mut self, id: &Id, held: &Known) {
        let people = held.people();
        if let Some(ids) = self.by_people.get_mut(&people) {
            ids.remove(id);
            if ids.is_empty() {
                self.by_people.remove(&people);
            }
        }
    }
}

impl Known {
    /// What is kept of this one.
    pub fn of(conversation: &Conversation) -> Self {
        Self {
            number: conversation.number.clone(),
            participants: conversation.participants.clone(),
            is_deleted: conversation.deleted_at.is_some(),
            updated_at: conversation.updated_at,
            last_activity_at: conversation.last_activity_at,
        }
    }

    /// Whether this is the newer state of the same conversation, whichever was heard of first. Of two equally new ones the
    /// deleted one is, then any, but always the same.
    pub fn is_newer_than(&self, held: &Self) -> bool {
        self.rank().cmp(&held.rank()) == Ordering::Greater
    }

    /// Whether somebody may be sent there: it exists, and there are people to look it up by.
    pub fn can_be_found(&self) -> bool {
        !self.is_deleted && !self.participants.is_empty()
    }

    /// Whose it is.
    pub fn owner(&self) -> Owner<'_> {
        match (self.participants.first(), self.participants.len()) {
            (Some(person), 1) => Owner::Person(person),
            _ => Owner::Nobody,
        }
    }

    /// As it is stored.
    pub fn to_json(&self) -> Json {
        json::given([
            ("number", Some(self.number.as_str().into())),
            ("participants", Some(self.participants.iter().map(String::as_str).collect())),
            ("deleted", Some(self.is_deleted.into())),
            ("updatedAt", self.updated_at.map(|at| at.to_string().into())),
            ("lastActivityAt", self.last_activity_at.map(|at| at.to_string().into())),
        ])
    }

    /// Reads what was stored.
    pub fn from_json(stored: &Json) -> Option<Self> {
        let stored = stored.as_object()?;
        Some(Self {
            number: Id::read(stored, "number")?,
            participants: json::list(stored, "participants").iter().filter_map(json::plain).collect(),
            is_deleted: stored.get("deleted")?.as_bool()?,
            updated_at: json::time(stored, "updatedAt"),
            last_activity_at: json::time(stored, "lastActivityAt"),
        })
    }

    /// By the last change, then by the last activity.
    fn rank(&self) -> (Option<Timestamp>, Option<Timestamp>, bool, &BTreeSet<String>, &Id) {
        (self.updated_at, self.last_activity_at, self.is_deleted, &self.participants, &self.number)
    }

    fn people(&self) -> (Id, BTreeSet<String>) {
        (self.number.clone(), self.participants.clone())
    }
}

#[cfg(test)]
mod tests;
