//! Who talks where: the conversation of a number with certain people, and the people of a conversation.
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

use super::{Conversation, Id};

/// A kept index of conversations. Same pages in any order, same answers.
#[derive(Debug, Clone, Default)]
pub struct Index {
    known: BTreeMap<Id, Known>,
    /// By our number and the people on the other side; several where `OpenPhone` holds the same thread twice.
    by_people: BTreeMap<(Id, BTreeSet<String>), BTreeSet<Id>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    number: Id,
    participants: BTreeSet<String>,
    is_deleted: bool,
    seen: Seen,
}

/// How new something is: by its last change, then by its last activity.
type Seen = (Option<Timestamp>, Option<Timestamp>);

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
        ids.iter().max_by_key(|id| (self.known.get(*id).and_then(|known| known.seen.1), *id))
    }

    /// Whose the conversation is; deleted ones are still known.
    pub fn owner(&self, conversation: &Id) -> Owner<'_> {
        let Some(known) = self.known.get(conversation) else { return Owner::Unknown };
        match (known.participants.first(), known.participants.len()) {
            (Some(person), 1) => Owner::Person(person),
            _ => Owner::Nobody,
        }
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
        let new = Known {
            number: conversation.number.clone(),
            participants: conversation.participants.clone(),
            is_deleted: conversation.deleted_at.is_some(),
            seen: (conversation.updated_at, conversation.last_activity_at),
        };
        let held = self.known.get(&conversation.id);
        if held.is_some_and(|held| held.rank().cmp(&new.rank()) != Ordering::Less) {
            return false;
        }
        if let Some(held) = self.known.insert(conversation.id.clone(), new.clone()) {
            self.forget(&conversation.id, &held);
        }
        // Without people there is nothing to look it up by.
        if !new.is_deleted && !new.participants.is_empty() {
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
    /// The newer state of a conversation wins, whenever it arrives. Of two equally new ones the deleted one does, then any,
    /// but always the same.
    fn rank(&self) -> (Seen, bool, &BTreeSet<String>, &Id) {
        (self.seen, self.is_deleted, &self.participants, &self.number)
    }

    fn people(&self) -> (Id, BTreeSet<String>) {
        (self.number.clone(), self.participants.clone())
    }
}

#[cfg(test)]
mod tests;
