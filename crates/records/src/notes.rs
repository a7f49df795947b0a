//! Whose notes are read now and then, and what that showed the last time: `OpenPhone` tells of none (its contract sheet, section
//! 7.3), and reading those of everybody takes too long.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_store::{Expected, Store};

use crate::entry::{bytes, held, put};
use crate::{Error, Fingerprints, key};

/// Active contacts of one connection are spread over so many entries, so that none grows too large.
const SHARDS: u8 = 16;
/// Activity that is so little later than what is known is not worth a write.
const SLACK: Duration = Duration::from_mins(10);

/// Whose notes are read, and what was read; clones share it.
#[derive(Debug, Clone)]
pub struct Notes {
    store: Store,
}

/// A contact with something going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Active {
    /// When that was last seen to be so.
    at: Timestamp,
    /// When its notes were last read.
    read_at: Option<Timestamp>,
}

type Shard = BTreeMap<String, Active>;

/// What a contact's notes were when they were last read.
#[derive(Debug)]
pub struct SeenNotes {
    /// By the note's id.
    pub prints: Fingerprints,
    expected: Expected,
}

impl Notes {
    /// In that store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Something was going on with the contact then.
    pub async fn touch(&self, connection: &ConnectionId, contact: &str, at: Timestamp) -> Result<(), Error> {
        let touched = |shard: &mut Shard| {
            let active = shard.entry(contact.to_owned()).or_insert(Active { at, read_at: None });
            if at > active.at + SLACK {
                active.at = at;
            }
        };
        self.change(connection, key::shard_of(contact, SHARDS), touched).await
    }

    /// The contacts with something going on since then whose notes were not read for longest.
    pub async fn due(&self, connection: &ConnectionId, since: Timestamp, most: usize) -> Result<Vec<String>, Error> {
        let mut all = Vec::new();
        for shard in 0..SHARDS {
            let held: Shard = held(self.store.get(&key::active(connection, shard)).await?.as_ref()).1;
            let active = held.into_iter().filter(|(_, active)| active.at >= since);
            all.extend(active.map(|(contact, active)| (active.read_at, contact)));
        }
        all.sort();
        Ok(all.into_iter().take(most).map(|(_, contact)| contact).collect())
    }

    /// Their notes were read now. Whoever has had nothing going on since then is forgotten.
    pub async fn were_read(
        &self,
        connection: &ConnectionId,
        contacts: &BTreeSet<String>,
        (now, since): (Timestamp, Timestamp),
    ) -> Result<(), Error> {
        for shard in 0..SHARDS {
            let noted = |shard: &mut Shard| {
                shard.retain(|_, active| active.at >= since);
                let read = shard.iter_mut().filter(|(contact, _)| contacts.contains(*contact));
                read.for_each(|(_, active)| active.read_at = Some(now));
            };
            self.change(connection, shard, noted).await?;
        }
        Ok(())
    }

    /// What the contact's notes were.
    pub async fn seen(&self, connection: &ConnectionId, contact: &str) -> Result<SeenNotes, Error> {
        let (expected, prints) = held(self.store.get(&key::notes_seen(connection, contact)).await?.as_ref());
        Ok(SeenNotes { prints, expected })
    }

    /// What they are now, unless one of them was learned of meanwhile: the next reading tells then.
    pub async fn note(
        &self,
        connection: &ConnectionId,
        contact: &str,
        (before, now): (SeenNotes, &Fingerprints),
    ) -> Result<(), Error> {
        if before.prints == *now {
            return Ok(());
        }
        put(&self.store, &key::notes_seen(connection, contact), bytes(now), before.expected).await.map(drop)
    }

    /// What one of them is, known without reading all of them: ours, or read by itself. None where it is gone.
    pub async fn learn(
        &self,
        connection: &ConnectionId,
        contact: &str,
        (note, print): (&str, Option<String>),
    ) -> Result<(), Error> {
        let key = key::notes_seen(connection, contact);
        loop {
            let (expected, before): (Expected, Fingerprints) = held(self.store.get(&key).await?.as_ref());
            let mut prints = before.clone();
            match print.clone() {
                Some(print) => drop(prints.insert(note.to_owned(), print)),
                None => drop(prints.remove(note)),
            }
            if prints == before || put(&self.store, &key, bytes(&prints), expected).await? {
                return Ok(());
            }
        }
    }

    async fn change(&self, connection: &ConnectionId, shard: u8, change: impl Fn(&mut Shard)) -> Result<(), Error> {
        let key = key::active(connection, shard);
        loop {
            let (expected, before): (Expected, Shard) = held(self.store.get(&key).await?.as_ref());
            let mut shard = before.clone();
            change(&mut shard);
            if shard == before || put(&self.store, &key, bytes(&shard), expected).await? {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_mins(1_000_000 + minutes)
    }

    fn notes() -> (Notes, ConnectionId) {
        (Notes::new(Store::memory()), ConnectionId::new("acme").unwrap())
    }

    #[tokio::test]
    async fn whoever_waited_longest_is_read_first_and_the_quiet_are_left_alone() {
        let (notes, acme) = notes();
        for (contact, minutes) in [("c1", 0), ("c2", 100), ("c3", 100), ("c4", 100)] {
            notes.touch(&acme, contact, at(minutes)).await.unwrap();
        }
        let due = |most| notes.due(&acme, at(50), most);
        assert_eq!(due(10).await.unwrap(), ["c2", "c3", "c4"], "c1 has been quiet for too long");
        let read = BTreeSet::from(["c2".to_owned()]);
        notes.were_read(&acme, &read, (at(101), at(50))).await.unwrap();
        assert_eq!(due(2).await.unwrap(), ["c3", "c4"]);
        assert_eq!(due(3).await.unwrap(), ["c3", "c4", "c2"]);
        notes.touch(&acme, "c2", at(90)).await.unwrap();
        assert_eq!(notes.due(&acme, at(100), 9).await.unwrap().len(), 3, "old news made it quiet");
        assert!(notes.due(&acme, at(0), 9).await.unwrap().iter().all(|contact| contact != "c1"), "not forgotten");
    }

    #[tokio::test]
    async fn what_was_learned_while_all_were_read_is_kept() {
        let (notes, acme) = notes();
        let print = |text: &str| Some(text.to_owned());
        notes.learn(&acme, "c1", ("n1", print("a"))).await.unwrap();
        let before = notes.seen(&acme, "c1").await.unwrap();
        assert_eq!(before.prints, Fingerprints::from([("n1".to_owned(), "a".to_owned())]));
        notes.learn(&acme, "c1", ("n2", print("b"))).await.unwrap();
        let now = Fingerprints::from([("n1".to_owned(), "A".to_owned())]);
        notes.note(&acme, "c1", (before, &now)).await.unwrap();
        assert_eq!(notes.seen(&acme, "c1").await.unwrap().prints.len(), 2, "n2 would be told of");
        let before = notes.seen(&acme, "c1").await.unwrap();
        notes.note(&acme, "c1", (before, &now)).await.unwrap();
        assert_eq!(notes.seen(&acme, "c1").await.unwrap().prints, now);
        notes.learn(&acme, "c1", ("n1", None)).await.unwrap();
        assert!(notes.seen(&acme, "c1").await.unwrap().prints.is_empty());
        assert!(notes.seen(&acme, "c2").await.unwrap().prints.is_empty());
    }
}
