//! `OpenPhone`'s conversations, both ways round: by who is in one, and who is in one (its contract sheet, section 7.2).

use std::collections::BTreeSet;

use serde_json::Value as Json;
use tandem_proto::ConnectionId;
use tandem_providers::openphone::Id;
use tandem_providers::openphone::conversation::{Conversation, Known};
use tandem_store::{Entry, Expected, Store};

use crate::{Error, key};

/// The kept index of conversations; clones share it.
///
/// A conversation is noted under its people before it is stored itself, and [`Talks::find`] believes only what a stored
/// conversation confirms. So a crash between the two leaves nothing but a place where nothing is found, and the next page
/// that has the conversation mends it.
#[derive(Debug, Clone)]
pub struct Talks {
    store: Store,
}

impl Talks {
    /// The index in that store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Takes in a page of the list. True while there was news on it: once a page of a list that was read to its end before
    /// brings none, nothing newer follows, because the list is ordered by activity.
    pub async fn feed(&self, connection: &ConnectionId, page: &[Conversation]) -> Result<bool, Error> {
        let mut is_news = false;
        for conversation in page {
            is_news |= self.take(connection, conversation).await?;
        }
        Ok(is_news)
    }

    /// The conversation of our number with exactly these people; of several the one with the latest activity. Deleted ones
    /// are not found.
    pub async fn find(
        &self,
        connection: &ConnectionId,
        number: &Id,
        participants: &BTreeSet<String>,
    ) -> Result<Option<Id>, Error> {
        let place = key::talk(connection, number, participants);
        let noted = self.store.get(&place).await?;
        let mut best = None;
        for id in ids(&place, noted.as_ref())? {
            let Some(known) = self.known(connection, &id).await? else { continue };
            let is_theirs = known.number == *number && known.participants == *participants;
            if is_theirs && known.can_be_found() {
                best = best.max(Some((known.last_activity_at, id)));
            }
        }
        Ok(best.map(|(_, id)| id))
    }

    /// Whether the list was once read to its end, and nothing on the way to it was left out since.
    pub async fn is_complete(&self, connection: &ConnectionId) -> Result<bool, Error> {
        Ok(self.store.get(&key::talks(connection)).await?.is_some())
    }

    /// Notes that it was, or that it is being read, which may be interrupted.
    pub async fn set_complete(&self, connection: &ConnectionId, is_complete: bool) -> Result<(), Error> {
        let key = key::talks(connection);
        let held = self.store.get(&key).await?;
        match (held, is_complete) {
            (None, true) => drop(self.store.put(&key, "complete", Expected::Absent).await?),
            (Some(entry), false) => self.store.delete(&key, entry.revision).await?,
            (None, false) | (Some(_), true) => {}
        }
        Ok(())
    }

    /// What is known of a conversation; deleted ones are still known.
    pub async fn known(&self, connection: &ConnectionId, conversation: &Id) -> Result<Option<Known>, Error> {
        let key = key::conversation(connection, conversation);
        let entry = self.store.get(&key).await?;
        entry.as_ref().map(|entry| known(&key, entry)).transpose()
    }

    /// True if this is news. Whoever has newer news at the same time wins.
    async fn take(&self, connection: &ConnectionId, conversation: &Conversation) -> Result<bool, Error> {
        let (id, new) = (&conversation.id, Known::of(conversation));
        let key = key::conversation(connection, id);
        loop {
            let entry = self.store.get(&key).await?;
            let held = entry.as_ref().map(|entry| known(&key, entry)).transpose()?;
            if held.as_ref().is_some_and(|held| !new.is_newer_than(held)) {
                return Ok(false);
            }
            if new.can_be_found() {
                self.note(connection, id, &new).await?;
            }
            match self.store.put(&key, new.to_json().to_string(), Expected::after(entry.as_ref())).await {
                Ok(_) => return Ok(true),
                Err(tandem_store::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Notes the conversation under its people. It is not taken away when they change: it isn't believed any more.
    async fn note(&self, connection: &ConnectionId, id: &Id, known: &Known) -> Result<(), Error> {
        let place = key::talk(connection, &known.number, &known.participants);
        loop {
            let entry = self.store.get(&place).await?;
            let mut noted = ids(&place, entry.as_ref())?;
            if !noted.insert(id.clone()) {
                return Ok(());
            }
            let list: Json = noted.iter().map(Id::as_str).collect();
            match self.store.put(&place, list.to_string(), Expected::after(entry.as_ref())).await {
                Ok(_) => return Ok(()),
                Err(tandem_store::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn known(key: &str, entry: &Entry) -> Result<Known, Error> {
    let stored = serde_json::from_slice(&entry.value).ok();
    stored.as_ref().and_then(Known::from_json).ok_or_else(|| Error::Conversation { key: key.to_owned() })
}

fn ids(key: &str, entry: Option<&Entry>) -> Result<BTreeSet<Id>, Error> {
    let Some(entry) = entry else { return Ok(BTreeSet::new()) };
    let stored: Option<Vec<String>> = serde_json::from_slice(&entry.value).ok();
    let ids = stored.and_then(|ids| ids.iter().map(|id| Id::new(id).ok()).collect());
    ids.ok_or_else(|| Error::Conversation { key: key.to_owned() })
}

#[cfg(test)]
mod tests;
