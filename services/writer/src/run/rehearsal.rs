//! A write that is not sent: what would follow if the provider took it as it is meant.

use jiff::Timestamp;
use tandem_contact::{Field, Observed, Side};
use tandem_providers::ContactId;
use tandem_providers::ghl::Contact;
use tandem_providers::ghl::contact::observe;
use tandem_reconcile::{Document, Found, IntentKind, Writes, begin};
use tandem_records::{Error, Loaded};

use super::{Flow, Worker};
use crate::ghl;

impl Worker<'_> {
    /// The intent and its outcome, without a request between them.
    pub(super) async fn rehearse(
        &mut self,
        loaded: Loaded,
        side: Side,
        (kind, writes, template): (IntentKind, &Writes, &'static str),
    ) -> Result<Flow, Error> {
        if (kind, side) == (IntentKind::Create, Side::Ghl) && self.rules.first_create_wait[side].is_zero() {
            // Where GHL takes no duplicates, it would refuse and say whose number it is.
            let there = ghl::candidates(&self.caller, &loaded.document).await;
            match there.map(|ids| ids.into_iter().next()) {
                Ok(None) => {}
                Ok(Some(id)) => return Box::pin(self.meet_existing(loaded, &id)).await,
                Err(trouble) => return self.failed(loaded, side, trouble).await,
            }
        }
        let Loaded { mut document, revision } = loaded;
        begin(&mut document, &self.rules, side, (kind, writes), (&self.run.owner, Timestamp::now()));
        let revision = self.save(&document, revision).await?;
        let answer = match kind {
            IntentKind::Create | IntentKind::Update => Some(self.taken_as_meant(&document, side, writes)),
            IntentKind::Delete => None,
        };
        if let (Some(rehearsal), Some(found)) = (&self.caller.deps.rehearsal, &answer) {
            rehearsal.note(&document.id, side, &found.observed);
        }
        // What was read before still shows what the provider holds: reading it again would show the same, and seem to be an edit.
        Box::pin(self.after_write(Loaded { document, revision }, side, (kind, writes, template), Ok(answer))).await
    }

    fn taken_as_meant(&self, document: &Document, side: Side, writes: &Writes) -> Found {
        let linked = document.provider_id(side).map(str::to_owned);
        let id = linked.unwrap_or_else(|| format!("{}-{}", super::NOT_MADE, document.id));
        let mut observed: Observed = writes.iter().map(|(field, write)| (*field, write.to.clone())).collect();
        // A contact that is made in GHL gets an address there, which goes to the other side.
        if let (Side::Ghl, Ok(contact)) = (side, ContactId::new(&id)) {
            let shown = observe(&Contact::unread(contact), &self.caller.connection.ghl.view).0;
            observed.extend(shown.into_iter().filter(|(field, _)| *field == Field::SourceLink));
        }
        Found { id, observed, at: None }
    }

    /// A contact that was not really made can't be read.
    pub(super) fn not_made(&self, id: &ContactId) -> Option<Found> {
        let is_not_made = self.caller.deps.rehearsal.is_some() && id.as_str().starts_with(super::NOT_MADE);
        is_not_made.then(|| Found { id: id.to_string(), observed: Observed::new(), at: None })
    }

    /// What a read shows, with what would have been written.
    pub(super) fn with_rehearsed(&self, document: &Document, side: Side, found: Found) -> Found {
        match &self.caller.deps.rehearsal {
            Some(rehearsal) => rehearsal.over(&document.id, side, found),
            None => found,
        }
    }
}
