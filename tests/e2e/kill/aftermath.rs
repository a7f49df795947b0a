//! What a process that was killed left behind, seen in a copy of its database.

use std::path::Path;

use serde_json::Value;
use tandem_embedded::{Database, Options};
use tandem_proto::{Envelope, Stream};
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
        let intents = records.iter().filter(|(_, entry)| has_intent(&entry.value)).count();
        database.close().await.unwrap();
        Some(Self { events, commands, intents, dead, parked })
    }
}

/// Everything that is known of a contact, for the report of a failure: its document and its timeline.
pub(super) async fn story(data_dir: &Path, ghl_id: &str) -> String {
    let (database, _copy) = copy(data_dir).unwrap();
    let records = Store::embedded(&database).unwrap().list("record/", None, 1_000_000).await.unwrap();
    let mut documents = records.into_iter().map(|(key, entry)| (key, String::from_utf8(entry.value.into()).unwrap()));
    let Some((key, document)) = documents.find(|(_, document)| document.contains(ghl_id)) else {
        return format!("no document mentions {ghl_id}");
    };
    let mut lines = vec![document];
    let record = key.rsplit('/').next().unwrap();
    let queue = Queue::embedded(&database, Settings::default()).unwrap();
    for stream in Stream::ALL {
        for stored in queue.browse(stream, 0, 1_000_000).await.unwrap() {
            let envelope = Envelope::decode(&stored.body).unwrap();
            if [record, ghl_id].contains(&envelope.header.subject.as_str()) || stored.subject.contains(record) {
                lines.push(format!("{} at {}: {:?}", stream.name(), stored.stored_at_ms, envelope.header));
            }
        }
        lines.push(format!("{}: {:?}", stream.name(), queue.depth(stream).await.unwrap()));
    }
    lines.join("\n")
}

fn copy(data_dir: &Path) -> Option<(Database, TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    let copy_file = |file| std::fs::copy(data_dir.join(file), folder.path().join(file)).ok();
    copy_file("tandem.db")?;
    // Gone after an orderly end.
    copy_file("tandem.db-wal");
    Some((Database::open(&Options::in_dir(folder.path())).unwrap(), folder))
}

fn has_intent(document: &[u8]) -> bool {
    let document: Value = serde_json::from_slice(document).unwrap();
    !document["intent"]["openphone"].is_null()
}
