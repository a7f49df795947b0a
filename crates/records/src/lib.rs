#![doc = include_str!("../README.md")]

mod audit;
mod entry;
mod error;
mod firings;
mod key;
mod mappings;
mod notes;
mod prints;
mod talks;
mod tasks;
mod turns;
mod whose;

use tandem_contact::Side;
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{Brake, Document, Kind};
use tandem_store::{Expected, Store};

pub use audit::{Asked, Audit, AuditEntry, Begun};
pub use error::Error;
pub use firings::{Digest, Firings, LoadedFiring};
pub use key::{firing_id, record_id, thing_record_id};
pub use mappings::{MappingHistory, MappingVersion, Mappings};
pub use notes::{Notes, SeenNotes};
pub use prints::{Fingerprints, changed, fingerprint};
pub use talks::Talks;
pub use tasks::SeenTasks;
pub use turns::{Doing, Turn, Turns};

/// A document and the revision it was read at.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The document.
    pub document: Document,
    /// What the next save names.
    pub revision: u64,
}

/// Typed access to the store; clones share it.
#[derive(Debug, Clone)]
pub struct Records {
    store: Store,
}

impl Records {
    /// Records in that store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Who does what only one may do at a time, kept in the same store.
    pub fn turns(&self) -> Turns {
        Turns::new(self.store.clone())
    }

    /// Rules that were started, kept in the same store.
    pub fn firings(&self) -> Firings {
        Firings::new(self.store.clone())
    }

    /// What readings of all tasks showed, kept in the same store.
    pub fn seen_tasks(&self, side: Side) -> SeenTasks {
        SeenTasks::new(self.store.clone(), side)
    }

    /// Whose notes are read, and what that showed, kept in the same store.
    pub fn notes(&self) -> Notes {
        Notes::new(self.store.clone())
    }

    /// `OpenPhone`'s conversations, kept in the same store.
    pub fn talks(&self) -> Talks {
        Talks::new(self.store.clone())
    }

    /// The document of a record, if there is one.
    pub async fn load(&self, connection: &ConnectionId, record: &RecordId) -> Result<Option<Loaded>, Error> {
        let Some(entry) = self.store.get(&key::record(connection, record)).await? else { return Ok(None) };
        let document: Document = serde_json::from_slice(&entry.value)
            .map_err(|source| Error::Unreadable { record: record.clone(), source })?;
        if document.schema != Document::SCHEMA {
            return Err(Error::Schema { record: record.clone(), found: document.schema });
        }
        Ok(Some(Loaded { document, revision: entry.revision }))
    }

    /// Compare-and-set; the revision for the next save.
    pub async fn save(&self, document: &Document, expected: Expected) -> Result<u64, Error> {
        let bytes =
            serde_json::to_vec(document).map_err(|source| Error::Unreadable { record: document.id.clone(), source })?;
        Ok(self.store.put(&key::record(&document.connection, &document.id), bytes, expected).await?)
    }

    /// The record of a provider's contact.
    pub async fn linked(&self, connection: &ConnectionId, side: Side, id: &str) -> Result<Option<RecordId>, Error> {
        self.named(&key::link(connection, Kind::Contact, side, id)).await
    }

    /// The record of a provider's task or note.
    pub async fn linked_thing(
        &self,
        connection: &ConnectionId,
        (kind, side): (Kind, Side),
        id: &str,
    ) -> Result<Option<RecordId>, Error> {
        self.named(&key::link(connection, kind, side, id)).await
    }

    /// The record that holds an identity key.
    pub async fn holder(&self, connection: &ConnectionId, identity: &str) -> Result<Option<RecordId>, Error> {
        self.named(&key::claim(connection, identity)).await
    }

    /// Notes which record a provider's contact, task or note belongs to. The last word counts: the document decides, this is an index.
    pub async fn link(&self, document: &Document, side: Side, id: &str) -> Result<(), Error> {
        let key = key::link(&document.connection, document.kind, side, id);
        loop {
            let held = self.store.get(&key).await?;
            if held.as_ref().is_some_and(|entry| entry.value == document.id.as_str().as_bytes()) {
                return Ok(());
            }
            match self.store.put(&key, document.id.to_string(), Expected::after(held.as_ref())).await {
                Ok(_) => return Ok(()),
                // Somebody else had the last word meanwhile.
                Err(tandem_store::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The same for somebody who has only met it: whoever is noted already may have made it, and stays.
    pub async fn link_if_new(&self, document: &Document, side: Side, id: &str) -> Result<(), Error> {
        let key = key::link(&document.connection, document.kind, side, id);
        match self.store.put(&key, document.id.to_string(), Expected::Absent).await {
            Ok(_) | Err(tandem_store::Error::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes an identity key for the record, unless another one holds it: then that one is returned.
    pub async fn claim(&self, document: &Document, identity: &str) -> Result<Option<RecordId>, Error> {
        let key = key::claim(&document.connection, identity);
        loop {
            match self.store.put(&key, document.id.to_string(), Expected::Absent).await {
                Ok(_) => return Ok(None),
                Err(tandem_store::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            // Given back between the two looks: try again.
            if let Some(holder) = self.named(&key).await? {
                return Ok((holder != document.id).then_some(holder));
            }
        }
    }

    /// Gives an identity key back, if this record holds it.
    pub async fn release(&self, connection: &ConnectionId, record: &RecordId, identity: &str) -> Result<(), Error> {
        let key = key::claim(connection, identity);
        if let Some(entry) = self.store.get(&key).await?
            && entry.value == record.as_str().as_bytes()
        {
            self.store.delete(&key, entry.revision).await?;
        }
        Ok(())
    }

    /// Shows every document of a connection, in any order. What can't be read is passed over: its own work tells of it.
    pub async fn each(&self, connection: &ConnectionId, mut visit: impl FnMut(Document) + Send) -> Result<(), Error> {
        let visit = |_: &str, entry: tandem_store::Entry| {
            let document = serde_json::from_slice::<Document>(&entry.value).ok();
            if let Some(document) = document.filter(|document| document.schema == Document::SCHEMA) {
                visit(document);
            }
        };
        Ok(self.store.walk(&key::records_of(connection), visit).await?)
    }

    /// What the mass-change brake of a connection knows.
    pub async fn brake(&self, connection: &ConnectionId) -> Result<Brake, Error> {
        Ok(self.brake_entry(connection).await?.0)
    }

    /// Changes what the brake knows, by compare-and-set; the change is decided anew where somebody else was quicker.
    pub async fn change_brake<T>(
        &self,
        connection: &ConnectionId,
        change: impl Fn(&mut Brake) -> T,
    ) -> Result<(Brake, T), Error> {
        loop {
            let (mut brake, expected) = self.brake_entry(connection).await?;
            let before = brake.clone();
            let told = change(&mut brake);
            if brake == before {
                return Ok((brake, told));
            }
            let bytes = serde_json::to_vec(&brake).map_err(|source| Error::Brake { source })?;
            match self.store.put(&key::brake(connection), bytes, expected).await {
                Ok(_) => return Ok((brake, told)),
                Err(tandem_store::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn brake_entry(&self, connection: &ConnectionId) -> Result<(Brake, Expected), Error> {
        let entry = self.store.get(&key::brake(connection)).await?;
        let brake = entry.as_ref().map(|entry| serde_json::from_slice(&entry.value)).transpose();
        Ok((brake.map_err(|source| Error::Brake { source })?.unwrap_or_default(), Expected::after(entry.as_ref())))
    }

    /// How many records a connection has.
    pub async fn count(&self, connection: &ConnectionId) -> Result<u64, Error> {
        Ok(self.store.count(&key::records_of(connection)).await?)
    }

    async fn named(&self, key: &str) -> Result<Option<RecordId>, Error> {
        let Some(entry) = self.store.get(key).await? else { return Ok(None) };
        let text = String::from_utf8_lossy(&entry.value).into_owned();
        RecordId::new(text).map(Some).map_err(|_| Error::Index { key: key.to_owned() })
    }
}

#[cfg(test)]
mod tests;
