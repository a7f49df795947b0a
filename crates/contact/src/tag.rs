//! Normal form of tags.

/// Trimmed and lower case: GHL hands every tag back in lower case (contract sheet, section 10.3).
pub fn normal(raw: &str) -> Option<String> {
    let tag = raw.trim().to_lowercase();
    (!tag.is_empty()).then_some(tag)
}
