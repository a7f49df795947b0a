//! GHL's webhook signature: Ed25519 over the raw body (contract sheet, section 9.4).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::SignatureError;

/// The key that GHL publishes for `X-GHL-Signature`. One key signs for every app and every location, so a good
/// signature alone doesn't make a delivery ours: check the app id and the location too.
pub const PUBLISHED_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----
";

/// What precedes the 32 key bytes in an Ed25519 public key file (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

const SIGNATURE_BYTES: usize = 64;

/// A key file can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a PEM file with a public key.
    #[error("expected a PEM file that starts with `-----BEGIN PUBLIC KEY-----`")]
    NotPem,
    /// A public key of another kind; GHL's retired key is RSA.
    #[error("expected an Ed25519 public key (GHL's retired RSA key is not accepted)")]
    NotEd25519,
}

/// A trusted Ed25519 key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads a PEM file.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let body = pem
            .trim()
            .strip_prefix("-----BEGIN PUBLIC KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
            .ok_or(KeyError::NotPem)?;
        let compact: String = body.split_whitespace().collect();
        let der = STANDARD.decode(compact).map_err(|_| KeyError::NotPem)?;
        let key = der.strip_prefix(&SPKI_PREFIX).ok_or(KeyError::NotEd25519)?;
        key.try_into().map(Self).map_err(|_| KeyError::NotEd25519)
    }

    fn signed(&self, body: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(body, signature).is_ok()
    }
}

/// Checks the value of `X-GHL-Signature` over the body exactly as it arrived.
pub(super) fn verify(body: &[u8], header: Option<&str>, keys: &[PublicKey]) -> Result<(), SignatureError> {
    let encoded = match header.map(str::trim) {
        None | Some("" | "N/A") => return Err(SignatureError::Missing),
        Some(encoded) => encoded,
    };
    let signature = STANDARD.decode(encoded).map_err(|_| SignatureError::Malformed)?;
    if signature.len() != SIGNATURE_BYTES {
        return Err(SignatureError::Malformed);
    }
    let trusted = keys.iter().any(|key| key.signed(body, &signature));
    if trusted { Ok(()) } else { Err(SignatureError::Mismatch) }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use proptest::prelude::*;

    use super::*;

    fn pair(seed: u8) -> (Ed25519KeyPair, PublicKey) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let key = PublicKey(pair.public_key().as_ref().try_into().unwrap());
        (pair, key)
    }

    #[test]
    fn the_built_in_key_is_the_published_one() {
        let key = PublicKey::from_pem(PUBLISHED_KEY).unwrap();
        let der = [SPKI_PREFIX.as_slice(), &key.0].concat();
        let sha256 = STANDARD.encode(digest(&SHA256, &der));
        // 5a2c1b2749d3efcc233fb27d4ab43d56b8d20818c42cd226f6c9a3ff20d3097c in hex, as the contract sheet has it.
        assert_eq!(sha256, "WiwbJ0nT78wjP7J9SrQ9VrjSCBjELNIm9smj/yDTCXw=");
    }

    #[test]
    fn the_raw_body_verifies_and_a_reserialised_one_does_not() {
        let (pair, key) = pair(7);
        let body = br#"{ "type": "ContactUpdate",  "id": "c1" }"#;
        let header = STANDARD.encode(pair.sign(body));
        assert_eq!(verify(body, Some(&header), std::slice::from_ref(&key)), Ok(()));
        let again = serde_json::from_slice::<serde_json::Value>(body).unwrap().to_string();
        assert_eq!(verify(again.as_bytes(), Some(&header), &[key]), Err(SignatureError::Mismatch));
    }

    #[test]
    fn any_trusted_key_will_do_and_no_other() {
        let (pair, old) = pair(1);
        let (_, new) = self::pair(2);
        let header = STANDARD.encode(pair.sign(b"{}"));
        assert_eq!(verify(b"{}", Some(&header), &[new.clone(), old]), Ok(()));
        assert_eq!(verify(b"{}", Some(&header), &[new]), Err(SignatureError::Mismatch));
        assert_eq!(verify(b"{}", Some(&header), &[]), Err(SignatureError::Mismatch));
    }

    #[test]
    fn what_is_no_signature_is_told_apart() {
        let (_, key) = pair(3);
        let keys = [key];
        for unsigned in [None, Some(""), Some("  "), Some("N/A")] {
            assert_eq!(verify(b"{}", unsigned, &keys), Err(SignatureError::Missing), "{unsigned:?}");
        }
        let short = STANDARD.encode([0_u8; 63]);
        let long = STANDARD.encode([0_u8; 65]);
        for malformed in ["%%%", "AAAA", &short, &long] {
            assert_eq!(verify(b"{}", Some(malformed), &keys), Err(SignatureError::Malformed), "{malformed}");
        }
        let zeros = STANDARD.encode([0_u8; 64]);
        assert_eq!(verify(b"{}", Some(&zeros), &keys), Err(SignatureError::Mismatch));
    }

    #[test]
    fn keys_of_another_kind_are_refused() {
        assert_eq!(PublicKey::from_pem("key"), Err(KeyError::NotPem));
        let wrapped =
            |der: &[u8]| format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der));
        assert_eq!(PublicKey::from_pem(&wrapped(&[0x30; 44])), Err(KeyError::NotEd25519));
        assert_eq!(PublicKey::from_pem(&wrapped(&SPKI_PREFIX)), Err(KeyError::NotEd25519));
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_noticed(body in proptest::collection::vec(any::<u8>(), 1..64), at in any::<usize>(), flip in 1..=255_u8) {
            let (pair, key) = pair(9);
            let header = STANDARD.encode(pair.sign(&body));
            let mut changed = body.clone();
            let at = at % changed.len();
            changed[at] ^= flip;
            prop_assert_eq!(verify(&body, Some(&header), std::slice::from_ref(&key)), Ok(()));
            prop_assert_eq!(verify(&changed, Some(&header), &[key]), Err(SignatureError::Mismatch));
        }

        #[test]
        fn no_header_and_no_pem_panics(header in ".{0,120}", pem in ".{0,120}") {
            let (_, key) = pair(4);
            let _result = verify(b"{}", Some(&header), &[key]);
            let _key = PublicKey::from_pem(&pem);
        }
    }
}
