//! Taking and giving back identity keys, and finding out that somebody else is the same person.

use std::collections::BTreeSet;

use tandem_proto::RecordId;
use tandem_reconcile::{Claims, claimed, parked, same_person};
use tandem_records::Loaded;

use super::{Flow, Worker};
use crate::journal;

/// What became of one key.
enum Claimed {
    Taken,
    /// Another record of the same person holds it.
    SamePerson(RecordId),
}

impl Worker<'_> {
    pub(super) async fn claim(&self, loaded: Loaded, claims: Claims) -> Result<Flow, tandem_records::Error> {
        let Loaded { mut document, revision } = loaded;
        let records = &self.caller.deps.records;
        for key in &claims.release {
            records.release(&document.connection, &document.id, key).await?;
        }
        let (mut taken, mut rival) = (BTreeSet::new(), None);
        for key in claims.add {
            match self.claim_one(&document, &key).await? {
                Claimed::Taken => drop(taken.insert(key)),
                Claimed::SamePerson(holder) => rival = Some(holder),
            }
        }
        claimed(&mut document, taken, &claims.release);
        if let Some(rival) = rival {
            let reason = format!("the same person as record {rival}: a shared phone or email, and the names agree");
            parked(&mut document, "duplicate", reason);
            let revision = self.save(&document, revision).await?;
            journal::park(&self.caller, &document, revision).await;
            return Ok(Flow::Again);
        }
        self.save(&document, revision).await?;
        Ok(Flow::Again)
    }

    async fn claim_one(
        &self,
        document: &tandem_reconcile::Document,
        key: &str,
    ) -> Result<Claimed, tandem_records::Error> {
        let records = &self.caller.deps.records;
        let Some(holder) = records.claim(document, key).await? else { return Ok(Claimed::Taken) };
        match records.load(&document.connection, &holder).await? {
            Some(rival) if same_person(&rival.document, document) => Ok(Claimed::SamePerson(holder)),
            // People share numbers: a household keeps one contact each.
            Some(_) => Ok(Claimed::Taken),
            // A claim without its record is a leftover.
            None => {
                records.release(&document.connection, &holder, key).await?;
                records.claim(document, key).await?;
                Ok(Claimed::Taken)
            }
        }
    }
}
