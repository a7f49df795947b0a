//! Reading tasks, and preparing what is written to them.

use jiff::Timestamp;
use tandem_contact::Side;
use tandem_providers::openphone::Id;
use tandem_providers::{Class, ContactId, ghl as ghl_api};
use tandem_reconcile::{Document, IntentKind, Writes};
use tandem_records::{Error, Loaded};

use super::thing::{Ground, LOOK, is_young, place, since};
use super::{Flow, Settlement, Unfit, Worker, contact_id, spread};
use crate::call::Trouble;
use crate::task::{self, Prepared};

impl Worker<'_> {
    pub(super) async fn read_task(&mut self, mut loaded: Loaded, side: Side) -> Result<Flow, Error> {
        let Some(id) = contact_id(&loaded.document, side) else { return self.unusable_id(loaded, side).await };
        if side == Side::Ghl {
            return self.read_in_ghl(loaded, &id).await;
        }
        let Ok(id) = Id::new(id.as_str()) else { return self.unusable_id(loaded, side).await };
        let answer = match task::read_openphone(&self.caller, &id).await {
            Ok((found, task)) => {
                loaded.document.place[side] = task.conversation.as_ref().map(Id::to_string);
                self.held.task = Some(task);
                Ok(found)
            }
            Err(trouble) => Err(trouble),
        };
        self.after_read(loaded, side, answer).await
    }

    /// GHL's tasks are found under their contact only, which an event may leave out and a merge of contacts may change.
    async fn read_in_ghl(&mut self, mut loaded: Loaded, id: &ContactId) -> Result<Flow, Error> {
        let side = Side::Ghl;
        let Ok(task) = ghl_api::Id::new(id.as_str()) else { return self.unusable_id(loaded, side).await };
        if let Some(contact) = place(&loaded.document, side) {
            let answer = task::read_ghl(&self.caller, &contact, &task).await;
            let is_missing = matches!(&answer, Err(Trouble::Refused(error)) if error.class() == Class::NotFound);
            if !is_missing || loaded.document.delete_seen[side] {
                return self.after_read(loaded, side, answer).await;
            }
            let elsewhere = match task::whose(&self.caller, task.as_str(), Timestamp::now()).await {
                Ok(elsewhere) => elsewhere.filter(|other| *other != contact),
                Err(trouble) => return self.failed(loaded, side, trouble).await,
            };
            if elsewhere.is_none() {
                return self.after_read(loaded, side, answer).await;
            }
            loaded.document.place[side] = elsewhere.map(|contact| contact.to_string());
        } else {
            match task::whose(&self.caller, task.as_str(), since(&loaded.document)).await {
                Ok(Some(contact)) => loaded.document.place[side] = Some(contact.to_string()),
                Ok(None) if is_young(&loaded.document) => {
                    task::forget(self.caller.connection).await;
                    return Ok(Flow::Stop(Settlement::Nak(spread(LOOK))));
                }
                Ok(None) => return self.leave(loaded, "GoHighLevel names no contact for this task").await,
                Err(trouble) => return self.failed(loaded, side, trouble).await,
            }
        }
        let Some(contact) = place(&loaded.document, side) else { return self.unusable_id(loaded, side).await };
        let answer = task::read_ghl(&self.caller, &contact, &task).await;
        self.after_read(loaded, side, answer).await
    }

    pub(super) async fn prepare_task(
        &self,
        document: &Document,
        side: Side,
        (kind, writes): (IntentKind, &Writes),
        ground: Option<&Ground>,
    ) -> Result<Prepared, Unfit> {
        let id = contact_id(document, side);
        match (ground, side) {
            (Some(Ground::Contact(contact)), _) => {
                task::prepare_ghl(&self.caller, (contact, None), (kind, writes)).await
            }
            (Some(Ground::Anchor(anchor)), _) => task::create_openphone(&self.caller, anchor, writes).await,
            (Some(Ground::Text(..)) | None, Side::Ghl) => {
                let contact = place(document, side).ok_or(Unfit::Lossy)?;
                let id = id.and_then(|id| ghl_api::Id::new(id.as_str()).ok()).ok_or(Unfit::Lossy)?;
                task::prepare_ghl(&self.caller, (&contact, Some(&id)), (kind, writes)).await
            }
            (Some(Ground::Text(..)) | None, Side::OpenPhone) => {
                let id = id.ok_or(Unfit::Lossy)?;
                let changes = (kind != IntentKind::Delete).then_some(writes);
                task::update_openphone(&self.caller, (&id, self.held.task.as_ref(), document), changes).await
            }
        }
    }
}
