//! Entries of JSON that are changed by compare-and-set.

use serde::Serialize;
use tandem_store::{Entry, Expected, Store};

use crate::Error;

/// What an entry holds, and what the next write of it expects. What can't be read is written anew.
pub(crate) fn held<T: serde::de::DeserializeOwned + Default>(entry: Option<&Entry>) -> (Expected, T) {
    let held = entry.and_then(|entry| serde_json::from_slice(&entry.value).ok()).unwrap_or_default();
    (Expected::after(entry), held)
}

pub(crate) fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::json!(value).to_string().into_bytes()
}

/// False where somebody else was faster.
pub(crate) async fn put(store: &Store, key: &str, value: Vec<u8>, expected: Expected) -> Result<bool, Error> {
    match store.put(key, value, expected).await {
        Ok(_) => Ok(true),
        Err(tandem_store::Error::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
