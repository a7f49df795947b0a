//! Compare-and-set, and what to make of a write that nobody answered.
//!
//! A write names the sequence that the key's last message must have, its base; the server compares and stores in one
//! step, so of all writes with one base at most one is stored.
//!
//! **Unknown outcome.** A write without an answer may have been stored, or still be on its way: the client library holds
//! back what is sent while disconnected. So each write has a random id (`Nats-Msg-Id`), and is repeated with it:
//! * no copy was stored: this one is, or all lose to somebody else's;
//! * one was: the leader of a replicated stream remembers the id, and answers with the sequence that it got, even if that
//!   was replaced since. A server alone, or one that restarted, refuses: the base is gone.
//!
//! Of a refused write the last message tells. It has our id: stored. It took the place of our base: ours never was, and
//! never will be. Anything else leaves open whether somebody else replaced ours: the caller is told that it isn't known.
//!
//! **Deleting** writes a marker by the same compare-and-set. To delete the message itself would be simpler, but a
//! replicated stream compares a put with what is applied and in flight, and a delete of a message counts as neither:
//! in 88 of 400 races of a delete and a put with the same base, both were told that they won (2.15.1, three replicas).
//! A marker vanishes by itself after an hour. Until then it is the base of the put that makes the key anew; whoever
//! expects the old revision loses either way.

use bytes::Bytes;
use tandem_jetstream::Error as NatsError;
use tandem_jetstream::async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_ID, NATS_MESSAGE_TTL};
use tandem_jetstream::async_nats::jetstream::ErrorCode;
use tandem_jetstream::async_nats::jetstream::publish::PublishAck;
use tandem_jetstream::async_nats::jetstream::response::Response;
use tandem_jetstream::async_nats::{HeaderMap, Request};
use tokio::time::Instant;

use super::message::{DELETE, OPERATION, Stored};
use super::{BOUND, Bucket, PAUSE, patience, subject};
use crate::{Error, Expected};

/// In seconds, as the header wants it. Must be longer than [`BOUND`], so that a marker never comes and goes unseen
/// during one write.
const MARKER_LIFE: &str = "3600";

#[derive(Debug)]
pub(super) enum Change {
    Put(Bytes),
    Delete,
}

/// One write, over all its attempts.
struct Write<'a> {
    key: &'a str,
    subject: String,
    id: String,
    change: &'a Change,
    expected: Expected,
    /// What the last message must be for the write to be stored.
    base: u64,
    /// An attempt got no answer, so it may have been stored.
    is_open: bool,
    deadline: Instant,
}

/// What became of one attempt.
enum Attempt {
    Stored(u64),
    /// The base is not the last message, or another write is under way.
    Refused,
    /// Nobody can say.
    Open(NatsError),
}

/// What the last message says about a write that was refused.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Stored(u64),
    /// The key is as expected, but its last message is this one.
    Rebase(u64),
    Lost,
    Unknown,
}

impl Bucket {
    /// Returns the sequence.
    pub(super) async fn write(&self, key: &str, change: &Change, expected: Expected) -> Result<u64, Error> {
        let base = match expected {
            Expected::Absent => 0,
            // No message ever has sequence 0: as a base it means absence.
            Expected::Revision(0) => return Err(Error::Conflict { key: key.to_owned() }),
            Expected::Revision(revision) => revision,
        };
        let (subject, id) = (subject::encode(key)?, format!("{:032x}", rand::random::<u128>()));
        let deadline = Instant::now() + BOUND;
        let mut write = Write { key, subject, id, change, expected, base, is_open: false, deadline };
        loop {
            self.wait_for_connection(deadline).await?;
            let stored = match self.attempt(&write).await? {
                Attempt::Stored(sequence) => Some(sequence),
                Attempt::Open(error) if Instant::now() + PAUSE >= deadline => return Err(error.into()),
                Attempt::Open(_) => {
                    write.is_open = true;
                    tokio::time::sleep(PAUSE).await;
                    None
                }
                Attempt::Refused if write.is_decided() => return Err(write.conflict()),
                Attempt::Refused => self.look(&mut write).await?,
            };
            if let Some(sequence) = stored {
                return Ok(sequence);
            }
        }
    }

    /// Reads what is there instead of the base. Returns the sequence, or nothing where the write is to be repeated.
    async fn look(&self, write: &mut Write<'_>) -> Result<Option<u64>, Error> {
        match write.verdict(self.last(&write.subject, write.deadline).await?.as_ref()) {
            Verdict::Stored(sequence) => return Ok(Some(sequence)),
            Verdict::Lost => return Err(write.conflict()),
            Verdict::Unknown => {
                let reason = "a write got no answer, and another one came after it".to_owned();
                return Err(NatsError::Unavailable(reason).into());
            }
            Verdict::Rebase(_) if Instant::now() >= write.deadline => {
                return Err(NatsError::Unavailable("others write the same key all the time".to_owned()).into());
            }
            Verdict::Rebase(base) if base == write.base => tokio::time::sleep(PAUSE).await,
            Verdict::Rebase(base) => write.base = base,
        }
        Ok(None)
    }

    /// What is sent while disconnected is only held back, to be stored at a time when nobody waits for it any more.
    async fn wait_for_connection(&self, deadline: Instant) -> Result<(), Error> {
        while !self.jetstream.is_connected() {
            if Instant::now() >= deadline {
                return Err(NatsError::Unavailable("no connection".to_owned()).into());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn attempt(&self, write: &Write<'_>) -> Result<Attempt, Error> {
        let answer = match self.jetstream.client().send_request(write.subject.clone(), write.request()).await {
            Ok(answer) => answer,
            Err(error) => return open_or_failed(error.into()),
        };
        match serde_json::from_slice::<Response<PublishAck>>(&answer.payload) {
            Ok(Response::Ok(ack)) => Ok(Attempt::Stored(ack.sequence)),
            Ok(Response::Err { error }) => match error.error_code() {
                ErrorCode::STREAM_WRONG_LAST_SEQUENCE | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT => {
                    Ok(Attempt::Refused)
                }
                // An earlier copy of this write is being stored at this moment.
                ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT => {
                    Ok(Attempt::Open(NatsError::Unavailable("the write is under way".to_owned())))
                }
                _ => open_or_failed(error.into()),
            },
            Err(error) => Ok(Attempt::Open(NatsError::Answer(error.to_string()))),
        }
    }
}

impl Write<'_> {
    fn request(&self) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, self.id.as_str());
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, self.base.to_string());
        let payload = match self.change {
            Change::Put(value) => value.clone(),
            Change::Delete => {
                headers.insert(OPERATION, DELETE);
                headers.insert(NATS_MESSAGE_TTL, MARKER_LIFE);
                Bytes::new()
            }
        };
        Request::new().headers(headers).payload(payload).timeout(Some(patience(self.deadline)))
    }

    fn conflict(&self) -> Error {
        Error::Conflict { key: self.key.to_owned() }
    }

    /// No need to look: every attempt was answered, and the revision that was expected is not the last.
    fn is_decided(&self) -> bool {
        !self.is_open && self.expected != Expected::Absent
    }

    fn verdict(&self, last: Option<&Stored>) -> Verdict {
        let wants_absence = self.expected == Expected::Absent;
        match last {
            Some(last) if last.write_id.as_deref() == Some(&self.id) => Verdict::Stored(last.sequence),
            // Another write was under way and failed, or is not to be seen yet.
            Some(last) if last.sequence == self.base => Verdict::Rebase(self.base),
            Some(last) if self.is_open && last.replaced != Some(self.base) => Verdict::Unknown,
            Some(last) if wants_absence && last.is_deleted => Verdict::Rebase(last.sequence),
            // The marker that was the base has gone.
            None if wants_absence => Verdict::Rebase(0),
            Some(_) | None => Verdict::Lost,
        }
    }
}

/// What the server or the library refused for good was not stored.
fn open_or_failed(error: NatsError) -> Result<Attempt, Error> {
    if error.class().is_retryable() { Ok(Attempt::Open(error)) } else { Err(error.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(expected: Expected, base: u64, is_open: bool) -> Write<'static> {
        let (subject, id) = (String::new(), "ours".to_owned());
        Write { key: "a", subject, id, change: &Change::Delete, expected, base, is_open, deadline: Instant::now() }
    }

    fn last(sequence: u64, write_id: &str, replaced: u64) -> Stored {
        let (write_id, replaced) = (Some(write_id.to_owned()), Some(replaced));
        Stored { sequence, value: Bytes::new(), is_deleted: false, write_id, replaced }
    }

    fn marker(sequence: u64, replaced: u64) -> Stored {
        Stored { is_deleted: true, ..last(sequence, "theirs", replaced) }
    }

    #[test]
    fn a_refused_write_of_known_outcome_lost() {
        assert!(write(Expected::Revision(7), 7, false).is_decided());
        let create = write(Expected::Absent, 0, false);
        assert!(!create.is_decided());
        assert_eq!(create.verdict(Some(&last(8, "theirs", 0))), Verdict::Lost);
    }

    #[test]
    fn a_refused_create_goes_on_from_the_marker_of_a_deleted_key() {
        assert_eq!(write(Expected::Absent, 0, false).verdict(Some(&marker(8, 7))), Verdict::Rebase(8));
        let onto_marker = write(Expected::Absent, 8, false);
        assert_eq!(onto_marker.verdict(None), Verdict::Rebase(0));
        assert_eq!(onto_marker.verdict(Some(&last(9, "theirs", 8))), Verdict::Lost);
    }

    #[test]
    fn our_id_on_the_last_message_means_stored() {
        for expected in [Expected::Absent, Expected::Revision(7)] {
            assert_eq!(write(expected, 7, true).verdict(Some(&last(8, "ours", 7))), Verdict::Stored(8));
        }
    }

    #[test]
    fn an_open_write_lost_only_if_the_last_message_replaced_its_base() {
        let open = write(Expected::Revision(7), 7, true);
        assert!(!open.is_decided());
        assert_eq!(open.verdict(Some(&last(8, "theirs", 7))), Verdict::Lost);
        assert_eq!(open.verdict(Some(&marker(8, 7))), Verdict::Lost);
        assert_eq!(open.verdict(Some(&last(9, "theirs", 8))), Verdict::Unknown);
        assert_eq!(open.verdict(Some(&marker(9, 8))), Verdict::Unknown);
        assert_eq!(open.verdict(Some(&Stored { replaced: None, ..last(9, "theirs", 8) })), Verdict::Unknown);
        let create = write(Expected::Absent, 0, true);
        assert_eq!(create.verdict(Some(&marker(9, 8))), Verdict::Unknown, "ours may have been deleted");
    }

    #[test]
    fn while_the_base_is_still_there_the_write_is_repeated() {
        assert_eq!(write(Expected::Revision(7), 7, true).verdict(Some(&last(7, "before", 3))), Verdict::Rebase(7));
    }
}
