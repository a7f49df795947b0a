//! Signs webhooks as GHL does, with the key of a twin that was given its seed.

use anyhow::Context as _;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::http::render;

/// GHL's side of the key.
#[derive(Debug)]
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// The key that `GhlConfig::signing_seed` makes of the same seed.
    pub fn new(seed: [u8; 32]) -> anyhow::Result<Self> {
        Ok(Self(Ed25519KeyPair::from_seed_unchecked(&seed).context("making a key")?))
    }

    /// The value of `X-GHL-Signature`.
    pub fn sign(&self, body: &[u8]) -> String {
        BASE64_STANDARD.encode(self.0.sign(body))
    }

    /// A signed delivery, ready to be sent.
    pub fn delivery(&self, body: &[u8]) -> Vec<u8> {
        let signature = self.sign(body);
        let headers = [("content-type", "application/json"), ("x-ghl-signature", signature.as_str())];
        render("POST /webhooks/ghl", &headers, body)
    }
}
