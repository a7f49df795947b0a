//! The master keys of the configuration. They seal data keys and nothing else.

use secrecy::{ExposeSecret as _, SecretSlice};

use super::cipher::{KEY_BYTES, Key, KeyId};

/// The keys can't be used. No message repeats one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The list is empty.
    #[error("there is no encryption key: make one with `openssl rand -base64 32` and give it as `encryption_key`")]
    None,
    /// Not 256 bits.
    #[error("encryption key {position} has {bytes} bytes, {KEY_BYTES} are needed")]
    Length {
        /// Counted from 1.
        position: usize,
        /// How many it has.
        bytes: usize,
    },
    /// One key twice, which looks like a rotation and is none.
    #[error("encryption key {position} is the same as an earlier one")]
    Repeated {
        /// Counted from 1.
        position: usize,
    },
}

/// The master keys: the first seals, all open.
#[derive(Debug)]
pub struct MasterKeys {
    keys: Vec<Key>,
}

impl MasterKeys {
    /// Takes the decoded keys in the configuration's order.
    pub fn new(keys: &[SecretSlice<u8>]) -> Result<Self, KeyError> {
        let mut taken: Vec<Key> = Vec::new();
        for (position, bytes) in (1..).zip(keys) {
            let bytes = bytes.expose_secret();
            let key = Key::read(bytes).ok_or(KeyError::Length { position, bytes: bytes.len() })?;
            if taken.iter().any(|other| other.id == key.id) {
                return Err(KeyError::Repeated { position });
            }
            taken.push(key);
        }
        if taken.is_empty() { Err(KeyError::None) } else { Ok(Self { keys: taken }) }
    }

    /// The keys' names, the sealing one first.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.iter().map(|key| &key.id)
    }

    /// The one that seals.
    pub(crate) fn first(&self) -> &Key {
        &self.keys[0]
    }

    /// The one with that name.
    pub(crate) fn named(&self, id: &KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(lists: &[&[u8]]) -> Result<MasterKeys, KeyError> {
        MasterKeys::new(&lists.iter().map(|bytes| SecretSlice::from(bytes.to_vec())).collect::<Vec<_>>())
    }

    #[test]
    fn the_first_seals_and_all_open() {
        let keys = keys(&[&[1; 32], &[2; 32]]).unwrap();
        let ids: Vec<KeyId> = keys.ids().cloned().collect();
        assert_eq!(keys.first().id, ids[0]);
        assert!(ids.iter().all(|id| keys.named(id).is_some()));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_key() {
        assert_eq!(keys(&[]).unwrap_err(), KeyError::None);
        assert_eq!(keys(&[&[1; 32], &[2; 16]]).unwrap_err(), KeyError::Length { position: 2, bytes: 16 });
        assert_eq!(keys(&[&[1; 32], &[2; 32], &[1; 32]]).unwrap_err(), KeyError::Repeated { position: 3 });
    }
}
