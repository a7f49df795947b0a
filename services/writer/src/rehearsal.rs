//! What would have been written, so that reads show it: a provider that was told nothing shows what it held before, and that
//! would seem to be a person's edit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tandem_contact::{Observed, Side};
use tandem_proto::RecordId;
use tandem_reconcile::Found;

/// Writes that were not sent. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Rehearsal {
    written: Arc<Mutex<HashMap<(RecordId, Side), Observed>>>,
}

impl Rehearsal {
    /// Notes what a side would hold.
    pub(crate) fn note(&self, record: &RecordId, side: Side, written: &Observed) {
        let mut all = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((record.clone(), side)).or_default().extend(written.clone());
    }

    /// What was read, with what would have been written.
    pub(crate) fn over(&self, record: &RecordId, side: Side, mut found: Found) -> Found {
        let all = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        found.observed.extend(all.get(&(record.clone(), side)).cloned().unwrap_or_default());
        found
    }
}
