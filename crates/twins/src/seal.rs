//! How the providers sign webhooks: GHL with one Ed25519 key over the body, OpenPhone by Standard Webhooks or, for
//! its older generations, in a header of its own.

use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::held::held;
use crate::progress::{Progress, Track};

/// Signs a delivery.
#[derive(Clone)]
pub(crate) enum Seal {
    /// `X-GHL-Signature`: the raw body and nothing else.
    Ghl(Arc<Ed25519KeyPair>),
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`: one signature per secret, as during a rotation.
    Standard { id: String, secrets: Arc<[String]>, track: Option<Track> },
    /// `openphone-signature`: scheme, version, milliseconds, signature.
    Legacy { secret: String },
}

impl Seal {
    /// The headers of one attempt. A Standard Webhooks timestamp is the attempt's own, the id stays.
    pub(crate) fn headers(&self, body: &[u8], now: Timestamp) -> Vec<(&'static str, String)> {
        match self {
            Self::Ghl(key) => vec![("x-ghl-signature", STANDARD.encode(key.sign(body)))],
            Self::Standard { id, secrets, track: _ } => {
                let seconds = now.as_second().to_string();
                let signatures: Vec<String> =
                    secrets.iter().map(|secret| standard(secret, id, &seconds, body)).collect();
                vec![
                    ("webhook-id", id.clone()),
                    ("webhook-timestamp", seconds),
                    ("webhook-signature", signatures.join(" ")),
                ]
            }
            Self::Legacy { secret } => {
                let millis = now.as_millisecond().to_string();
                let signature = signed(secret, &[millis.as_bytes(), b".", body]);
                vec![("openphone-signature", format!("hmac;1;{millis};{signature}"))]
            }
        }
    }

    /// Changes the delivery log's entry, if somebody keeps one.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Progress)) {
        if let Self::Standard { track: Some(track), .. } = self {
            change(&mut held(track));
        }
    }

    /// Whether somebody keeps a delivery log.
    pub(crate) fn is_tracked(&self) -> bool {
        matches!(self, Self::Standard { track: Some(_), .. })
    }
}

fn standard(secret: &str, id: &str, seconds: &str, body: &[u8]) -> String {
    let bare = secret.strip_prefix("whsec_").unwrap_or(secret);
    format!("v1,{}", signed(bare, &[id.as_bytes(), b".", seconds.as_bytes(), b".", body]))
}

/// HMAC-SHA256 under a base64 secret, in base64.
fn signed(secret: &str, parts: &[&[u8]]) -> String {
    let key = STANDARD.decode(secret).unwrap_or_default();
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
    for part in parts {
        context.update(part);
    }
    STANDARD.encode(context.sign())
}

/// The public key as a PEM file (`SubjectPublicKeyInfo`).
pub(crate) fn public_key_pem(key: &Ed25519KeyPair) -> String {
    /// The fixed DER bytes before an Ed25519 key, RFC 8410.
    const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let der: Vec<u8> = PREFIX.iter().chain(key.public_key().as_ref()).copied().collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}
