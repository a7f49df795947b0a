//! What the store keeps of scans: the job of each connection with the time of its next sweep, and what its pages left behind.
//!
//! | key | holds |
//! |---|---|
//! | `scan/{connection}` | the latest job, and when the next sweep is due |
//! | `scan-bell` | changes when somebody asks for a scan, so that one look tells whether to look further |
//! | `scan-page/{connection}/{job}/{part}/{page}` | whom a page showed, for the sweep's last step, or their further numbers |

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use tandem_proto::ConnectionId;
use tandem_providers::ghl::scan::Further;
use tandem_store::{Error, Expected, Store};

use super::Job;
use super::job::ScanKind;

const BELL: &str = "scan-bell";
/// Entries removed at a time.
const REMOVED_AT_ONCE: usize = 200;
/// Bytes of a hash that are kept: with a hundred thousand contacts two share one once in billions of sweeps.
const HASH: usize = 8;

/// What is known of a connection's scans.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) job: Option<Job>,
    pub(crate) sweep_due: Option<Timestamp>,
}

fn key(connection: &ConnectionId) -> String {
    format!("scan/{connection}")
}

/// What is known, and what the next save names. What can't be read is as good as nothing.
pub(crate) async fn load(store: &Store, connection: &ConnectionId) -> Result<(Record, Expected), Error> {
    let entry = store.get(&key(connection)).await?;
    let record = entry.as_ref().and_then(|entry| serde_json::from_slice(&entry.value).ok()).unwrap_or_default();
    Ok((record, Expected::after(entry.as_ref())))
}

/// Compare-and-set.
pub(crate) async fn save(
    store: &Store,
    connection: &ConnectionId,
    record: &Record,
    expected: Expected,
) -> Result<Expected, Error> {
    let bytes = serde_json::json!(record).to_string().into_bytes();
    Ok(Expected::Revision(store.put(&key(connection), bytes, expected).await?))
}

/// A scan that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The scan; the one that was under way already, if so.
    pub job: Job,
    /// Whether it is a new one.
    pub is_new: bool,
}

/// Asks for a scan of a connection, unless one is under way.
///
/// # Errors
/// The store fails.
pub async fn ask(store: &Store, connection: &ConnectionId, kind: ScanKind, now: Timestamp) -> Result<Asked, Error> {
    loop {
        let (record, expected) = load(store, connection).await?;
        if let Some(job) = record.job.filter(Job::is_under_way) {
            return Ok(Asked { job, is_new: false });
        }
        let job = Job::new(new_id(now), kind, now);
        let record = Record { job: Some(job.clone()), sweep_due: record.sweep_due };
        match save(store, connection, &record, expected).await {
            Ok(_) => {
                ring(store).await?;
                return Ok(Asked { job, is_new: true });
            }
            Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}

pub(crate) fn new_id(now: Timestamp) -> String {
    format!("{}-{:04x}", now.as_second(), rand::random::<u16>())
}

/// Whoever runs scans looks.
async fn ring(store: &Store) -> Result<(), Error> {
    let before = store.get(BELL).await?;
    // Where it is lost, somebody else rang.
    unless_lost(store.put(BELL, Vec::new(), Expected::after(before.as_ref())).await)
}

/// Fine where somebody else was quicker, because they did the same.
pub(crate) fn unless_lost<T>(result: Result<T, Error>) -> Result<(), Error> {
    match result {
        Ok(_) | Err(Error::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Changes when somebody rang.
pub(crate) async fn bell(store: &Store) -> Result<u64, Error> {
    Ok(store.get(BELL).await?.map_or(0, |entry| entry.revision))
}

/// Where the pages of a scan leave things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pages<'a> {
    pub(crate) store: &'a Store,
    pub(crate) connection: &'a ConnectionId,
    pub(crate) job: &'a str,
}

impl Pages<'_> {
    fn prefix(&self, part: &str) -> String {
        format!("scan-page/{}/{}/{part}/", self.connection, self.job)
    }

    /// Sets what a page leaves, over what an earlier reading of the same page left.
    async fn put(&self, part: &str, page: u32, value: Vec<u8>) -> Result<(), Error> {
        let key = format!("{}{page:08}", self.prefix(part));
        let before = self.store.get(&key).await?;
        self.store.put(&key, value, Expected::after(before.as_ref())).await.map(drop)
    }

    /// Notes whom a page showed.
    pub(crate) async fn put_met(
        &self,
        side: &str,
        page: u32,
        ids: impl Iterator<Item = &str> + Send,
    ) -> Result<(), Error> {
        let hashes = ids.flat_map(|id| self.hash(id).to_be_bytes()).collect();
        self.put(side, page, hashes).await
    }

    /// Whom all pages of a side showed.
    pub(crate) async fn met(&self, side: &str) -> Result<Met<'_>, Error> {
        let mut hashes = HashSet::new();
        let visit = |_: &str, entry: tandem_store::Entry| {
            let all = entry.value.as_chunks::<HASH>().0.iter().map(|bytes| u64::from_be_bytes(*bytes));
            hashes.extend(all);
        };
        self.store.walk(&self.prefix(side), visit).await?;
        Ok(Met { pages: self, hashes })
    }

    /// Keeps the further numbers that a page showed.
    pub(crate) async fn put_further(&self, page: u32, further: Map<String, Json>) -> Result<(), Error> {
        self.put(FURTHER, page, Json::Object(further).to_string().into_bytes()).await
    }

    /// All further numbers, by contact.
    pub(crate) async fn further(&self) -> Result<HashMap<String, Further>, Error> {
        let mut all = HashMap::new();
        let visit = |_: &str, entry: tandem_store::Entry| {
            let page: Map<String, Json> = serde_json::from_slice(&entry.value).unwrap_or_default();
            all.extend(page.into_iter().filter_map(|(id, kept)| Some((id, Further::from_json(&kept)?))));
        };
        self.store.walk(&self.prefix(FURTHER), visit).await?;
        Ok(all)
    }

    /// Lets go of everything that scans of the connection have left, other than this one's if it goes on.
    pub(crate) async fn clear(&self, is_over: bool) -> Result<(), Error> {
        let (all, own) =
            (format!("scan-page/{}/", self.connection), format!("scan-page/{}/{}/", self.connection, self.job));
        let mut after: Option<String> = None;
        loop {
            let page = self.store.list(&all, after.as_deref(), REMOVED_AT_ONCE).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (key, entry) in page.iter().filter(|(key, _)| is_over || !key.starts_with(&own)) {
                unless_lost(self.store.delete(key, entry.revision).await)?;
            }
        }
    }

    /// Another one in each scan, so that two contacts that share one don't do so again.
    fn hash(&self, id: &str) -> u64 {
        let hash = digest(&SHA256, format!("{}\n{id}", self.job).as_bytes());
        hash.as_ref().first_chunk::<HASH>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }
}

const FURTHER: &str = "further";

/// Whom a scan met on one side.
pub(crate) struct Met<'a> {
    pages: &'a Pages<'a>,
    hashes: HashSet<u64>,
}

impl Met<'_> {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.hashes.contains(&self.pages.hash(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme() -> ConnectionId {
        ConnectionId::new("acme").unwrap()
    }

    #[tokio::test]
    async fn a_scan_is_asked_for_once_while_it_is_under_way() {
        let (store, now) = (Store::memory(), Timestamp::now());
        let quiet = bell(&store).await.unwrap();
        let first = ask(&store, &acme(), ScanKind::Backfill, now).await.unwrap();
        assert!(first.is_new);
        assert_ne!(bell(&store).await.unwrap(), quiet);
        let again = ask(&store, &acme(), ScanKind::Sweep, now).await.unwrap();
        assert_eq!((again.is_new, again.job), (false, first.job));
        let connection = acme();
        let asked = (0..8).map(|_| ask(&store, &connection, ScanKind::Sweep, now));
        assert!(futures_util::future::join_all(asked).await.into_iter().all(|asked| !asked.unwrap().is_new));
    }

    #[tokio::test]
    async fn what_pages_left_is_found_again_and_let_go() {
        let (store, connection) = (Store::memory(), acme());
        let pages = Pages { store: &store, connection: &connection, job: "j1" };
        pages.put_met("ghl", 0, ["a", "b"].into_iter()).await.unwrap();
        pages.put_met("ghl", 1, ["c"].into_iter()).await.unwrap();
        pages.put_met("ghl", 1, ["c", "d"].into_iter()).await.unwrap();
        pages.put_met("openphone", 0, ["e"].into_iter()).await.unwrap();
        let met = pages.met("ghl").await.unwrap();
        assert!(["a", "b", "c", "d"].iter().all(|id| met.contains(id)) && !met.contains("e"));
        let kept = serde_json::json!({ "a": { "additionalPhones": ["+15550101"] } });
        pages.put_further(3, kept.as_object().unwrap().clone()).await.unwrap();
        assert_eq!(pages.further().await.unwrap()["a"].to_json(), kept["a"]);

        let next = Pages { job: "j2", ..pages };
        next.put_met("ghl", 0, ["a"].into_iter()).await.unwrap();
        assert!(!next.met("ghl").await.unwrap().contains("b"));
        next.clear(false).await.unwrap();
        assert!(!pages.met("ghl").await.unwrap().contains("a") && next.met("ghl").await.unwrap().contains("a"));
        next.clear(true).await.unwrap();
        assert_eq!(store.count("scan-page/").await.unwrap(), 0);
    }
}
