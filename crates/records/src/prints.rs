//! Fingerprints: what a reading showed, so that the next one tells only of what is different.

use std::collections::{BTreeMap, BTreeSet};

use crate::key;

/// Fingerprints by id.
pub type Fingerprints = BTreeMap<String, String>;

/// The ids of what is new, different or no longer there.
pub fn changed(before: &Fingerprints, now: &Fingerprints) -> BTreeSet<String> {
    let differs = now.iter().filter(|(id, fingerprint)| before.get(*id) != Some(*fingerprint)).map(|(id, _)| id);
    let is_gone = before.keys().filter(|id| !now.contains_key(*id));
    differs.chain(is_gone).cloned().collect()
}

/// A short text that is another one when any of the parts is.
pub fn fingerprint(parts: &[&str]) -> String {
    let lengths: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    key::short_hash(&lengths.iter().map(String::as_str).collect::<Vec<_>>())
}
