//! Who changed what over the management API: noted before the change is carried out, and again when it is known how it ended.
//!
//! An entry holds no personal data and nothing of what was said: names of tokens, routes, ids of ours.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_store::{Expected, Store};

use crate::entry::bytes;
use crate::{Error, key};

/// How often an end is written before it is given up: nobody else writes to an entry, but an answer of the store may get lost.
const MOST_TRIES: usize = 5;
/// Digits of an id's time: milliseconds until the year 2286, so that ids sort by time.
const TIME_DIGITS: usize = 13;
/// Digits of an id's random part.
const RANDOM_DIGITS: usize = 16;

/// What was asked for over the management API; clones share it.
#[derive(Debug, Clone)]
pub struct Audit {
    store: Store,
}

/// What somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The token's name.
    pub who: String,
    /// The token's role then.
    pub role: String,
    /// The request's method.
    pub method: String,
    /// The route, with names for what differs: `/api/v1/dead/{number}`.
    pub route: String,
    /// The path, as far as nothing personal can stand in it.
    pub path: String,
    /// Whose records or mapping it was about; none where that is not said by the route.
    pub connection: Option<ConnectionId>,
}

/// What was asked for, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its own id; they sort by time.
    pub id: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// What was asked for.
    #[serde(flatten)]
    pub asked: Asked,
    /// The answer's status; none where it is not known: it is under way, or the process ended meanwhile.
    pub status: Option<u16>,
    /// When it was answered.
    pub ended_at: Option<Timestamp>,
}

/// An entry that has no end yet.
#[must_use]
#[derive(Debug)]
pub struct Begun {
    entry: AuditEntry,
    revision: u64,
}

impl Audit {
    /// In that store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Notes what is about to be done. It is durable when this returns.
    pub async fn begin(&self, asked: Asked, (now, random): (Timestamp, u64)) -> Result<Begun, Error> {
        let id = id(now, random);
        let entry = AuditEntry { id, at: now, asked, status: None, ended_at: None };
        let revision = self.store.put(&key::audit(&entry.id), bytes(&entry), Expected::Absent).await?;
        Ok(Begun { entry, revision })
    }

    /// Notes how it ended.
    pub async fn end(&self, begun: Begun, status: u16, now: Timestamp) -> Result<(), Error> {
        let Begun { mut entry, mut revision } = begun;
        (entry.status, entry.ended_at) = (Some(status), Some(now));
        let key = key::audit(&entry.id);
        for _ in 1..MOST_TRIES {
            match self.store.put(&key, bytes(&entry), Expected::Revision(revision)).await {
                Ok(_) => return Ok(()),
                Err(error) if error.class().is_retryable() => {}
                Err(error) => return Err(error.into()),
            }
            let found = self.store.get(&key).await?;
            // The write may have been stored although it failed.
            if found.as_ref().is_some_and(|found| found.value == bytes(&entry)) {
                return Ok(());
            }
            revision = found.map_or(revision, |found| found.revision);
        }
        self.store.put(&key, bytes(&entry), Expected::Revision(revision)).await?;
        Ok(())
    }

    /// Up to `limit` entries, the newest first; only those from before the entry with this id, where one is named.
    pub async fn newest(&self, limit: usize, before: Option<&str>) -> Result<Vec<AuditEntry>, Error> {
        let mut found = BTreeMap::new();
        let visit = |_: &str, entry: tandem_store::Entry| {
            let Ok(entry) = serde_json::from_slice::<AuditEntry>(&entry.value) else { return };
            if before.is_none_or(|before| entry.id.as_str() < before) {
                found.insert(entry.id.clone(), entry);
            }
            if found.len() > limit {
                found.pop_first();
            }
        };
        self.store.walk(key::AUDIT, visit).await?;
        Ok(found.into_values().rev().collect())
    }

    /// Lets go of what was asked for before then.
    pub async fn trim(&self, before: Timestamp) -> Result<u64, Error> {
        let oldest = key::audit(&id(before, 0));
        let mut old = Vec::new();
        let visit = |key: &str, entry: tandem_store::Entry| {
            if key < oldest.as_str() {
                old.push((key.to_owned(), entry.revision));
            }
        };
        self.store.walk(key::AUDIT, visit).await?;
        let mut gone = 0;
        for (key, revision) in old {
            match self.store.delete(&key, revision).await {
                Ok(()) => gone += 1,
                // Another process was quicker.
                Err(tandem_store::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(gone)
    }
}

impl AuditEntry {
    /// Whether this can be an entry's id.
    pub fn is_id(text: &str) -> bool {
        text.split_once('-').is_some_and(|(time, random)| {
            let is_time = time.len() == TIME_DIGITS && time.bytes().all(|byte| byte.is_ascii_digit());
            is_time && random.len() == RANDOM_DIGITS && random.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }
}

fn id(at: Timestamp, random: u64) -> String {
    let time = at.as_millisecond().max(0);
    format!("{time:0TIME_DIGITS$}-{random:0RANDOM_DIGITS$x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(who: &str) -> Asked {
        Asked {
            who: who.to_owned(),
            role: "admin".to_owned(),
            method: "PUT".to_owned(),
            route: "/api/v1/connections/{connection}/mapping".to_owned(),
            path: "/api/v1/connections/acme/mapping".to_owned(),
            connection: ConnectionId::new("acme").ok(),
        }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    async fn three(audit: &Audit) {
        for (at, who) in [(2, "b"), (1, "a"), (3, "c")] {
            let begun = audit.begin(asked(who), (second(at), 7)).await.unwrap();
            audit.end(begun, 200, second(at + 10)).await.unwrap();
        }
    }

    fn names(entries: &[AuditEntry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.asked.who.as_str()).collect()
    }

    #[tokio::test]
    async fn what_was_begun_is_there_before_it_ended() {
        let audit = Audit::new(Store::memory());
        let begun = audit.begin(asked("ana"), (second(0), 1)).await.unwrap();
        let [entry] = &audit.newest(10, None).await.unwrap()[..] else { panic!("one entry is expected") };
        assert_eq!((entry.status, entry.ended_at, entry.asked.who.as_str()), (None, None, "ana"));
        assert!(AuditEntry::is_id(&entry.id), "{}", entry.id);
        audit.end(begun, 422, second(5)).await.unwrap();
        let [entry] = &audit.newest(10, None).await.unwrap()[..] else { panic!("one entry is expected") };
        assert_eq!((entry.at, entry.status, entry.ended_at), (second(0), Some(422), Some(second(5))));
    }

    #[tokio::test]
    async fn the_newest_come_first_page_by_page() {
        let audit = Audit::new(Store::memory());
        three(&audit).await;
        let first = audit.newest(2, None).await.unwrap();
        assert_eq!(names(&first), ["c", "b"]);
        let second = audit.newest(2, Some(&first[1].id)).await.unwrap();
        assert_eq!(names(&second), ["a"]);
        assert_eq!(names(&audit.newest(2, Some(&second[0].id)).await.unwrap()), Vec::<&str>::new());
    }

    #[tokio::test]
    async fn what_is_old_goes() {
        let audit = Audit::new(Store::memory());
        three(&audit).await;
        assert_eq!(audit.trim(second(3)).await.unwrap(), 2);
        assert_eq!(names(&audit.newest(9, None).await.unwrap()), ["c"]);
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in ["", "1", "1700000000000", "1700000000000-1", "170000000000x-0000000000000007", "-0000000000000007"]
        {
            assert!(!AuditEntry::is_id(text), "{text}");
        }
    }
}
