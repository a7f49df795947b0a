//! Whom a thing is about.

use tandem_contact::Side;
use tandem_proto::RecordId;
use tandem_providers::openphone::Id;
use tandem_reconcile::{Document, Kind};

use super::{Hindrance, LOOK, is_young, since};
use crate::run::Worker;
use crate::talks::{self, Talker};

impl Worker<'_> {
    /// The record of the person.
    pub(super) async fn person(&self, document: &Document) -> Result<Document, Hindrance> {
        let records = &self.caller.deps.records;
        let record = match records.whose(document).await? {
            None if document.kind == Kind::Task && document.link[Side::Ghl].is_none() => {
                self.by_conversation(document).await?
            }
            known => known,
        };
        let contact = match record {
            Some(record) => records.last_of(&document.connection, record).await?,
            None => None,
        };
        contact.map(|loaded| loaded.document).ok_or(if is_young(document) {
            Hindrance::Later(LOOK)
        } else {
            Hindrance::Never("it is about somebody whom nobody has told us of")
        })
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
}
