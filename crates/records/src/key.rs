//! Keys and ids. Personal data is hashed, so that a key may be logged.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use tandem_contact::Side;
use tandem_proto::{ConnectionId, RecordId};
use tandem_providers::openphone::Id;
use tandem_reconcile::Kind;

use crate::Doing;

pub(crate) fn record(connection: &ConnectionId, record: &RecordId) -> String {
    format!("record/{connection}/{record}")
}

pub(crate) fn records_of(connection: &ConnectionId) -> String {
    format!("record/{connection}/")
}

pub(crate) fn link(connection: &ConnectionId, kind: Kind, side: Side, provider_id: &str) -> String {
    match kind {
        Kind::Contact => format!("link/{connection}/{side}/{provider_id}"),
        Kind::Task | Kind::Note => format!("link-{}/{connection}/{side}/{provider_id}", kind.name()),
    }
}

pub(crate) fn claim(connection: &ConnectionId, identity: &str) -> String {
    format!("claim/{connection}/{}", short_hash(&[connection.as_str(), identity]))
}

pub(crate) fn brake(connection: &ConnectionId) -> String {
    format!("brake/{connection}")
}

/// Written when any connection's mapping changes.
pub(crate) const MAPPING_CHANGES: &str = "mapping-changes";

pub(crate) fn mapping(connection: &ConnectionId) -> String {
    format!("mapping/{connection}")
}

pub(crate) fn mapping_text(connection: &ConnectionId, print: &str) -> String {
    format!("mapping-text/{connection}/{print}")
}

pub(crate) fn conversation(connection: &ConnectionId, conversation: &Id) -> String {
    format!("conversation/{connection}/{conversation}")
}

/// Who does it.
pub(crate) fn turn(connection: &ConnectionId, doing: Doing<'_>) -> String {
    match doing {
        Doing::ReadTasks(side) => format!("task-poll/{connection}/{side}"),
        Doing::ReadNotes => format!("note-poll/{connection}"),
        Doing::WriteNote(id) => format!("note-turn/{connection}/{id}"),
    }
}

/// What was read of some tasks.
pub(crate) fn tasks_seen(connection: &ConnectionId, side: Side, shard: u8) -> String {
    format!("task-seen/{connection}/{side}/{shard}")
}

/// What was read of a contact's notes.
pub(crate) fn notes_seen(connection: &ConnectionId, contact: &str) -> String {
    format!("note-seen/{connection}/{contact}")
}

/// Some of the contacts with something going on.
pub(crate) fn active(connection: &ConnectionId, shard: u8) -> String {
    format!("note-active/{connection}/{shard}")
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

/// The same for a thing of theirs.
pub fn thing_record_id(connection: &ConnectionId, kind: Kind, side: Side, provider_id: &str) -> RecordId {
    hashed(&[connection.as_str(), kind.name(), side.name(), provider_id])
}

/// What rules that were started are kept under.
pub(crate) const FIRINGS: &str = "firing/";

pub(crate) fn firing(connection: &ConnectionId, id: &RecordId) -> String {
    format!("{FIRINGS}{connection}/{id}")
}

/// How often rules changed something for somebody.
pub(crate) fn firing_rate(connection: &ConnectionId, whom: &str) -> String {
    format!("firing-rate/{connection}/{}", short_hash(&[connection.as_str(), whom]))
}

/// What was asked for over the management API is kept under.
pub(crate) const AUDIT: &str = "audit/";

pub(crate) fn audit(id: &str) -> String {
    format!("{AUDIT}{id}")
}

/// When rules sent texts.
pub(crate) fn texts_sent(connection: &ConnectionId) -> String {
    format!("texts-sent/{connection}")
}

/// Until when it was looked which rules are due.
pub(crate) fn schedule(connection: &ConnectionId) -> String {
    format!("schedule/{connection}")
}

/// Messages to a channel that go as one.
pub(crate) fn gathered(connection: &ConnectionId, channel: &str) -> String {
    format!("digest/{connection}/{}", short_hash(&[connection.as_str(), channel]))
}

/// The firing of a rule by something that happened: the same for both, however often it is heard of.
pub fn firing_id(connection: &ConnectionId, rule: &str, cause: &str) -> RecordId {
    hashed(&[connection.as_str(), "firing", rule, cause])
}

/// Where something is kept that is spread over so many entries.
pub(crate) fn shard_of(id: &str, shards: u8) -> u8 {
    let sum = id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    sum % shards
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
