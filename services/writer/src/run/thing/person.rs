//! Whom a thing is about.

use tandem_contact::Side;
use tandem_proto::RecordId;
use tandem_providers::openphone::Id;
use tandem_reconcile::{Document, Kind};
use tandem_records::Error;

use super::{Hindrance, LOOK, is_young, since};
use crate::run::Worker;
use crate::talks::{self, Talker};

/// Records that went on as another one, one after the other.
const MOST_MERGES: usize = 8;

impl Worker<'_> {
    /// The record of the person.
    pub(super) async fn person(&self, document: &Document) -> Result<Document, Hindrance> {
        let record = match (&document.parent, document.kind) {
            (Some(record), _) => Some(record.clone()),
            (None, Kind::Task) if document.link[Side::Ghl].is_none() => self.by_conversation(document).await?,
            (None, _) => self.by_contact(document).await?,
        };
        let contact = match record {
            Some(record) => self.last_of(document, record).await?,
            None => None,
        };
        contact.ok_or(if is_young(document) {
            Hindrance::Later(LOOK)
        } else {
            Hindrance::Never("it is about somebody whom nobody has told us of")
        })
    }

    /// Where it was met it is kept under its contact.
    async fn by_contact(&self, document: &Document) -> Result<Option<RecordId>, Error> {
        let is_under_contact = |side: &Side| document.kind == Kind::Note || *side == Side::Ghl;
        for side in Side::BOTH.into_iter().filter(is_under_contact) {
            let place = document.place[side].as_ref().filter(|_| document.link[side].is_some());
            if let Some(contact) = place {
                return self.caller.deps.records.linked(&document.connection, side, contact).await;
            }
        }
        Ok(None)
    }

    /// A conversation has participants; whoever has that number is meant. One of several people is nobody's.
    async fn by_conversation(&self, document: &Document) -> Result<Option<RecordId>, Hindrance> {
        let place = document.place[Side::OpenPhone].as_deref().and_then(|id| Id::new(id).ok());
        let Some(conversation) = place else {
            return Err(Hindrance::Never("the task hangs on no conversation, so nobody can say whom it is about"));
        };
        match talks::whose(&self.caller, &conversation, since(document)).await? {
            Talker::Person(number) => {
                let identity = format!("phone:{number}");
                Ok(self.caller.deps.records.holder(&document.connection, &identity).await?)
            }
            Talker::Nobody => Err(Hindrance::Never("the task hangs on a group conversation, which is nobody's")),
            Talker::Unknown if is_young(document) => Err(Hindrance::Later(LOOK)),
            Talker::Unknown => Err(Hindrance::Never("OpenPhone lists no such conversation")),
        }
    }

    /// The record that goes on with this one's contacts, if it was merged.
    pub(in crate::run) async fn last_of(
        &self,
        document: &Document,
        mut record: RecordId,
    ) -> Result<Option<Document>, Error> {
        for _ in 0..MOST_MERGES {
            let Some(loaded) = self.caller.deps.records.load(&document.connection, &record).await? else {
                return Ok(None);
            };
            match loaded.document.merged_into.clone() {
                Some(next) => record = next,
                None => return Ok(Some(loaded.document)),
            }
        }
        Ok(None)
    }
}
