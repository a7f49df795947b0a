//! Whom a task or note is about, as far as the store can tell.

use tandem_contact::Side;
use tandem_proto::{ConnectionId, RecordId};
use tandem_providers::openphone::Id;
use tandem_providers::openphone::conversation::Owner;
use tandem_reconcile::{Document, Kind};

use crate::{Error, Loaded, Records};

/// Records that went on as another one, one after the other.
const MOST_MERGES: usize = 8;

impl Records {
    /// The record of the person: the one that it was found to be about, else the one of the contact or the conversation that it
    /// is kept under where it was met.
    pub async fn whose(&self, thing: &Document) -> Result<Option<RecordId>, Error> {
        if let Some(parent) = &thing.parent {
            return Ok(Some(parent.clone()));
        }
        let place = |side: Side| thing.place[side].as_deref().filter(|_| thing.link[side].is_some());
        for side in Side::BOTH {
            let Some(place) = place(side) else { continue };
            return if thing.kind == Kind::Task && side == Side::OpenPhone {
                self.talked_with(&thing.connection, place).await
            } else {
                self.linked(&thing.connection, side, place).await
            };
        }
        Ok(None)
    }

    /// Whoever has the number that this conversation is with.
    async fn talked_with(&self, connection: &ConnectionId, conversation: &str) -> Result<Option<RecordId>, Error> {
        let Ok(conversation) = Id::new(conversation) else { return Ok(None) };
        let known = self.talks().known(connection, &conversation).await?;
        match known.as_ref().map_or(Owner::Unknown, |known| known.owner()) {
            Owner::Person(number) => self.holder(connection, &format!("phone:{number}")).await,
            Owner::Nobody | Owner::Unknown => Ok(None),
        }
    }

    /// The document of a record, or of the one that goes on with its contacts.
    pub async fn last_of(&self, connection: &ConnectionId, mut record: RecordId) -> Result<Option<Loaded>, Error> {
        for _ in 0..MOST_MERGES {
            let Some(loaded) = self.load(connection, &record).await? else { return Ok(None) };
            match loaded.document.merged_into.clone() {
                Some(next) => record = next,
                None => return Ok(Some(loaded)),
            }
        }
        Ok(None)
    }
}
