//! A store over another one: reads go through, writes stay here and end with the process. For trying out what would be written.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use tokio::sync::Mutex;

use crate::{Entry, Error, Expected, Store};

/// Far above any revision that a store gets to by counting, so that none of both is taken for one of the other.
const FIRST: u64 = 1 << 62;

#[derive(Debug)]
pub(crate) struct Overlay {
    base: Store,
    /// Held while the base is asked: a compare-and-set is one step.
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    last_revision: u64,
    /// None: deleted here.
    entries: BTreeMap<String, Option<Entry>>,
}

impl Overlay {
    pub(crate) fn new(base: Store) -> Self {
        Self { base, written: Mutex::new(Written { last_revision: FIRST, entries: BTreeMap::new() }) }
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        let written = self.written.lock().await;
        self.current(&written, key).await
    }

    pub(crate) async fn put(&self, key: &str, value: Bytes, expected: Expected) -> Result<u64, Error> {
        let mut written = self.written.lock().await;
        self.check(&written, key, expected).await?;
        written.last_revision += 1;
        let revision = written.last_revision;
        written.entries.insert(key.to_owned(), Some(Entry { value, revision }));
        Ok(revision)
    }

    pub(crate) async fn delete(&self, key: &str, revision: u64) -> Result<(), Error> {
        let mut written = self.written.lock().await;
        self.check(&written, key, Expected::Revision(revision)).await?;
        written.entries.insert(key.to_owned(), None);
        Ok(())
    }

    pub(crate) async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Entry)>, Error> {
        let written = self.written.lock().await;
        let is_behind = |key: &str| after.is_none_or(|after| key > after);
        let ours = written.under(prefix).filter(|(key, _)| is_behind(key));
        let (there, gone): (Vec<_>, Vec<_>) = ours.partition(|(_, entry)| entry.is_some());
        // What is deleted or replaced here takes up room in the base's answer.
        let base = self.base.list(prefix, after, limit + there.len() + gone.len()).await?;
        let mut all: BTreeMap<String, Entry> = base.into_iter().collect();
        for (key, _) in gone {
            all.remove(key);
        }
        all.extend(there.into_iter().filter_map(|(key, entry)| Some((key.clone(), entry.clone()?))));
        Ok(all.into_iter().take(limit).collect())
    }

    pub(crate) async fn count(&self, prefix: &str) -> Result<u64, Error> {
        let mut keys = BTreeSet::new();
        self.walk(prefix, &mut |key, _| {
            keys.insert(key.to_owned());
        })
        .await?;
        Ok(keys.len() as u64)
    }

    pub(crate) async fn walk(&self, prefix: &str, visit: &mut (dyn FnMut(&str, Entry) + Send)) -> Result<(), Error> {
        let written = self.written.lock().await;
        let ours: BTreeMap<&String, &Option<Entry>> = written.under(prefix).collect();
        let mut visit_base = |key: &str, entry: Entry| {
            if !ours.contains_key(&key.to_owned()) {
                visit(key, entry);
            }
        };
        self.base.walk_with(prefix, &mut visit_base).await?;
        for (key, entry) in &ours {
            if let Some(entry) = entry {
                visit(key, entry.clone());
            }
        }
        Ok(())
    }

    async fn current(&self, written: &Written, key: &str) -> Result<Option<Entry>, Error> {
        match written.entries.get(key) {
            Some(entry) => Ok(entry.clone()),
            None => Box::pin(self.base.get(key)).await,
        }
    }

    async fn check(&self, written: &Written, key: &str, expected: Expected) -> Result<(), Error> {
        let current = self.current(written, key).await?;
        if expected.holds(current.map(|entry| entry.revision)) {
            Ok(())
        } else {
            Err(Error::Conflict { key: key.to_owned() })
        }
    }
}

impl Written {
    fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a String, &'a Option<Entry>)> {
        let from = std::ops::Bound::Included(prefix);
        self.entries
            .range::<str, _>((from, std::ops::Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_store_below_stays_as_it_is() {
        let base = Store::memory();
        for key in ["a/1", "a/2", "a/3"] {
            base.put(key, "base", Expected::Absent).await.unwrap();
        }
        let over = Store::overlay(base.clone());
        let two = over.get("a/2").await.unwrap().unwrap();
        over.put("a/2", "over", Expected::Revision(two.revision)).await.unwrap();
        let one = over.get("a/1").await.unwrap().unwrap();
        over.delete("a/1", one.revision).await.unwrap();
        over.put("a/9", "over", Expected::Absent).await.unwrap();
        let keys = |page: Vec<(String, Entry)>| page.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(over.list("a/", None, 2).await.unwrap()), ["a/2", "a/3"]);
        assert_eq!(keys(over.list("a/", Some("a/3"), 2).await.unwrap()), ["a/9"]);
        assert_eq!((over.count("a/").await.unwrap(), base.count("a/").await.unwrap()), (3, 3));
        assert_eq!(base.get("a/2").await.unwrap(), Some(two.clone()));
        let late = over.put("a/2", "late", Expected::Revision(two.revision)).await;
        assert!(matches!(late, Err(Error::Conflict { .. })));
        // What changes below is seen, and is a lost race like any other.
        let three = over.get("a/3").await.unwrap().unwrap();
        base.put("a/3", "newer", Expected::Revision(three.revision)).await.unwrap();
        let late = over.put("a/3", "late", Expected::Revision(three.revision)).await;
        assert!(matches!(late, Err(Error::Conflict { .. })));
        let mut seen = BTreeMap::new();
        let visit = |key: &str, entry: Entry| {
            seen.insert(key.to_owned(), entry.value);
        };
        over.walk("a/", visit).await.unwrap();
        let seen: Vec<_> = seen.iter().map(|(key, value)| (key.as_str(), &value[..])).collect();
        assert_eq!(seen, [("a/2", &b"over"[..]), ("a/3", b"newer"), ("a/9", b"over")]);
    }
}
