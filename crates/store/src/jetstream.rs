//! The backend on NATS: a key-value bucket, laid out as the NATS tools expect one, so that an operator can look into it.
//!
//! One stream holds the last message of each subject; a key is a subject, its revision the message's sequence, which
//! is why revisions rise over all keys. `allow_direct` is off: every read is answered by the stream's leader.
//!
//! A put is durable when it returns as far as the server goes: JetStream acknowledges before it syncs to disk unless
//! the server is set to `sync_interval: always`.

mod message;
mod scan;
mod subject;
mod write;

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use tandem_jetstream::JetStream;
use tandem_jetstream::async_nats::jetstream::ErrorCode;
use tandem_jetstream::async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use tokio::time::Instant;

use crate::{Entry, Error, Expected};
use message::{Answer, LastOf, Stored};
use scan::{Page, Present, Wanted};
use write::Change;

/// The bucket STATE.
const STREAM: &str = "KV_STATE";
/// How long an operation goes on trying where the server doesn't answer.
const BOUND: Duration = Duration::from_secs(5);
/// How long one request waits; a server that went away takes requests along without a word.
const ATTEMPT: Duration = Duration::from_secs(2);
/// Between two attempts: an election takes longer, a lost packet doesn't.
const PAUSE: Duration = Duration::from_millis(100);
/// How long the server knows a write that is repeated; far more than [`BOUND`].
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);
/// Reads under way at once when listing.
const READS: usize = 64;

/// Clones share the connection.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    jetstream: JetStream,
}

impl Bucket {
    pub(crate) async fn open(jetstream: &JetStream) -> Result<Self, Error> {
        let config = Config {
            name: STREAM.to_owned(),
            subjects: vec![format!("{}>", subject::ROOT)],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            num_replicas: jetstream.replicas(),
            max_messages_per_subject: 1,
            // A full stream refuses writes; it never drops the oldest document.
            discard: DiscardPolicy::New,
            duplicate_window: DUPLICATE_WINDOW,
            allow_message_ttl: true,
            allow_direct: false,
            ..Config::default()
        };
        jetstream.ensure_stream(config).await?;
        Ok(Self { jetstream: jetstream.clone() })
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        let stored = self.last(&subject::encode(key)?, Instant::now() + BOUND).await?;
        Ok(stored.and_then(Stored::into_entry))
    }

    pub(crate) async fn put(&self, key: &str, value: Bytes, expected: Expected) -> Result<u64, Error> {
        self.write(key, &Change::Put(value), expected).await
    }

    pub(crate) async fn delete(&self, key: &str, revision: u64) -> Result<(), Error> {
        self.write(key, &Change::Delete, Expected::Revision(revision)).await.map(|_| ())
    }

    pub(crate) async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Entry)>, Error> {
        let mut entries = Vec::new();
        let mut after = after.map(ToOwned::to_owned);
        while entries.len() < limit {
            let mut page = Page::new(after.clone(), limit - entries.len());
            self.scan(prefix, |seen| page.note(seen)).await?;
            let is_last = page.is_last;
            after = page.keys.last().cloned().or(after);
            let reads = page.keys.into_iter().map(|key| async move {
                let read = self.get(&key).await?;
                Ok::<_, Error>(read.map(|entry| (key, entry)))
            });
            let read: Vec<_> = futures_util::stream::iter(reads).buffered(READS).try_collect().await?;
            // What was deleted between the look and the read makes room for keys further on.
            entries.extend(read.into_iter().flatten());
            if is_last {
                break;
            }
        }
        Ok(entries)
    }

    pub(crate) async fn walk(&self, prefix: &str, mut visit: impl FnMut(&str, Entry) + Send) -> Result<(), Error> {
        self.scan_all(prefix, Wanted::Values, |seen| {
            if let Some(entry) = seen.entry {
                visit(&seen.key, entry);
            }
        })
        .await
    }

    pub(crate) async fn count(&self, prefix: &str) -> Result<u64, Error> {
        let mut present = Present::default();
        self.scan(prefix, |seen| present.note(&seen)).await?;
        Ok(present.count())
    }

    /// The last message of a subject, as the leader has it.
    async fn last(&self, subject: &str, deadline: Instant) -> Result<Option<Stored>, Error> {
        let api = format!("STREAM.MSG.GET.{STREAM}");
        loop {
            let read = self.jetstream.api_within::<Answer>(&api, &LastOf { subject }, patience(deadline)).await;
            match read {
                Ok(answer) => return answer.into_stored().map(Some),
                Err(error) if is(&error, ErrorCode::NO_MESSAGE_FOUND) => return Ok(None),
                Err(error) if error.class().is_retryable() && Instant::now() + PAUSE < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// For one request; never so little that an answer hasn't a chance.
fn patience(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).clamp(PAUSE, ATTEMPT)
}

fn is(error: &tandem_jetstream::Error, wanted: ErrorCode) -> bool {
    matches!(error, tandem_jetstream::Error::Rejected { code, .. } if *code == wanted.0)
}
