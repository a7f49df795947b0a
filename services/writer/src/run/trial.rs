//! The contact that `tandem check --write` makes for a moment stays where it is: it belongs to nobody, and a copy of it would be
//! left behind on the other side.

use jiff::Timestamp;
use tandem_contact::{Side, trial};
use tandem_reconcile::{Document, Found, read};
use tandem_records::{Error, Loaded};

use super::{Flow, Worker};
use crate::journal::{self, Line};

/// Whether the read showed such a contact. One that was in step before is somebody's, whatever it is called now.
pub(super) fn is_trial(document: &Document, side: Side, found: &Found) -> bool {
    let other = side.other();
    let is_new = document.link[other].is_none() && document.intent[other].is_none();
    is_new && trial::is_trial(&found.observed)
}

impl Worker<'_> {
    /// Takes the contact for one that holds nothing.
    pub(super) async fn leave_alone(&mut self, loaded: Loaded, side: Side, mut found: Found) -> Result<Flow, Error> {
        found.observed.values_mut().for_each(|value| *value = None);
        let Loaded { mut document, revision } = loaded;
        read(&mut document, &self.caller.connection.rules, side, &found, Timestamp::now());
        self.run.fresh[side] = true;
        let (revision, _) = self.save_outcome(&mut document, revision).await?;
        let line = Line::new("skipped", side).with_reason("the contact with which `tandem check --write` tries writes");
        self.caller.deps.metrics.skipped("trial");
        journal::write(&self.caller, &document, revision, line).await;
        Ok(Flow::Again)
    }
}
