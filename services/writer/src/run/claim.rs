//! Taking and giving back identity keys, and what follows where somebody else has one already.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::Side;
use tandem_proto::RecordId;
use tandem_reconcile::{Claims, Document, Meeting, awaited, claimed, join, meet, merged_into, parked_with, woken};
use tandem_records::{Error, Loaded};
use tandem_store::Expected;
use tandem_telemetry::chain;

use super::{Flow, Settlement, Worker, spread};
use crate::command;
use crate::journal::{self, Line};

/// The holder of a key has a create under way.
const LATER: Duration = Duration::from_secs(1);

impl Worker<'_> {
    pub(super) async fn claim(&self, loaded: Loaded, claims: Claims) -> Result<Flow, Error> {
        let records = &self.caller.deps.records;
        let Loaded { mut document, revision } = loaded;
        for key in &claims.release {
            records.release(&document.connection, &document.id, key).await?;
        }
        let mut taken = BTreeSet::new();
        for key in claims.add {
            let Some((holder, meeting)) = self.claim_one(&document, &key).await? else {
                taken.insert(key);
                continue;
            };
            match meeting {
                Meeting::Separate | Meeting::Free => drop(taken.insert(key)),
                Meeting::Later => return Ok(Flow::Stop(Settlement::Nak(spread(LATER)))),
                Meeting::Join => return self.join(Loaded { document, revision }, holder).await,
                Meeting::Duplicate => {
                    let reason = format!(
                        "the same person as record {}: a shared phone, email or name, and the names agree",
                        holder.document.id
                    );
                    parked_with(&mut document, "duplicate", reason, &holder.document.id);
                    self.awaits(holder, &document.id).await?;
                    break;
                }
                Meeting::Ambiguous => {
                    let reason = format!(
                        "perhaps the same person as record {}: something is shared, but not enough agrees",
                        holder.document.id
                    );
                    parked_with(&mut document, "ambiguous", reason, &holder.document.id);
                    self.awaits(holder, &document.id).await?;
                    break;
                }
            }
        }
        claimed(&mut document, taken, &claims.release);
        let revision = self.save(&document, revision).await?;
        if document.parked.is_some() {
            journal::park(&self.caller, &document, revision).await;
        }
        Ok(Flow::Again)
    }

    /// The other record knows that this one waits because of it, before it does.
    pub(super) async fn awaits(&self, other: Loaded, by: &RecordId) -> Result<(), Error> {
        let Loaded { mut document, revision } = other;
        if awaited(&mut document, by) {
            self.save(&document, revision).await?;
        }
        Ok(())
    }

    /// Those that wait because of this record decide anew: it has ended.
    pub(super) async fn wake(&self, loaded: Loaded) -> Result<Flow, Error> {
        let Loaded { mut document, revision } = loaded;
        let records = &self.caller.deps.records;
        for waiting in std::mem::take(&mut document.awaited_by) {
            let Some(Loaded { document: mut one, revision }) = records.load(&document.connection, &waiting).await?
            else {
                continue;
            };
            let is_woken = woken(&mut one, &document.id, Timestamp::now());
            // Saved in any case: a worker that is about to let it wait because of us then loses its compare-and-set.
            let revision = self.save(&one, revision).await?;
            if !is_woken {
                continue;
            }
            if let Err(error) = command::publish(&self.caller, &one, revision).await {
                tracing::warn!(record.id = %one.id, error = %chain(&error), "record {} can't be sent on now", one.id);
                return Ok(Flow::Stop(Settlement::Nak(LATER)));
            }
            let reason = format!("it waited because of record {}, which has ended", document.id);
            let line = Line { outcome: "woken", reason, ..Line::default() };
            journal::write(&self.caller, &one, revision, line).await;
        }
        self.save(&document, revision).await?;
        Ok(Flow::Again)
    }

    /// Takes a key, or tells who has it and what that means.
    async fn claim_one(&self, document: &Document, key: &str) -> Result<Option<(Loaded, Meeting)>, Error> {
        let records = &self.caller.deps.records;
        let Some(holder) = records.claim(document, key).await? else { return Ok(None) };
        let held = match records.load(&document.connection, &holder).await? {
            Some(held) => {
                let meeting = meet(document, &held.document, key);
                (meeting != Meeting::Free).then_some((held, meeting))
            }
            None => None,
        };
        if held.is_none() {
            // A claim whose record is gone is a leftover.
            records.release(&document.connection, &holder, key).await?;
            records.claim(document, key).await?;
        }
        Ok(held)
    }

    /// The holder goes on with this record's contacts. Every step may be repeated after a crash.
    async fn join(&self, loaded: Loaded, holder: Loaded) -> Result<Flow, Error> {
        let Loaded { mut document, revision } = loaded;
        let Loaded { document: mut other, revision: held } = holder;
        join(&mut other, &self.rules, &document, Timestamp::now());
        let records = &self.caller.deps.records;
        let held = records.save(&other, Expected::Revision(held)).await?;
        for side in Side::BOTH {
            if let Some(id) = other.provider_id(side) {
                records.link(&other, side, id).await?;
            }
        }
        if let Err(error) = command::publish(&self.caller, &other, held).await {
            tracing::warn!(record.id = %other.id, error = %chain(&error), "record {} can't be sent on now", other.id);
            return Ok(Flow::Stop(Settlement::Nak(LATER)));
        }
        self.leave_to(&mut document, revision, other.id.clone()).await?;
        journal::write(
            &self.caller,
            &other,
            held,
            Line {
                outcome: "linked",
                reason: format!(
                    "record {} is the same person: a shared phone, email or name, and nothing against it",
                    document.id
                ),
                ..Line::default()
            },
        )
        .await;
        Ok(Flow::Again)
    }

    async fn leave_to(&self, document: &mut Document, revision: u64, other: RecordId) -> Result<(), Error> {
        let reason = format!("goes on as record {other}");
        merged_into(document, other);
        let revision = self.save(document, revision).await?;
        let line = Line { outcome: "linked", reason, ..Line::default() };
        journal::write(&self.caller, document, revision, line).await;
        Ok(())
    }
}
