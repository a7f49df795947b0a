//! What a sealed record looks like in the store: JSON with the key's name, the nonce and the sealed text in base64.

use aws_lc_rs::aead::NONCE_LEN;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};

use super::cipher::{Key, KeyId};
use super::error::Defect;
use crate::Holder;
use crate::secret::Bytes;

/// The format written here; a reader refuses any other.
const VERSION: u32 = 1;

/// What a record is for. Part of what the text is bound to, so that a record can't stand in for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The holder's data key, sealed by a master key.
    DataKey,
    /// The holder's GHL tokens, sealed by its data key.
    GhlTokens,
    /// The connection's `OpenPhone` signing secrets, sealed by its data key.
    SigningSecrets,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::DataKey => "data-key",
            Self::GhlTokens => "ghl-tokens",
            Self::SigningSecrets => "signing-secrets",
        }
    }

    /// Where records of this kind are.
    pub(crate) fn prefix(self) -> String {
        format!("secret/{}/", self.name())
    }

    /// Where the holder's one is.
    pub(crate) fn key(self, holder: &Holder) -> String {
        self.prefix() + &holder.key()
    }
}

/// A record in the store.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sealed {
    version: u32,
    /// What it is sealed with.
    pub(crate) key: KeyId,
    nonce: String,
    text: String,
}

impl Sealed {
    /// Seals a text for one place.
    pub(crate) fn seal(
        key: &Key,
        nonce: [u8; NONCE_LEN],
        (purpose, holder): (Purpose, &Holder),
        text: Bytes,
    ) -> Result<Self, Defect> {
        let sealed = key.seal(nonce, &place(purpose, holder, &key.id), text).map_err(|_| Defect::Cipher)?;
        Ok(Self {
            version: VERSION,
            key: key.id.clone(),
            nonce: BASE64_STANDARD.encode(nonce),
            text: BASE64_STANDARD.encode(sealed),
        })
    }

    /// Reads a record as it is in the store.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Defect> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_slice(bytes).map_err(|_| Defect::Form)?;
        if version != VERSION {
            return Err(Defect::Version(version));
        }
        serde_json::from_slice(bytes).map_err(|_| Defect::Form)
    }

    /// As it goes into the store.
    pub(crate) fn write(&self) -> Result<Vec<u8>, Defect> {
        serde_json::to_vec(self).map_err(|_| Defect::Form)
    }

    /// Opens it with the key it names.
    pub(crate) fn open(&self, key: &Key, (purpose, holder): (Purpose, &Holder)) -> Result<Bytes, Defect> {
        let nonce = BASE64_STANDARD.decode(&self.nonce).map_err(|_| Defect::Form)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| Defect::Form)?;
        let sealed = BASE64_STANDARD.decode(&self.text).map_err(|_| Defect::Form)?;
        key.open(nonce, &place(purpose, holder, &key.id), &sealed).map_err(|_| Defect::Cipher)
    }
}

/// What the text is bound to. No part can hold a line end, so no two places read the same.
fn place(purpose: Purpose, holder: &Holder, key: &KeyId) -> String {
    format!("tandem {VERSION}\n{}\n{}\n{key}", purpose.name(), holder.key())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CompanyId;

    const AT: Purpose = Purpose::GhlTokens;

    fn holder(id: &str) -> Holder {
        Holder::Company(CompanyId::new(id).unwrap())
    }

    fn sealed(key: &Key) -> Sealed {
        Sealed::seal(key, [3; NONCE_LEN], (AT, &holder("a")), Bytes::new(b"hush".to_vec())).unwrap()
    }

    #[test]
    fn a_record_opens_in_its_own_place_only() {
        let key = Key::read(&[1; 32]).unwrap();
        let record = Sealed::read(&sealed(&key).write().unwrap()).unwrap();
        assert_eq!(&*record.open(&key, (AT, &holder("a"))).unwrap(), b"hush");
        assert_eq!(record.open(&key, (AT, &holder("b"))).unwrap_err(), Defect::Cipher);
        assert_eq!(record.open(&key, (Purpose::SigningSecrets, &holder("a"))).unwrap_err(), Defect::Cipher);
        assert_eq!(record.open(&Key::read(&[2; 32]).unwrap(), (AT, &holder("a"))).unwrap_err(), Defect::Cipher);
    }

    /// Records of this form are in stores: they must stay readable.
    #[test]
    fn the_form_is_fixed() {
        let key = Key::read(&[1; 32]).unwrap();
        let text = String::from_utf8(sealed(&key).write().unwrap()).unwrap();
        assert_eq!(
            text,
            r#"{"version":1,"key":"c478bf53550e9bd1","nonce":"AwMDAwMDAwMDAwMD","text":"kBRn8tJtYenJsd1aVokX7qJZz4w="}"#
        );
    }

    #[test]
    fn what_is_no_record_is_said_to_be_none() {
        assert_eq!(Sealed::read(b"").unwrap_err(), Defect::Form);
        assert_eq!(Sealed::read(br#"{"version":2,"new":"shape"}"#).unwrap_err(), Defect::Version(2));
        assert_eq!(Sealed::read(br#"{"version":1,"key":"k"}"#).unwrap_err(), Defect::Form);
        let key = Key::read(&[1; 32]).unwrap();
        let record = Sealed { nonce: "AAAA".to_owned(), ..sealed(&key) };
        assert_eq!(record.open(&key, (AT, &holder("a"))).unwrap_err(), Defect::Form);
    }
}
