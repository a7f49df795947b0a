//! What a process that was killed left behind, seen in a copy of its database.

use std::path::Path;

use serde_json::Value;
use tandem_embedded::{Database, Options};
use tandem_proto::Stream;
use tandem_queue::{Queue, Settings};
use tandem_store::Store;
use tempfile::TempDir;

/// Counts of what was unfinished.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aftermath {
    /// Events not yet mapped.
    pub(super) events: u64,
    /// Commands not yet carried out.
    pub(super) commands: u64,
    /// Writes that were on their way, or of unknown outcome.
    pub(super) intents: usize,
    pub(super) dead: u64,
    /// Messages of rules that wait for a person: nobody knows whether they have come.
    pub(super) unsure: usize,
    pub(super) parked: u64,
}

impl Aftermath {
    /// None where there is no database yet.
    pub(super) async fn of(data_dir: &Path) -> Option<Self> {
        let (database, _copy) = copy(data_dir)?;
        let queue = Queue::embedded(&database, Settings::default()).unwrap();
        let store = Store::embedded(&database).unwrap();
        let mut left = [0; 4];
        let streams = [Stream::Events, Stream::Commands, Stream::Dead, Stream::Parked];
        for (left, stream) in left.iter_mut().zip(streams) {
            let depth = queue.depth(stream).await.unwrap();
            *left = depth.waiting + depth.in_flight + depth.delayed;
        }
        let [events, commands, dead, parked] = left;
        let records = store.list("record/", None, 1_000_000).await.unwrap();
        let firings = store.list("firing/", None, 1_000_000).await.unwrap();
        let unsure = firings.iter().map(|(_, entry)| unsure(&entry.value)).sum();
        let intents = records.iter().filter(|(_, entry)| has_intent(&entry.value)).count();
        database.close().await.unwrap();
        Some(Self { events, commands, intents, dead, unsure, parked })
    }
}

/// Everything that is known of a contact.
pub(super) async fn story(data_dir: &Path, ghl_id: &str) -> String {
    let (database, _copy) = copy(data_dir).unwrap();
    let queue = Queue::embedded(&database, Settings::default()).unwrap();
    super::story::of(&queue, &Store::embedded(&database).unwrap(), ghl_id).await
}

fn copy(data_dir: &Path) -> Option<(Database, TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    let copy_file = |file| std::fs::copy(data_dir.join(file), folder.path().join(file)).ok();
    copy_file("tandem.db")?;
    // Gone after an orderly end.
    copy_file("tandem.db-wal");
    Some((Database::open(&Options::in_dir(folder.path())).unwrap(), folder))
}

fn unsure(firing: &[u8]) -> usize {
    let firing: Value = serde_json::from_slice(firing).unwrap();
    if firing["state"]["failed"].is_null() {
        return 0;
    }
    let said = firing["actions"][0]["what"]["text"].as_str().unwrap_or_default();
    super::messages(&[said.to_owned()]).0
}

fn has_intent(document: &[u8]) -> bool {
    let document: Value = serde_json::from_slice(document).unwrap();
    !document["intent"]["openphone"].is_null()
}
