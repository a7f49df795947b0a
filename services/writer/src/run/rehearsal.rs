//! A write that is not sent: what would follow if the provider took it as it is meant.

use jiff::Timestamp;
use tandem_contact::{Field, Observed, Side};
use tandem_providers::ContactId;
use tandem_providers::ghl::Contact;
use tandem_providers::ghl::contact::observe;
use tandem_reconcile::{Document, Found, IntentKind, Writes, begin};
use tandem_records::{Error, Loaded};

use super::{Flow, Worker};

impl Worker<'_> {
    /// The intent and its outcome, without a request between them.
    pub(super) async fn rehearse(
        &mut self,
        loaded: Loaded,
        side: Side,
        (kind, writes, template): (IntentKind, &Writes, &'static str),
    ) -> Result<Flow, Error> {
        let Loaded { mut document, revision } = loaded;
        begin(&mut document, &self.rules, side, (kind, writes), (&self.run.owner, Timestamp::now()));
        let revision = self.save(&document, revision).await?;
        let answer = match kind {
            IntentKind::Create | IntentKind::Update => Some(self.taken_as_meant(&document, side, writes)),
            IntentKind::Delete => None,
        };
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
}
