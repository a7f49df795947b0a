//! Signs as the providers do, with keys of our own.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use tandem_providers::ghl::PublicKey;
use tandem_providers::openphone::WebhookSecret;

/// GHL's side of the key.
pub(crate) struct GhlSigner(Ed25519KeyPair);

impl GhlSigner {
    pub(crate) fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    pub(crate) fn public(&self) -> PublicKey {
        let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        let der = [&prefix, self.0.public_key().as_ref()].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", BASE64_STANDARD.encode(der));
        PublicKey::from_pem(&pem).unwrap()
    }

    pub(crate) fn sign(&self, body: &[u8]) -> String {
        BASE64_STANDARD.encode(self.0.sign(body))
    }
}

/// `OpenPhone`'s side of a secret.
pub(crate) struct OpenPhoneSigner([u8; 32]);

impl OpenPhoneSigner {
    pub(crate) fn new(seed: u8) -> Self {
        Self([seed; 32])
    }

    pub(crate) fn secret(&self) -> WebhookSecret {
        WebhookSecret::parse(&self.text()).unwrap()
    }

    /// The secret as the provider tells it.
    pub(crate) fn text(&self) -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(self.0))
    }

    /// The value of `webhook-signature`.
    pub(crate) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let signed = [format!("{id}.{seconds}.").as_bytes(), body].concat();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), &signed);
        format!("v1,{}", BASE64_STANDARD.encode(tag))
    }
}
