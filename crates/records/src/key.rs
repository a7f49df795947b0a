//! Keys and ids. Personal data is hashed, so that a key may be logged.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use tandem_contact::Side;
use tandem_proto::{ConnectionId, RecordId};
use tandem_providers::openphone::Id;
use tandem_reconcile::Kind;

pub(crate) fn record(connection: &ConnectionId, record: &RecordId) -> String {
    format!("record/{connection}/{record}")
}

pub(crate) fn records_of(connection: &ConnectionId) -> String {
    format!("record/{connection}/")
}

pub(crate) fn link(connection: &ConnectionId, kind: Kind, side: Side, provider_id: &str) -> String {
    match kind {
        Kind::Contact => format!("link/{connection}/{side}/{provider_id}"),
        Kind::Task => format!("link-task/{connection}/{side}/{provider_id}"),
    }
}

pub(crate) fn claim(connection: &ConnectionId, identity: &str) -> String {
    format!("claim/{connection}/{}", short_hash(&[connection.as_str(), identity]))
}

pub(crate) fn brake(connection: &ConnectionId) -> String {
    format!("brake/{connection}")
}

pub(crate) fn conversation(connection: &ConnectionId, conversation: &Id) -> String {
    format!("conversation/{connection}/{conversation}")
}

/// Who reads a location's tasks.
pub(crate) fn poll(connection: &ConnectionId) -> String {
    format!("task-poll/{connection}")
}

/// What was read of some of them.
pub(crate) fn polled(connection: &ConnectionId, shard: u8) -> String {
    format!("task-seen/{connection}/{shard}")
}

/// Whether the list of conversations was read to its end.
pub(crate) fn talks(connection: &ConnectionId) -> String {
    format!("talks-complete/{connection}")
}

/// By our number and everybody on the other side.
pub(crate) fn talk(connection: &ConnectionId, number: &Id, participants: &BTreeSet<String>) -> String {
    let parts: Vec<&str> =
        [connection.as_str(), number.as_str()].into_iter().chain(participants.iter().map(String::as_str)).collect();
    format!("talk/{connection}/{}", short_hash(&parts))
}

/// The record of a contact that was first heard of as `provider_id` of `side`. Deterministic, so that the same contact
/// gets the same record, and with it the same external key, even when two mappers meet it at once.
pub fn record_id(connection: &ConnectionId, side: Side, provider_id: &str) -> RecordId {
    hashed(&[connection.as_str(), side.name(), provider_id])
}

/// The same for a task.
pub fn task_record_id(connection: &ConnectionId, side: Side, provider_id: &str) -> RecordId {
    hashed(&[connection.as_str(), "task", side.name(), provider_id])
}

fn hashed(parts: &[&str]) -> RecordId {
    let hash = short_hash(parts);
    #[expect(clippy::expect_used, reason = "hexadecimal digits are a valid id")]
    RecordId::new(hash).expect("a hash is a valid id")
}

/// 128 bits, in hexadecimal.
pub(crate) fn short_hash(parts: &[&str]) -> String {
    use std::fmt::Write as _;
    let hash = digest(&SHA256, parts.join("\n").as_bytes());
    hash.as_ref().iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String can't fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
