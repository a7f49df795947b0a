//! `OpenPhone`'s webhook signatures: Standard Webhooks, and the older `openphone-signature` (contract sheet, sections
//! 9.7 and 9.8).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use crate::json::Outside;
use crate::{SignatureError, id};

const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Shorter secrets are typing errors; an empty one would let everybody sign.
const MIN_SECRET_BYTES: usize = 16;

/// People lose the padding when they copy a secret.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text is no webhook secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a webhook secret: base64 of at least {MIN_SECRET_BYTES} bytes, with or without `whsec_` before it")]
pub struct InvalidSecret;

/// The secret that one webhook subscription is signed with.
#[derive(Debug, Clone)]
pub struct WebhookSecret(hmac::Key);

impl WebhookSecret {
    /// Reads `whsec_<base64>` (dated webhooks) or bare base64 (older ones).
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let text = text.trim();
        let encoded = text.strip_prefix("whsec_").unwrap_or(text);
        let bytes = BASE64.decode(encoded).map_err(|_| InvalidSecret)?;
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(InvalidSecret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    fn tag(&self, parts: [&[u8]; 3]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        context.sign()
    }
}

/// A delivery whose signature was good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The signed `webhook-id` header, the same on every retry; older webhooks have none.
    pub(super) message_id: Option<String>,
}

/// Checks whichever signature the request carries over the body exactly as it arrived.
pub(super) fn verify(
    body: &[u8],
    headers: &HeaderMap,
    secrets: &[WebhookSecret],
    now: Timestamp,
) -> Result<Verified, SignatureError> {
    if let Some(signatures) = header(headers, "webhook-signature")? {
        return standard(body, headers, signatures, (secrets, now));
    }
    let legacy = header(headers, "openphone-signature")?.ok_or(SignatureError::Missing)?;
    verify_legacy(body, legacy, secrets)
}

fn standard(
    body: &[u8],
    headers: &HeaderMap,
    signatures: &str,
    (secrets, now): (&[WebhookSecret], Timestamp),
) -> Result<Verified, SignatureError> {
    let message_id = header(headers, "webhook-id")?.ok_or(SignatureError::Malformed)?;
    let timestamp = header(headers, "webhook-timestamp")?.ok_or(SignatureError::Malformed)?;
    if !is_fresh(timestamp, now)? {
        return Err(SignatureError::Stale);
    }
    let entries: Vec<&str> = signatures.split_whitespace().filter_map(|entry| entry.strip_prefix("v1,")).collect();
    let signed = format!("{message_id}.{timestamp}.");
    if !any_matches(&entries, secrets, [signed.as_bytes(), body, b""])? {
        return Err(SignatureError::Mismatch);
    }
    Ok(Verified { message_id: Some(message_id.to_owned()).filter(|text| id::is_message_id(text)) })
}

fn is_fresh(timestamp: &str, now: Timestamp) -> Result<bool, SignatureError> {
    let seconds = timestamp.parse().map_err(|_| SignatureError::Malformed)?;
    let signed_at = Timestamp::from_second(seconds).map_err(|_| SignatureError::Malformed)?;
    Ok(now.duration_since(signed_at).abs() <= TOLERANCE)
}

/// `hmac;1;<time>;<base64>`, several with commas between. No age check: nothing says that a retry is signed anew.
fn verify_legacy(body: &[u8], header: &str, secrets: &[WebhookSecret]) -> Result<Verified, SignatureError> {
    let entries: Vec<(&str, &str)> = header.split(',').filter_map(legacy_entry).collect();
    if entries.is_empty() {
        return Err(SignatureError::Malformed);
    }
    let trusted = |body: &[u8]| {
        let one = |(time, signature): &(&str, &str)| any_matches(&[signature], secrets, [time.as_bytes(), b".", body]);
        entries.iter().any(|entry| one(entry) == Ok(true))
    };
    // The vendor signs compact JSON; a body that was re-formatted on the way still is the vendor's.
    if trusted(body) || trusted(&compact(body)) {
        return Ok(Verified { message_id: None });
    }
    Err(SignatureError::Mismatch)
}

fn legacy_entry(entry: &str) -> Option<(&str, &str)> {
    let (time, signature) = entry.trim().strip_prefix("hmac;1;")?.split_once(';')?;
    Some((time, signature))
}

/// True when any of the base64 signatures was made by any secret. Each secret signs once, so that a long list of
/// signatures costs nothing.
fn any_matches(entries: &[&str], secrets: &[WebhookSecret], parts: [&[u8]; 3]) -> Result<bool, SignatureError> {
    let given: Vec<Vec<u8>> = entries.iter().filter_map(|entry| BASE64.decode(entry).ok()).collect();
    if given.is_empty() {
        return Err(SignatureError::Malformed);
    }
    Ok(secrets.iter().any(|secret| {
        let tag = secret.tag(parts);
        given.iter().any(|bytes| verify_slices_are_equal(tag.as_ref(), bytes).is_ok())
    }))
}

/// The JSON text without the white space between its tokens; nothing else changes.
fn compact(body: &[u8]) -> Vec<u8> {
    let mut outside = Outside::default();
    let is_kept = |byte: &u8| !outside.of_strings(*byte) || !byte.is_ascii_whitespace();
    body.iter().copied().filter(is_kept).collect()
}

/// The header's text; empty counts as absent.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, SignatureError> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| SignatureError::Malformed)?.trim();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests;
