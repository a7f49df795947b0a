//! Everything that is known of a contact, for the report of a failure: its document and its timeline.

use tandem_proto::{Envelope, Payload, Stream};
use tandem_queue::{Queue, Stored};
use tandem_store::Store;

/// The contact is named by its id on either side.
pub(crate) async fn of(queue: &Queue, store: &Store, contact: &str) -> String {
    let records = store.list("record/", None, 1_000_000).await.unwrap();
    let mut documents = records.into_iter().map(|(key, entry)| (key, String::from_utf8(entry.value.into()).unwrap()));
    let Some((key, document)) = documents.find(|(_, document)| document.contains(contact)) else {
        return format!("no document mentions {contact}");
    };
    let mut lines = vec![document];
    let record = key.rsplit('/').next().unwrap();
    for stream in Stream::ALL {
        let stored = queue.browse(stream, 0, 1_000_000).await.unwrap();
        lines.extend(stored.iter().filter_map(|stored| line(stream, stored, [record, contact])));
        lines.push(format!("{}: {:?}", stream.name(), queue.depth(stream).await.unwrap()));
    }
    lines.join("\n")
}

fn line(stream: Stream, stored: &Stored, names: [&str; 2]) -> Option<String> {
    let Ok(Envelope { header, payload }) = Envelope::decode(&stored.body) else { return None };
    let is_it = names.contains(&header.subject.as_str()) || stored.subject.contains(names[0]);
    let place = format!("{} at {}", stream.name(), stored.stored_at_ms);
    is_it.then(|| match payload {
        Payload::JournalEntry(entry) => format!("{place}: {entry:?}"),
        Payload::Event(_) | Payload::Command(_) | Payload::DeadLetter(_) | Payload::Conflict(_) => {
            format!("{place}: {header:?}")
        }
    })
}
