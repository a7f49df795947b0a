//! Secrets at rest: every holder has a random data key, sealed by a master key; its records are sealed by the data key.
//!
//! A new master key is put in front of the list: [`Vault::rewrap_all`] seals all data keys with it. The records themselves
//! stay as they are.

mod cipher;
mod error;
mod master;
mod record;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::NONCE_LEN;
use secrecy::SecretBox;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tandem_store::{Expected, Store};

use crate::{Holder, secret};
use cipher::Key;
pub use cipher::KeyId;
pub use error::{Defect, VaultError};
pub use master::{KeyError, MasterKeys};
pub(crate) use record::Purpose;
use record::Sealed;

/// Entries that are listed at once.
const PAGE: usize = 200;

/// Fills a buffer with random bytes; false when it can't.
pub type Random = Arc<dyn Fn(&mut [u8]) -> bool + Send + Sync>;

/// Secrets in a store. Clones share it.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    masters: MasterKeys,
    random: Random,
    /// The data keys that were opened, the last one of each holder.
    open: Mutex<HashMap<Holder, Arc<Key>>>,
}

/// A value and the revision it was read at.
#[derive(Debug)]
pub(crate) struct Held<T> {
    pub(crate) value: T,
    pub(crate) revision: u64,
}

/// What [`Vault::rewrap_all`] has done.
#[derive(Debug, Default)]
pub struct Rewrapped {
    /// Data keys that are under the first master key already.
    pub current: u64,
    /// Data keys that are so from now on.
    pub moved: u64,
    /// Data keys that can't be opened, and why not.
    pub closed: Vec<VaultError>,
}

impl Vault {
    /// Secrets in that store under those keys, with the system's random numbers.
    pub fn new(store: Store, masters: MasterKeys) -> Self {
        Self::with_random(store, masters, Arc::new(|bytes| aws_lc_rs::rand::fill(bytes).is_ok()))
    }

    /// The same with random numbers from elsewhere. What repeats gives the secrets away: for tests.
    pub fn with_random(store: Store, masters: MasterKeys, random: Random) -> Self {
        Self { inner: Arc::new(Inner { store, masters, random, open: Mutex::default() }) }
    }

    /// Puts every data key under the first master key, so that the others can be left out of the configuration once no
    /// process has another one in front.
    ///
    /// # Errors
    /// The store doesn't answer; what was done stays done. A key that can't be opened keeps none of the others back.
    pub async fn rewrap_all(&self) -> Result<Rewrapped, VaultError> {
        let mut done = Rewrapped::default();
        for holder in self.holders(Purpose::DataKey).await? {
            match self.rewrapped(&holder).await {
                Ok(true) => done.moved += 1,
                Ok(false) => done.current += 1,
                Err(error @ VaultError::Store(_)) => return Err(error),
                Err(error) => done.closed.push(error),
            }
        }
        Ok(done)
    }

    /// The names of the master keys, the sealing one first.
    pub fn master_keys(&self) -> impl Iterator<Item = &KeyId> {
        self.inner.masters.ids()
    }

    /// Everybody who has a record of this kind.
    pub(crate) async fn holders(&self, purpose: Purpose) -> Result<Vec<Holder>, VaultError> {
        let prefix = purpose.prefix();
        let mut holders = Vec::new();
        let mut last: Option<String> = None;
        loop {
            let page = self.inner.store.list(&prefix, last.as_deref(), PAGE).await?;
            let Some((key, _)) = page.last() else { return Ok(holders) };
            last = Some(key.clone());
            // What isn't named as we name it was never written here.
            holders.extend(page.iter().filter_map(|(key, _)| Holder::of_key(key.strip_prefix(&prefix)?)));
        }
    }

    /// Opens the holder's record, if there is one.
    pub(crate) async fn load<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        holder: &Holder,
    ) -> Result<Option<Held<T>>, VaultError> {
        let place = purpose.key(holder);
        let Some(entry) = self.inner.store.get(&place).await? else { return Ok(None) };
        let sealed = Sealed::read(&entry.value).map_err(|defect| broken(&place, defect))?;
        let key = self.data_key_named(holder, &sealed.key, &place).await?;
        let text = sealed.open(&key, (purpose, holder)).map_err(|defect| broken(&place, defect))?;
        let value = serde_json::from_slice(&text).map_err(|_| broken(&place, Defect::Content))?;
        Ok(Some(Held { value, revision: entry.revision }))
    }

    /// Seals the holder's record; compare-and-set, durable when this returns.
    pub(crate) async fn save<T: Serialize>(
        &self,
        (purpose, holder): (Purpose, &Holder),
        value: &T,
        expected: Expected,
    ) -> Result<u64, VaultError> {
        let place = purpose.key(holder);
        let mut text = secret::buffer();
        serde_json::to_writer(&mut *text, value).map_err(|_| broken(&place, Defect::Content))?;
        let key = self.data_key(holder).await?;
        let sealed = Sealed::seal(&key, self.nonce()?, (purpose, holder), text);
        let bytes = sealed.and_then(|sealed| sealed.write()).map_err(|defect| broken(&place, defect))?;
        Ok(self.inner.store.put(&place, bytes, expected).await?)
    }

    /// The data key that a record names: from memory, or from the store.
    async fn data_key_named(&self, holder: &Holder, id: &KeyId, place: &str) -> Result<Arc<Key>, VaultError> {
        if let Some(key) = self.remembered(holder).filter(|key| key.id == *id) {
            return Ok(key);
        }
        let stored = self.stored_data_key(holder).await?;
        stored.filter(|key| key.id == *id).ok_or_else(|| broken(place, Defect::KeyGone))
    }

    /// The data key to seal with: the one in the store, whatever this process remembers, or a new one.
    async fn data_key(&self, holder: &Holder) -> Result<Arc<Key>, VaultError> {
        if let Some(key) = self.stored_data_key(holder).await? {
            return Ok(key);
        }
        let mut bytes = SecretBox::<[u8; cipher::KEY_BYTES]>::init_with_mut(|_| {});
        self.fill(secrecy::ExposeSecretMut::expose_secret_mut(&mut bytes))?;
        match self.wrap(holder, &Key::new(bytes), Expected::Absent).await {
            // Of two that make one at once, the first one's counts.
            Ok(()) => {}
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
        let stored = self.stored_data_key(holder).await?;
        stored.ok_or_else(|| broken(&Purpose::DataKey.key(holder), Defect::KeyGone))
    }

    /// Reads the holder's data key.
    async fn stored_data_key(&self, holder: &Holder) -> Result<Option<Arc<Key>>, VaultError> {
        let Some((key, ..)) = self.unwrap(holder).await? else { return Ok(None) };
        let key = Arc::new(key);
        self.lock().insert(holder.clone(), Arc::clone(&key));
        Ok(Some(key))
    }

    /// Puts the holder's data key under the first master key; false where it was there already.
    async fn rewrapped(&self, holder: &Holder) -> Result<bool, VaultError> {
        loop {
            let Some((key, revision, is_current)) = self.unwrap(holder).await? else { return Ok(false) };
            if is_current {
                return Ok(false);
            }
            match self.wrap(holder, &key, Expected::Revision(revision)).await {
                Err(error) if error.is_conflict() => {}
                result => return result.map(|()| true),
            }
        }
    }

    /// Opens the holder's data key: the key, its revision, and whether the first master key seals it.
    async fn unwrap(&self, holder: &Holder) -> Result<Option<(Key, u64, bool)>, VaultError> {
        let place = Purpose::DataKey.key(holder);
        let Some(entry) = self.inner.store.get(&place).await? else { return Ok(None) };
        let sealed = Sealed::read(&entry.value).map_err(|defect| broken(&place, defect))?;
        let master = self.inner.masters.named(&sealed.key).ok_or_else(|| self.missing(holder, &sealed.key))?;
        let text = sealed.open(master, (Purpose::DataKey, holder)).map_err(|defect| broken(&place, defect))?;
        let key = Key::read(&text).ok_or_else(|| broken(&place, Defect::Content))?;
        Ok(Some((key, entry.revision, sealed.key == self.inner.masters.first().id)))
    }

    /// Stores the holder's data key under the first master key.
    async fn wrap(&self, holder: &Holder, key: &Key, expected: Expected) -> Result<(), VaultError> {
        let place = Purpose::DataKey.key(holder);
        let master = self.inner.masters.first();
        let sealed = Sealed::seal(master, self.nonce()?, (Purpose::DataKey, holder), key.bytes());
        let bytes = sealed.and_then(|sealed| sealed.write()).map_err(|defect| broken(&place, defect))?;
        self.inner.store.put(&place, bytes, expected).await?;
        Ok(())
    }

    fn missing(&self, holder: &Holder, missing: &KeyId) -> VaultError {
        let configured: Vec<String> = self.inner.masters.ids().map(ToString::to_string).collect();
        VaultError::MissingKey {
            holder: holder.to_string(),
            missing: missing.clone(),
            configured: configured.join(", "),
        }
    }

    fn remembered(&self, holder: &Holder) -> Option<Arc<Key>> {
        self.lock().get(holder).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Holder, Arc<Key>>> {
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nonce(&self) -> Result<[u8; NONCE_LEN], VaultError> {
        let mut nonce = [0; NONCE_LEN];
        self.fill(&mut nonce)?;
        Ok(nonce)
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), VaultError> {
        if (self.inner.random)(bytes) { Ok(()) } else { Err(VaultError::Random) }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("masters", &self.inner.masters).finish_non_exhaustive()
    }
}

fn broken(key: &str, defect: Defect) -> VaultError {
    VaultError::Record { key: key.to_owned(), defect }
}
