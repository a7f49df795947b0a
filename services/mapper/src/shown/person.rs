//! Whether somebody whom a list shows is a person that another record knows already.
//!
//! Identity keys are taken here for contacts that come by the thousand, so that a person who is on both sides is one record
//! before anything is written. Whatever is not clear is left to the writer, which reads first.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tandem_proto::Lane;
use tandem_reconcile::{Document, Meeting, claimed, claims, join, meet};
use tandem_records::Loaded;
use tandem_store::Expected;

use super::Shown;
use crate::Deps;
use crate::handle::{Failure, Settlement};

impl Shown<'_> {
    /// Takes the record's identity keys, or finds the record that is the same person. Keys of others are left alone.
    pub(super) async fn claim(&self, deps: &Deps, document: &mut Document) -> Result<Option<Loaded>, Failure> {
        if !self.connection.rules.claim_identity || document.hint[self.side] {
            return Ok(None);
        }
        let mut taken = BTreeSet::new();
        for key in claims(document).add {
            let Some(holder) = deps.records.claim(document, &key).await? else {
                taken.insert(key);
                continue;
            };
            let Some(held) = deps.records.load(&document.connection, &holder).await? else { continue };
            if meet(document, &held.document, &key) == Meeting::Join {
                give_back(deps, document, taken).await?;
                return Ok(Some(held));
            }
        }
        claimed(document, taken, &BTreeSet::new());
        Ok(None)
    }

    /// The holder goes on with this contact too, and with what the list shows of it.
    pub(super) async fn joined(
        &self,
        deps: &Deps,
        (document, holder): (Document, Loaded),
        lane: Lane,
    ) -> Result<Settlement, Failure> {
        let Loaded { document: mut other, revision } = holder;
        let now = Timestamp::now();
        // What the list shows need not be read.
        if other.link[self.side].is_none() {
            other = self.taken_over(other, now);
        }
        join(&mut other, &self.connection.rules, &document, now);
        deps.records.link(&other, self.side, self.contact.as_str()).await?;
        self.save_and_command(deps, (other, Expected::Revision(revision)), lane).await
    }
}

/// What was taken for a record that is never to be.
async fn give_back(deps: &Deps, document: &Document, keys: BTreeSet<String>) -> Result<(), Failure> {
    for key in keys {
        deps.records.release(&document.connection, &document.id, &key).await?;
    }
    Ok(())
}
