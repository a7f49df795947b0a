//! One key, one piece of text: AES-256-GCM with everything as argument.

use std::fmt::{self, Write as _};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::error::Unspecified;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretBox};
use serde::{Deserialize, Serialize};

use crate::secret::Bytes;

/// 256 bits.
pub(crate) const KEY_BYTES: usize = 32;

/// Bytes of the key's hash that name it.
const ID_BYTES: usize = 8;

/// Which key something is sealed with: a hash of the key, so that it may be stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key and its name. Debug output has the name only.
pub(crate) struct Key {
    pub(crate) id: KeyId,
    bytes: SecretBox<[u8; KEY_BYTES]>,
}

impl Key {
    /// Names the key.
    pub(crate) fn new(bytes: SecretBox<[u8; KEY_BYTES]>) -> Self {
        let mut hash = Context::new(&SHA256);
        hash.update(b"tandem key\n");
        hash.update(bytes.expose_secret());
        let id = hash.finish().as_ref().iter().take(ID_BYTES).fold(String::new(), |mut text, byte| {
            // Writing to a String can't fail.
            let _written = write!(text, "{byte:02x}");
            text
        });
        Self { id: KeyId(id), bytes }
    }

    /// A key from a piece of text of the right length.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; KEY_BYTES] = bytes.try_into().ok()?;
        Some(Self::new(SecretBox::init_with_mut(|key: &mut [u8; KEY_BYTES]| *key = *bytes)))
    }

    /// The key itself, to be sealed by another one.
    pub(crate) fn bytes(&self) -> Bytes {
        Zeroizing::new(self.bytes.expose_secret().to_vec())
    }

    /// Seals the text. What it is `bound_to` isn't stored, but has to be named again to open it. A nonce must never
    /// come twice with the same key; random ones don't within 2^32 seals, and a data key makes a few a day.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_LEN], bound_to: &str, mut text: Bytes) -> Result<Vec<u8>, Unspecified> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.cipher()?.seal_in_place_separate_tag(nonce, Aad::from(bound_to), &mut text)?;
        // Encrypted by now: no copy of the text is left where this has to grow.
        Ok([text.as_slice(), tag.as_ref()].concat())
    }

    /// Opens what [`Self::seal`] made, if nothing about it was changed.
    pub(crate) fn open(&self, nonce: [u8; NONCE_LEN], bound_to: &str, sealed: &[u8]) -> Result<Bytes, Unspecified> {
        let mut text = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self.cipher()?.open_in_place(nonce, Aad::from(bound_to), &mut text)?.len();
        text.truncate(length);
        Ok(text)
    }

    fn cipher(&self) -> Result<LessSafeKey, Unspecified> {
        UnboundKey::new(&AES_256_GCM, self.bytes.expose_secret()).map(LessSafeKey::new)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> Key {
        Key::read(&[byte; KEY_BYTES]).unwrap()
    }

    fn text(bytes: &[u8]) -> Bytes {
        Zeroizing::new(bytes.to_vec())
    }

    #[test]
    fn a_key_is_named_by_its_hash_and_shows_nothing_else() {
        assert_eq!(key(1).id, key(1).id);
        assert_ne!(key(1).id, key(2).id);
        assert_eq!(key(7).id.to_string().len(), 2 * ID_BYTES);
        assert_eq!(format!("{:?}", key(7)), format!("Key({})", key(7).id));
        assert!(Key::read(&[1; 31]).is_none() && Key::read(&[1; 33]).is_none());
    }

    #[test]
    fn the_same_seal_with_another_nonce_looks_different() {
        let seal = |nonce| key(1).seal([nonce; NONCE_LEN], "x", text(b"hush")).unwrap();
        assert_eq!(seal(1), seal(1));
        assert_ne!(seal(1), seal(2));
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_with_the_same_key_and_place_only(plain: Vec<u8>, nonce: [u8; NONCE_LEN]) {
            let sealed = key(1).seal(nonce, "here", text(&plain)).unwrap();
            prop_assert_eq!(&*key(1).open(nonce, "here", &sealed).unwrap(), &plain);
            prop_assert!(key(2).open(nonce, "here", &sealed).is_err());
            prop_assert!(key(1).open(nonce, "there", &sealed).is_err());
        }

        #[test]
        fn any_changed_bit_is_noticed(plain: Vec<u8>, place: prop::sample::Index, bit in 0_u8..8) {
            let mut sealed = key(1).seal([0; NONCE_LEN], "here", text(&plain)).unwrap();
            let place = place.index(sealed.len());
            sealed[place] ^= 1 << bit;
            prop_assert!(key(1).open([0; NONCE_LEN], "here", &sealed).is_err());
        }
    }
}
