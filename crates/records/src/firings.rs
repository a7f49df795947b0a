//! Rules that were started, and how often lately for one contact: rules that start one another are stopped.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_mapping::Firing;
use tandem_proto::{ConnectionId, RecordId};
use tandem_store::{Expected, Store};

use crate::entry::{bytes, held, put};
use crate::{Error, key};

/// Rules that change something for one contact within [`WITHIN`]; people don't do that many things in it.
const MOST: usize = 30;
const WITHIN: Duration = Duration::from_mins(10);
const DAY: Duration = Duration::from_hours(24);

/// Rules that were started; clones share them.
#[derive(Debug, Clone)]
pub struct Firings {
    store: Store,
}

/// A firing and the revision it was read at.
#[derive(Debug, Clone)]
pub struct LoadedFiring {
    /// The firing.
    pub firing: Firing,
    /// What the next save names.
    pub revision: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Lately {
    started: Vec<(Timestamp, String)>,
}

/// Messages that go to a channel as one, because there are many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Tells it from those before.
    pub number: u32,
    /// What it holds, in the order in which it came.
    pub texts: Vec<String>,
}

impl Firings {
    /// In that store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Stores a new one, and returns its revision. One that is there already stays as it is: then its own is returned, none where it is over.
    pub async fn begin(&self, firing: &Firing) -> Result<Option<u64>, Error> {
        let key = key::firing(&firing.connection, &firing.id);
        match self.store.put(&key, bytes(firing), Expected::Absent).await {
            Ok(revision) => Ok(Some(revision)),
            Err(tandem_store::Error::Conflict { .. }) => {
                let known = self.load(&firing.connection, &firing.id).await?;
                Ok(known.filter(|known| !known.firing.is_over()).map(|known| known.revision))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The firing, if there is one.
    pub async fn load(&self, connection: &ConnectionId, id: &RecordId) -> Result<Option<LoadedFiring>, Error> {
        let Some(entry) = self.store.get(&key::firing(connection, id)).await? else { return Ok(None) };
        let firing =
            serde_json::from_slice(&entry.value).map_err(|source| Error::Unreadable { record: id.clone(), source })?;
        Ok(Some(LoadedFiring { firing, revision: entry.revision }))
    }

    /// Compare-and-set; the revision for the next save.
    pub async fn save(&self, firing: &Firing, revision: u64) -> Result<u64, Error> {
        let key = key::firing(&firing.connection, &firing.id);
        Ok(self.store.put(&key, bytes(firing), Expected::Revision(revision)).await?)
    }

    /// Notes that a rule is about to change something for somebody. The rules of the last minutes where these are too many: they start
    /// one another.
    pub async fn count(&self, firing: &Firing, whom: &str, now: Timestamp) -> Result<Option<Vec<String>>, Error> {
        let key = key::firing_rate(&firing.connection, whom);
        loop {
            let (expected, mut lately): (_, Lately) = held(self.store.get(&key).await?.as_ref());
            lately.started.retain(|(at, _)| *at > now - WITHIN);
            if lately.started.len() >= MOST {
                let mut rules: Vec<String> = lately.started.into_iter().map(|(_, rule)| rule).collect();
                rules.sort();
                rules.dedup();
                return Ok(Some(rules));
            }
            lately.started.push((now, firing.rule.clone()));
            if put(&self.store, &key, bytes(&lately), expected).await? {
                return Ok(None);
            }
        }
    }

    /// Notes that a text is about to be sent. Until when there is no room for it, where so many were sent within the last 24 hours.
    pub async fn count_text(
        &self,
        connection: &ConnectionId,
        per_day: u32,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let key = key::texts_sent(connection);
        loop {
            let (expected, mut sent): (_, Vec<Timestamp>) = held(self.store.get(&key).await?.as_ref());
            sent.retain(|at| *at > now - DAY);
            if sent.len() >= per_day as usize {
                let oldest = sent.iter().min().copied().unwrap_or(now);
                return Ok(Some(oldest + DAY));
            }
            sent.push(now);
            if put(&self.store, &key, bytes(&sent), expected).await? {
                return Ok(None);
            }
        }
    }

    /// Until when it was looked what is due, and that it was looked now; none the first time, and where somebody else has just looked.
    pub async fn looked(&self, connection: &ConnectionId, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let key = key::schedule(connection);
        let (expected, before): (_, Option<Timestamp>) = held(self.store.get(&key).await?.as_ref());
        let is_noted = put(&self.store, &key, bytes(&now), expected).await?;
        // A clock that goes wrong is no reason to begin a day anew.
        Ok(before.filter(|before| is_noted && *before < now))
    }

    /// Puts a message into the channel's digest, and returns the digest's number.
    pub async fn gather(&self, connection: &ConnectionId, channel: &str, text: &str) -> Result<u32, Error> {
        loop {
            let (mut digest, expected) = self.digest(connection, channel).await?;
            digest.texts.push(text.to_owned());
            if put(&self.store, &key::gathered(connection, channel), bytes(&digest), expected).await? {
                return Ok(digest.number);
            }
        }
    }

    /// The digest that is open, and what its close names.
    pub async fn digest(&self, connection: &ConnectionId, channel: &str) -> Result<(Digest, Expected), Error> {
        let (expected, digest) = held(self.store.get(&key::gathered(connection, channel)).await?.as_ref());
        Ok((digest, expected))
    }

    /// Nothing more goes into the digest; false where something has just gone into it.
    pub async fn close(
        &self,
        connection: &ConnectionId,
        channel: &str,
        (digest, expected): (&Digest, Expected),
    ) -> Result<bool, Error> {
        let next = Digest { number: digest.number.wrapping_add(1), texts: Vec::new() };
        put(&self.store, &key::gathered(connection, channel), bytes(&next), expected).await
    }

    /// Lets go of those that were over before then.
    pub async fn trim(&self, before: Timestamp) -> Result<u64, Error> {
        let mut old = Vec::new();
        self.store
            .walk(key::FIRINGS, |key, entry| {
                let firing: Option<Firing> = serde_json::from_slice(&entry.value).ok();
                if firing.is_some_and(|firing| firing.at < before && firing.is_over() && firing.failure().is_none()) {
                    old.push((key.to_owned(), entry.revision));
                }
            })
            .await?;
        let mut gone = 0;
        for (key, revision) in old {
            match self.store.delete(&key, revision).await {
                Ok(()) => gone += 1,
                Err(tandem_store::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use tandem_mapping::firing::State;

    use super::*;
    use crate::firing_id;

    fn firing(rule: &str, cause: &str) -> Firing {
        let connection = ConnectionId::new("acme").unwrap();
        let id = firing_id(&connection, rule, cause);
        Firing::new(id, &connection, (rule, "ghl.InvoicePaid"), Timestamp::UNIX_EPOCH)
    }

    #[tokio::test]
    async fn one_event_starts_a_rule_once() {
        let firings = Firings::new(Store::memory());
        let one = firing("r", "e1");
        let revision = firings.begin(&one).await.unwrap().unwrap();
        assert_eq!(
            firings.begin(&one).await.unwrap(),
            Some(revision),
            "stopped before its command, it is told of again"
        );
        assert!(firings.begin(&firing("r", "e2")).await.unwrap().is_some());
        assert!(firings.begin(&firing("s", "e1")).await.unwrap().is_some());
        let mut done = one.clone();
        done.state = State::Done;
        firings.save(&done, revision).await.unwrap();
        assert_eq!(firings.begin(&one).await.unwrap(), None);
        assert!(firings.save(&done, revision).await.unwrap_err().is_conflict());
    }

    #[tokio::test]
    async fn rules_that_start_one_another_are_stopped() {
        let firings = Firings::new(Store::memory());
        let now = Timestamp::UNIX_EPOCH;
        for number in 0..MOST {
            let rule = ["there", "and back"][number % 2];
            assert_eq!(firings.count(&firing(rule, "e"), "r1", now).await.unwrap(), None);
        }
        let stopped = firings.count(&firing("there", "e"), "r1", now).await.unwrap();
        assert_eq!(stopped, Some(vec!["and back".to_owned(), "there".to_owned()]));
        assert_eq!(firings.count(&firing("there", "e"), "r2", now).await.unwrap(), None);
        assert_eq!(firings.count(&firing("there", "e"), "r1", now + WITHIN).await.unwrap(), None);
    }

    #[tokio::test]
    async fn texts_keep_to_their_number_within_a_day() {
        let (firings, acme) = (Firings::new(Store::memory()), ConnectionId::new("acme").unwrap());
        let at = |hours: u64| Timestamp::UNIX_EPOCH + Duration::from_hours(hours);
        assert_eq!(firings.count_text(&acme, 2, at(0)).await.unwrap(), None);
        assert_eq!(firings.count_text(&acme, 2, at(5)).await.unwrap(), None);
        assert_eq!(firings.count_text(&acme, 2, at(6)).await.unwrap(), Some(at(24)));
        assert_eq!(firings.count_text(&acme, 2, at(24)).await.unwrap(), None);
        assert_eq!(firings.count_text(&acme, 0, at(24)).await.unwrap(), Some(at(29)));
    }

    #[tokio::test]
    async fn a_digest_holds_what_came_before_it_was_closed() {
        let (firings, acme) = (Firings::new(Store::memory()), ConnectionId::new("acme").unwrap());
        assert_eq!(firings.gather(&acme, "sales", "a").await.unwrap(), 0);
        let early = firings.digest(&acme, "sales").await.unwrap();
        assert_eq!(firings.gather(&acme, "sales", "b").await.unwrap(), 0);
        assert!(!firings.close(&acme, "sales", (&early.0, early.1)).await.unwrap(), "it lacks what came meanwhile");
        let (digest, expected) = firings.digest(&acme, "sales").await.unwrap();
        assert_eq!(digest.texts, ["a", "b"]);
        assert!(firings.close(&acme, "sales", (&digest, expected)).await.unwrap());
        assert_eq!(firings.gather(&acme, "sales", "c").await.unwrap(), 1);
        assert_eq!(firings.gather(&acme, "support", "c").await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_is_over_is_let_go_of_after_a_while_and_what_waits_for_a_person_stays() {
        let firings = Firings::new(Store::memory());
        for (cause, state) in
            [("done", State::Done), ("failed", State::Failed { why: "refused".to_owned() }), ("new", State::New)]
        {
            firings.begin(&Firing { state, ..firing("r", cause) }).await.unwrap();
        }
        assert_eq!(firings.trim(Timestamp::UNIX_EPOCH).await.unwrap(), 0);
        assert_eq!(firings.trim(Timestamp::UNIX_EPOCH + Duration::from_secs(1)).await.unwrap(), 1);
    }
}
