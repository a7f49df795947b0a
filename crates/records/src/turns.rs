//! Turns: what only one process may do at a time, and some of it not too often.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::Side;
use tandem_proto::ConnectionId;
use tandem_store::{Expected, Store};

use crate::entry::bytes;
use crate::{Error, key};

/// What a turn is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing<'a> {
    /// Reading the open tasks of a location or workspace.
    ReadTasks(Side),
    /// Reading the notes of a workspace's contacts.
    ReadNotes,
    /// Changing this GHL note, of which several records may each have a part.
    WriteNote(&'a str),
}

/// Whose turn it is; clones share it.
#[derive(Debug, Clone)]
pub struct Turns {
    store: Store,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct State {
    claimed_until: Timestamp,
    done_at: Option<Timestamp>,
    round: u64,
    /// Somebody wants it done before its time.
    #[serde(default)]
    is_wanted: bool,
}

/// The turn is ours.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Counts those that came to an end; part of the ids of what this one tells.
    pub round: u64,
    /// When the last one that came to an end was done.
    pub last: Option<Timestamp>,
    key: String,
    revision: u64,
}

impl Turns {
    /// In that store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Takes the turn for a while; none where somebody else has it, or had it less than `every` ago.
    pub async fn take(
        &self,
        connection: &ConnectionId,
        doing: Doing<'_>,
        (now, hold, every): (Timestamp, Duration, Duration),
    ) -> Result<Option<Turn>, Error> {
        let key = key::turn(connection, doing);
        let entry = self.store.get(&key).await?;
        let state: State =
            entry.as_ref().and_then(|entry| serde_json::from_slice(&entry.value).ok()).unwrap_or_default();
        // A time further away was written by a clock that goes wrong.
        let is_taken = now < state.claimed_until && state.claimed_until <= now + hold;
        let is_done = !state.is_wanted && state.done_at.is_some_and(|at| at <= now && now < at + every);
        if is_taken || is_done {
            return Ok(None);
        }
        let claimed = State { claimed_until: now + hold, is_wanted: false, ..state };
        match self.store.put(&key, bytes(&claimed), Expected::after(entry.as_ref())).await {
            Ok(revision) => Ok(Some(Turn { round: state.round, last: state.done_at, key, revision })),
            Err(tandem_store::Error::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the turn for longer, as long as nobody else has it. Whoever dies with it is waited for no longer than that.
    pub async fn renew(&self, turn: &mut Turn, (now, hold): (Timestamp, Duration)) -> Result<(), Error> {
        let state = State { claimed_until: now + hold, done_at: turn.last, round: turn.round, is_wanted: false };
        match self.store.put(&turn.key, bytes(&state), Expected::Revision(turn.revision)).await {
            Ok(revision) => turn.revision = revision,
            Err(tandem_store::Error::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Gives the turn back; one that came to an end counts.
    pub async fn release(&self, turn: Turn, done_at: Option<Timestamp>) -> Result<(), Error> {
        let round = if done_at.is_some() { turn.round + 1 } else { turn.round };
        let state = State { done_at: done_at.or(turn.last), round, ..State::default() };
        ended(self.store.put(&turn.key, bytes(&state), Expected::Revision(turn.revision)).await.map(drop))
    }

    /// Whoever asks next gets the turn, however lately it was had. What somebody does just now is done once more.
    pub async fn want(&self, connection: &ConnectionId, doing: Doing<'_>) -> Result<(), Error> {
        let key = key::turn(connection, doing);
        loop {
            // What was never done is due.
            let Some(entry) = self.store.get(&key).await? else { return Ok(()) };
            let state: State = serde_json::from_slice(&entry.value).unwrap_or_default();
            // Of a round of its own: what it tells is told, whatever the one under way has told.
            let wanted =
                State { claimed_until: Timestamp::UNIX_EPOCH, round: state.round + 1, is_wanted: true, ..state };
            match self.store.put(&key, bytes(&wanted), Expected::Revision(entry.revision)).await {
                Err(tandem_store::Error::Conflict { .. }) => {}
                put => return Ok(put.map(drop)?),
            }
        }
    }

    /// Nobody gets the turn before then, whoever had it.
    pub async fn keep(&self, turn: Turn, until: Timestamp) -> Result<(), Error> {
        let state = State { claimed_until: until, done_at: turn.last, round: turn.round, is_wanted: false };
        ended(self.store.put(&turn.key, bytes(&state), Expected::Revision(turn.revision)).await.map(drop))
    }

    /// Gives back a turn that nothing is to be remembered of.
    pub async fn end(&self, turn: Turn) -> Result<(), Error> {
        ended(self.store.delete(&turn.key, turn.revision).await)
    }
}

/// Whose turn had ended before has nothing to give back.
fn ended(given_back: Result<(), tandem_store::Error>) -> Result<(), Error> {
    match given_back {
        Ok(()) | Err(tandem_store::Error::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_mins(2);
    const EVERY: Duration = Duration::from_mins(5);

    fn at(minutes: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_mins(1_000_000 + minutes)
    }

    #[tokio::test]
    async fn one_reads_at_a_time_and_none_too_often() {
        let (turns, acme) = (Turns::new(Store::memory()), ConnectionId::new("acme").unwrap());
        let take = |minutes| turns.take(&acme, Doing::ReadTasks(Side::Ghl), (at(minutes), HOLD, EVERY));
        let turn = take(0).await.unwrap().unwrap();
        assert!(take(1).await.unwrap().is_none(), "two at once");
        turns.release(turn, Some(at(1))).await.unwrap();
        assert!(take(5).await.unwrap().is_none(), "too soon");
        let left_behind = take(6).await.unwrap().unwrap();
        assert_eq!((left_behind.round, left_behind.last), (1, Some(at(1))));
        let turn = take(8).await.unwrap().unwrap();
        assert_eq!(turn.round, 1, "what was not finished is told again under the same ids");
        turns.release(left_behind, Some(at(8))).await.unwrap();
        assert!(take(9).await.unwrap().is_none(), "a turn that had ended was given back");
        turns.release(turn, None).await.unwrap();
        assert_eq!(take(10).await.unwrap().unwrap().last, Some(at(1)), "one that failed hid the one before");
    }

    #[tokio::test]
    async fn whoever_goes_on_keeps_the_turn_and_whoever_lost_it_does_not() {
        let (turns, acme) = (Turns::new(Store::memory()), ConnectionId::new("acme").unwrap());
        let take = |minutes| turns.take(&acme, Doing::ReadNotes, (at(minutes), HOLD, EVERY));
        let mut turn = take(0).await.unwrap().unwrap();
        turns.renew(&mut turn, (at(1), HOLD)).await.unwrap();
        assert!(take(2).await.unwrap().is_none(), "it was renewed");
        let other = take(3).await.unwrap().unwrap();
        turns.renew(&mut turn, (at(4), HOLD)).await.unwrap();
        assert!(take(4).await.unwrap().is_none(), "the other one has it");
        turns.release(turn, Some(at(4))).await.unwrap();
        turns.release(other, Some(at(4))).await.unwrap();
        assert_eq!(take(10).await.unwrap().unwrap().round, 1);
    }

    #[tokio::test]
    async fn what_is_wanted_is_done_at_once_and_told_anew() {
        let (turns, acme) = (Turns::new(Store::memory()), ConnectionId::new("acme").unwrap());
        let take = |minutes| turns.take(&acme, Doing::ReadNotes, (at(minutes), HOLD, EVERY));
        let want = || turns.want(&acme, Doing::ReadNotes);
        want().await.unwrap();
        let first = take(0).await.unwrap().unwrap();
        turns.release(first, Some(at(1))).await.unwrap();
        want().await.unwrap();
        let wanted = take(2).await.unwrap().unwrap();
        assert_eq!((wanted.round, wanted.last), (2, Some(at(1))));
        assert!(take(2).await.unwrap().is_none(), "wanted once, done twice");
        // Wanted while it is done: what that reading has seen may be older.
        want().await.unwrap();
        turns.release(wanted, Some(at(3))).await.unwrap();
        let again = take(3).await.unwrap().unwrap();
        assert_eq!(again.round, 3);
        turns.release(again, Some(at(3))).await.unwrap();
        assert!(take(4).await.unwrap().is_none(), "wanted for ever");
    }

    #[tokio::test]
    async fn a_note_is_changed_by_one_at_a_time() {
        let (turns, acme) = (Turns::new(Store::memory()), ConnectionId::new("acme").unwrap());
        let take = |note, minutes| turns.take(&acme, Doing::WriteNote(note), (at(minutes), HOLD, Duration::ZERO));
        let turn = take("n1", 0).await.unwrap().unwrap();
        assert!(take("n1", 1).await.unwrap().is_none());
        assert!(take("n2", 1).await.unwrap().is_some());
        turns.end(turn).await.unwrap();
        let left_behind = take("n1", 1).await.unwrap().unwrap();
        let turn = take("n1", 3).await.unwrap().unwrap();
        turns.end(left_behind).await.unwrap();
        assert!(take("n1", 4).await.unwrap().is_none(), "a turn that had ended was given back");
        turns.keep(turn, at(4) + Duration::from_secs(30)).await.unwrap();
        assert!(take("n1", 4).await.unwrap().is_none());
        assert!(take("n1", 5).await.unwrap().is_some());
    }
}
