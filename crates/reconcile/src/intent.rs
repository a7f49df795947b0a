//! What is about to be sent, stored by compare-and-set before the request leaves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::{Field, Side, Value};

use crate::{Document, Rules, Writes, external_key};

/// A request under way or of unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// What it does.
    pub kind: IntentKind,
    /// The worker's run that stored it; nobody else may send it.
    pub owner: String,
    /// The external key of a create.
    pub key: String,
    /// The values sent, those that are only carried along included.
    pub sent: BTreeMap<Field, Option<Value>>,
    /// The agreed values they stand for.
    pub canon: BTreeMap<Field, Option<Value>>,
    /// When it was stored.
    pub sent_at: Timestamp,
    /// The request must have started by then, or not at all.
    pub send_by: Timestamp,
    /// Another worker waits until then before it takes the outcome for unknown.
    pub settle_at: Timestamp,
    /// The outcome is not known; a create is looked up.
    pub is_unknown: bool,
    /// The provider said that the key exists.
    pub is_taken: bool,
    /// Why the provider refused it, where that doesn't prove that nothing was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Look-ups made.
    pub probes: u32,
    /// The next look-up.
    pub next_probe: Timestamp,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentKind {
    /// Makes a contact.
    Create,
    /// Changes fields of one.
    Update,
    /// Removes one.
    Delete,
}

/// Notes in the document that `owner` is about to send this to `side`.
pub fn begin(
    document: &mut Document,
    rules: &Rules,
    side: Side,
    (kind, writes): (IntentKind, &Writes),
    (owner, now): (&str, Timestamp),
) {
    let timing = rules.timing[side];
    let mut sent: BTreeMap<_, _> = writes.iter().map(|(field, write)| (*field, write.to.clone())).collect();
    let mut canon: BTreeMap<_, _> = writes.iter().map(|(field, write)| (*field, write.canon.clone())).collect();
    if kind == IntentKind::Update && writes.keys().any(|field| rules.carries_all[side].contains(field)) {
        let groups: Vec<_> = writes.keys().filter_map(|field| rules.group(*field, side)).collect();
        let is_carried = |field: &Field| groups.is_empty() || groups.iter().any(|group| group.contains(field));
        let others = document.shadow[side].iter().filter(|(field, _)| !writes.contains_key(*field));
        for (field, seen) in others.filter(|(field, _)| is_carried(field)) {
            sent.insert(*field, seen.value.clone());
            canon.insert(*field, document.agreed[side].get(field).cloned());
        }
    }
    document.intent[side] = Some(Intent {
        kind,
        owner: owner.to_owned(),
        key: external_key(document, side),
        sent,
        canon,
        sent_at: now,
        send_by: now + timing.send_window,
        settle_at: now + timing.in_flight(),
        is_unknown: false,
        is_taken: false,
        refusal: None,
        probes: 0,
        next_probe: now,
    });
}
