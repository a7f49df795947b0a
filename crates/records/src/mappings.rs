//! The versions of a connection's mapping: what was said when, and which one holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_proto::ConnectionId;
use tandem_store::{Expected, Store};

use crate::entry::{bytes, held, put};
use crate::{Error, fingerprint, key};

/// Versions that are kept; the one that holds always is.
const MOST_KEPT: usize = 200;

/// The mappings of all connections; clones share them.
#[derive(Debug, Clone)]
pub struct Mappings {
    store: Store,
}

/// One version, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingVersion {
    /// Its number; they count from 1.
    pub number: u32,
    /// When it was made.
    pub at: Timestamp,
    /// Where it came from, for people.
    pub origin: String,
    /// The text's fingerprint, which it is stored under.
    print: String,
}

/// What is known of a connection's mapping.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MappingHistory {
    /// The one that holds; none where nobody has ever made one: the built-in mapping then holds.
    pub holds: Option<u32>,
    /// All that are kept, older first.
    pub versions: Vec<MappingVersion>,
    /// The fingerprint of the file that a connection was last started with, so that an edited file is a new version.
    #[serde(default)]
    file: String,
    #[serde(default)]
    last: u32,
}

impl Mappings {
    /// Those in that store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// What is known of a connection's.
    pub async fn history(&self, connection: &ConnectionId) -> Result<MappingHistory, Error> {
        Ok(held(self.store.get(&key::mapping(connection)).await?.as_ref()).1)
    }

    /// The text of a version; none where it isn't kept.
    pub async fn text(&self, connection: &ConnectionId, number: u32) -> Result<Option<String>, Error> {
        let history = self.history(connection).await?;
        let Some(version) = history.versions.iter().find(|version| version.number == number) else { return Ok(None) };
        let entry = self.store.get(&key::mapping_text(connection, &version.print)).await?;
        Ok(entry.map(|entry| String::from_utf8_lossy(&entry.value).into_owned()))
    }

    /// A new version, which holds from now on.
    pub async fn add(
        &self,
        connection: &ConnectionId,
        text: &str,
        (origin, at): (&str, Timestamp),
    ) -> Result<MappingVersion, Error> {
        loop {
            if let Some(version) = self.change(connection, text, (origin, at), |_| true).await? {
                return Ok(version);
            }
        }
    }

    /// The file that a process was started with: a new version, unless it is the one that was started with last. None where it is.
    pub async fn started_with(
        &self,
        connection: &ConnectionId,
        text: &str,
        (origin, at): (&str, Timestamp),
    ) -> Result<Option<MappingVersion>, Error> {
        let print = fingerprint(&[text]);
        self.change(connection, text, (origin, at), |history| {
            let is_new = history.file != print;
            history.file.clone_from(&print);
            is_new
        })
        .await
    }

    /// A version that was made before holds again; false where it isn't kept.
    pub async fn hold(&self, connection: &ConnectionId, number: u32) -> Result<bool, Error> {
        let key = key::mapping(connection);
        loop {
            let (expected, mut history): (Expected, MappingHistory) = held(self.store.get(&key).await?.as_ref());
            if !history.versions.iter().any(|version| version.number == number) {
                return Ok(false);
            }
            history.holds = Some(number);
            if put(&self.store, &key, bytes(&history), expected).await? {
                self.ring().await?;
                return Ok(true);
            }
        }
    }

    /// Counts the changes to any connection's mapping: whoever has seen this number has seen them all.
    pub async fn changes(&self) -> Result<u64, Error> {
        Ok(self.store.get(key::MAPPING_CHANGES).await?.map_or(0, |entry| entry.revision))
    }

    /// The text is stored before anybody is told of it.
    async fn change(
        &self,
        connection: &ConnectionId,
        text: &str,
        (origin, at): (&str, Timestamp),
        is_wanted: impl Fn(&mut MappingHistory) -> bool,
    ) -> Result<Option<MappingVersion>, Error> {
        let key = key::mapping(connection);
        loop {
            let (expected, mut history): (Expected, MappingHistory) = held(self.store.get(&key).await?.as_ref());
            if !is_wanted(&mut history) {
                return Ok(None);
            }
            let (number, print) = (history.last + 1, fingerprint(&[text]));
            // The same text is stored once, whoever was first.
            put(&self.store, &key::mapping_text(connection, &print), text.as_bytes().to_vec(), Expected::Absent)
                .await?;
            let version = MappingVersion { number, at, origin: origin.to_owned(), print };
            (history.holds, history.last) = (Some(number), number);
            history.versions.push(version.clone());
            let dropped: Vec<MappingVersion> =
                history.versions.drain(..history.versions.len().saturating_sub(MOST_KEPT)).collect();
            if put(&self.store, &key, bytes(&history), expected).await? {
                self.ring().await?;
                self.forget(connection, &dropped, &history).await?;
                return Ok(Some(version));
            }
        }
    }

    async fn forget(
        &self,
        connection: &ConnectionId,
        dropped: &[MappingVersion],
        history: &MappingHistory,
    ) -> Result<(), Error> {
        let is_shared = |print: &str| history.versions.iter().any(|kept| kept.print == print);
        for version in dropped.iter().filter(|version| !is_shared(&version.print)) {
            let key = key::mapping_text(connection, &version.print);
            if let Some(entry) = self.store.get(&key).await? {
                self.store.delete(&key, entry.revision).await?;
            }
        }
        Ok(())
    }

    /// Whoever looks for changes finds one.
    async fn ring(&self) -> Result<(), Error> {
        loop {
            let entry = self.store.get(key::MAPPING_CHANGES).await?;
            if put(&self.store, key::MAPPING_CHANGES, b"changed".to_vec(), Expected::after(entry.as_ref())).await? {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn mappings() -> (Mappings, ConnectionId) {
        (Mappings::new(Store::memory()), ConnectionId::new("acme").unwrap())
    }

    #[tokio::test]
    async fn versions_are_kept_and_one_of_them_holds() {
        let (mappings, acme) = mappings();
        assert_eq!(mappings.history(&acme).await.unwrap(), MappingHistory::default());
        let before = mappings.changes().await.unwrap();
        let first = mappings.add(&acme, "a: 1", ("a person", NOW)).await.unwrap();
        let second = mappings.add(&acme, "a: 2", ("a person", NOW)).await.unwrap();
        assert_eq!((first.number, second.number), (1, 2));
        let changed = mappings.changes().await.unwrap();
        assert!(changed > before);
        assert_eq!(mappings.history(&acme).await.unwrap().holds, Some(2));
        assert!(mappings.hold(&acme, 1).await.unwrap());
        assert!(!mappings.hold(&acme, 3).await.unwrap());
        let history = mappings.history(&acme).await.unwrap();
        assert_eq!((history.holds, history.versions.len()), (Some(1), 2));
        assert_eq!(mappings.text(&acme, 1).await.unwrap().as_deref(), Some("a: 1"));
        assert!(mappings.changes().await.unwrap() > changed);
        let other = ConnectionId::new("other").unwrap();
        assert_eq!(mappings.history(&other).await.unwrap().holds, None);
    }

    #[tokio::test]
    async fn a_file_is_a_version_when_it_is_another_than_at_the_last_start() {
        let (mappings, acme) = mappings();
        let start = async |text: &str| {
            let started = mappings.started_with(&acme, text, ("mapping.yaml", NOW)).await.unwrap();
            started.map(|version| version.number)
        };
        assert_eq!((start("a: 1").await, start("a: 1").await), (Some(1), None));
        let live = mappings.add(&acme, "a: 2", ("a person", NOW)).await.unwrap();
        // Started again with the same file, what was said since holds.
        assert_eq!((start("a: 1").await, mappings.history(&acme).await.unwrap().holds), (None, Some(live.number)));
        assert_eq!(start("a: 3").await, Some(3));
        assert_eq!(mappings.history(&acme).await.unwrap().holds, Some(3));
    }

    #[tokio::test]
    async fn the_oldest_versions_go_and_their_texts_with_them() {
        let (mappings, acme) = mappings();
        for number in 0..=MOST_KEPT {
            mappings.add(&acme, &format!("a: {number}"), ("a person", NOW)).await.unwrap();
        }
        let history = mappings.history(&acme).await.unwrap();
        assert_eq!((history.versions.len(), history.versions[0].number), (MOST_KEPT, 2));
        assert_eq!(mappings.text(&acme, 1).await.unwrap(), None);
        assert!(mappings.text(&acme, 2).await.unwrap().is_some());
    }
}
