//! Secrets on their way into and out of a sealed record. Only the vault writes what this module writes.

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize as _, Deserializer, Serializer};

/// Room for two tokens: a buffer that has to grow leaves copies of what it held behind.
const ROOM: usize = 16 << 10;

/// Bytes that are overwritten when they are dropped.
pub(crate) type Bytes = Zeroizing<Vec<u8>>;

/// An empty buffer that doesn't have to grow.
pub(crate) fn buffer() -> Bytes {
    Zeroizing::new(Vec::with_capacity(ROOM))
}

/// `#[serde(with = "secret")]`.
pub(crate) fn serialize<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// `#[serde(with = "secret")]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// `#[serde(with = "secret::maybe")]`.
pub(crate) mod maybe {
    use secrecy::{ExposeSecret, SecretString};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    #[expect(clippy::ref_option, reason = "serde gives the field as it is")]
    pub(crate) fn serialize<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(ExposeSecret::expose_secret).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
    }
}
