//! Normal form of email addresses.

/// Trimmed and lower case; nothing when there is no address in it.
pub fn normal(raw: &str) -> Option<String> {
    let address = raw.trim().to_lowercase();
    (!address.is_empty()).then_some(address)
}
