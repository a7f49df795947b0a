//! GHL refuses a create because somebody has that number or address already, and says who (contract sheet, section 10.2).

use jiff::Timestamp;
use tandem_contact::Side;
use tandem_providers::ContactId;
use tandem_reconcile::{Document, adopt, fits, not_applied, parked, parked_with, read};
use tandem_records::{Error, Loaded};

use super::{Flow, Worker};
use crate::call::Trouble;
use crate::ghl;
use crate::journal::{self, Line};

impl Worker<'_> {
    /// The contact is this record's, unless it is somebody else's or called otherwise.
    pub(super) async fn meet_existing(&mut self, loaded: Loaded, id: &ContactId) -> Result<Flow, Error> {
        let Loaded { mut document, revision } = loaded;
        not_applied(&mut document, Side::Ghl);
        let holder = self.caller.deps.records.linked(&document.connection, Side::Ghl, id.as_str()).await?;
        if let Some(holder) = holder.filter(|holder| *holder != document.id) {
            let reason =
                format!("GoHighLevel takes this person for the contact of record {holder}, and allows no duplicates");
            parked_with(&mut document, "duplicate", reason, &holder);
            if let Some(other) = self.caller.deps.records.load(&document.connection, &holder).await? {
                self.awaits(other, &document.id).await?;
            }
            return self.park(document, revision).await;
        }
        let (found, contact) = match ghl::read(&self.caller, id).await {
            Ok(read) => read,
            Err(trouble) => return self.save_and_fail(document, revision, trouble).await,
        };
        if !fits(&document, &found.observed) {
            let reason = format!(
                "GoHighLevel has contact {id} under the same phone or email and another name, and allows no duplicates"
            );
            parked(&mut document, "ambiguous", reason);
            return self.park(document, revision).await;
        }
        adopt(&mut document, &self.rules, Side::Ghl, id.as_str(), Timestamp::now());
        let notes = read(&mut document, &self.rules, Side::Ghl, &found, Timestamp::now());
        let revision = self.save(&document, revision).await?;
        self.caller.deps.records.link(&document, Side::Ghl, id.as_str()).await?;
        self.held.ghl = Some(contact);
        self.run.fresh[Side::Ghl] = true;
        let line =
            Line::new("linked", Side::Ghl).with_reason("GoHighLevel has a contact with this phone or email already");
        journal::write(&self.caller, &document, revision, line).await;
        journal::conflicts(&self.caller, &document, revision, &notes).await;
        Ok(Flow::Again)
    }

    async fn park(&self, document: Document, revision: u64) -> Result<Flow, Error> {
        let revision = self.save(&document, revision).await?;
        journal::park(&self.caller, &document, revision).await;
        Ok(Flow::Again)
    }

    async fn save_and_fail(&self, document: Document, revision: u64, trouble: Trouble) -> Result<Flow, Error> {
        let revision = self.save(&document, revision).await?;
        self.failed(Loaded { document, revision }, Side::Ghl, trouble).await
    }
}
