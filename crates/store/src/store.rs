//! The handle that callers have, whatever the backend.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tandem_embedded::Database;
use tandem_jetstream::JetStream;

use crate::embedded::Embedded;
use crate::jetstream::Bucket;
use crate::memory::Memory;
use crate::overlay::Overlay;
use crate::{Entry, Error, Expected};

/// Entries held at a time while all are shown.
const WALKED_AT_ONCE: usize = 500;

/// Documents by key; clones share them.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Memory(Arc<Memory>),
    Embedded(Embedded),
    JetStream(Bucket),
    Overlay(Arc<Overlay>),
}

impl Store {
    /// A store that ends with the process.
    pub fn memory() -> Self {
        Self { backend: Backend::Memory(Arc::default()) }
    }

    /// The store in the embedded database.
    pub fn embedded(database: &Database) -> Result<Self, Error> {
        Ok(Self { backend: Backend::Embedded(Embedded::open(database)?) })
    }

    /// The store in NATS, in the key-value bucket STATE; makes the bucket if there is none. Documents are as durable
    /// as the server is set: with `sync_interval: always` when `put` returns.
    pub async fn jetstream(jetstream: &JetStream) -> Result<Self, Error> {
        Ok(Self { backend: Backend::JetStream(Bucket::open(jetstream).await?) })
    }

    /// A store over another one: reads go through, writes stay in memory. For trying out what would be written.
    pub fn overlay(base: Self) -> Self {
        Self { backend: Backend::Overlay(Arc::new(Overlay::new(base))) }
    }

    /// The value under a key.
    pub async fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        match &self.backend {
            Backend::Memory(memory) => Ok(memory.get(key)),
            Backend::Embedded(embedded) => embedded.get(key).await,
            Backend::JetStream(bucket) => bucket.get(key).await,
            Backend::Overlay(overlay) => overlay.get(key).await,
        }
    }

    /// Sets a key if it is as expected; returns its new revision. It is durable when this returns.
    pub async fn put(&self, key: &str, value: impl Into<Bytes>, expected: Expected) -> Result<u64, Error> {
        match &self.backend {
            Backend::Memory(memory) => memory.put(key, value.into(), expected),
            Backend::Embedded(embedded) => embedded.put(key, value.into(), expected).await,
            Backend::JetStream(bucket) => bucket.put(key, value.into(), expected).await,
            Backend::Overlay(overlay) => overlay.put(key, value.into(), expected).await,
        }
    }

    /// Removes a key that is at this revision.
    pub async fn delete(&self, key: &str, revision: u64) -> Result<(), Error> {
        match &self.backend {
            Backend::Memory(memory) => memory.delete(key, revision),
            Backend::Embedded(embedded) => embedded.delete(key, revision).await,
            Backend::JetStream(bucket) => bucket.delete(key, revision).await,
            Backend::Overlay(overlay) => overlay.delete(key, revision).await,
        }
    }

    /// Up to `limit` entries whose keys begin with the prefix, in byte order, from behind the key `after`.
    pub async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<(String, Entry)>, Error> {
        match &self.backend {
            Backend::Memory(memory) => Ok(memory.list(prefix, after, limit)),
            Backend::Embedded(embedded) => embedded.list(prefix, after, limit).await,
            Backend::JetStream(bucket) => bucket.list(prefix, after, limit).await,
            Backend::Overlay(overlay) => Box::pin(overlay.list(prefix, after, limit)).await,
        }
    }

    /// Shows every entry whose key begins with the prefix, in any order and without holding them. One that is written meanwhile
    /// may be shown twice, or as it was before.
    pub async fn walk(&self, prefix: &str, mut visit: impl FnMut(&str, Entry) + Send) -> Result<(), Error> {
        self.walk_with(prefix, &mut visit).await
    }

    /// The same for a visitor of any type: a store over another one would otherwise be of a type without an end.
    pub(crate) fn walk_with<'a>(
        &'a self,
        prefix: &'a str,
        visit: &'a mut (dyn FnMut(&str, Entry) + Send),
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>> {
        Box::pin(async move {
            match &self.backend {
                Backend::JetStream(bucket) => bucket.walk(prefix, visit).await,
                Backend::Overlay(overlay) => overlay.walk(prefix, visit).await,
                Backend::Memory(_) | Backend::Embedded(_) => self.walk_by_page(prefix, visit).await,
            }
        })
    }

    async fn walk_by_page(&self, prefix: &str, visit: &mut (dyn FnMut(&str, Entry) + Send)) -> Result<(), Error> {
        let mut after: Option<String> = None;
        loop {
            let page = self.list(prefix, after.as_deref(), WALKED_AT_ONCE).await?;
            let is_last = page.len() < WALKED_AT_ONCE;
            after = page.last().map(|(key, _)| key.clone());
            for (key, entry) in page {
                visit(&key, entry);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// How many keys begin with the prefix; takes time in proportion to the answer.
    pub async fn count(&self, prefix: &str) -> Result<u64, Error> {
        match &self.backend {
            Backend::Memory(memory) => Ok(memory.count(prefix)),
            Backend::Embedded(embedded) => embedded.count(prefix).await,
            Backend::JetStream(bucket) => bucket.count(prefix).await,
            Backend::Overlay(overlay) => Box::pin(overlay.count(prefix)).await,
        }
    }
}
