//! Ids that providers hand out. Opaque text, but one that goes into paths must not be able to change the path.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Provider ids are 20 to 24 characters; this leaves room without letting a body fill a key.
const MAX_LENGTH: usize = 128;

/// The id can't be put into a request path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a provider's contact id has 1 to {MAX_LENGTH} visible ASCII characters and is not a dot segment")]
pub struct InvalidId;

/// A contact's id at one provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactId(String);

impl ContactId {
    /// Checks that the id can stand in a path. `.` and `..` can't, not even percent-encoded: URL parsers resolve them.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        let usable = (1..=MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !matches!(text, "." | "..");
        if usable { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as one segment of a path.
    pub(crate) fn as_segment(&self) -> String {
        segment(&self.0)
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Percent-encodes everything that isn't unreserved (RFC 3986, section 2.3).
pub(crate) fn segment(text: &str) -> String {
    text.bytes().map(encoded).collect()
}

fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// True for what can name a message: short and visible.
pub(crate) fn is_message_id(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A provider's code of an error, or its name of a request. Both are printed, so what looks like anything else is left out.
pub(crate) fn label(text: String) -> Option<Box<str>> {
    const MAX_LABEL: usize = 64;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    let is_label = (1..=MAX_LABEL).contains(&text.len()) && text.bytes().all(is_plain);
    is_label.then(|| text.into_boxed_str())
}

/// Names a message that has no id of its own.
pub(crate) fn body_hash(body: &[u8]) -> String {
    format!("sha256-{}", URL_SAFE_NO_PAD.encode(digest(&SHA256, body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_code_is_left_out() {
        for code in ["0800404", "invalid_grant", "6f1d7c0a-3f0e-4e69-a3fd-0f5fb3b3a6a1", "contact.not-found"] {
            assert_eq!(label(code.to_owned()).as_deref(), Some(code));
        }
        for other in ["", "Ana Example", "ana@example.com", "+14155550123", "Bearer x", &"x".repeat(65)] {
            assert_eq!(label(other.to_owned()), None, "{other:?} was taken");
        }
    }

    #[test]
    fn an_id_cannot_leave_its_segment() {
        assert_eq!(ContactId::new("a/b?c#d%").unwrap().as_segment(), "a%2Fb%3Fc%23d%25");
        for bad in ["", ".", "..", "a b", "é", "a\n", &"x".repeat(129)] {
            assert_eq!(ContactId::new(bad), Err(InvalidId), "{bad:?} was taken");
        }
    }
}
