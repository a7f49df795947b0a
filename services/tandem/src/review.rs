//! What people look through and decide: one record and why it is where it is, who is in which segment, records that may be one person's, fields that both
//! sides changed, and messages that were set aside.
//!
//! Whoever has the store does it: with an embedded store the running `tandem up`, which is asked over HTTP; where the store is at
//! NATS, the command itself. A Tandem elsewhere is asked over its management API, which does the same.

pub(crate) mod call;
mod conflicts;
mod dead;
mod desk;
mod duplicates;
mod mapping;
mod person;
mod preview;
mod records;
mod segments;
mod show;
mod tell;

use std::collections::BTreeSet;
use std::io::{self, Write as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::{Field, Side};
use tandem_mapping::Mapping;
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{Rules, Unmergeable};
use tandem_records::Records;

use crate::Target;
use crate::rehearsal::Stage;
use crate::scan::connection_of;

pub use conflicts::{ConflictItem, Settled};
pub use dead::{DeadFilter, DeadItem, DeadReply, DeadShown, DeadWish, Disposed, Edited};
pub(crate) use desk::{Asked, Failure, ROUTE, answer, carry_out};
pub use duplicates::{Apart, DuplicateItem, Duplicates, Merged, MergedItem, Unmerged};
pub use mapping::{MappingReply, MappingShown, MappingWish};
pub use person::Person;
pub use preview::{Draft, Previewed, RulePreviewed, WrittenField};
pub use records::{FieldShown, Heard, Moment, RecordShown};
pub use segments::{Member, Members, SegmentItem, Segments};

/// What a person wants to see, or has decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// One record, and why it is where it is: by its id, a provider's id, a phone number or an email address.
    Record(String),
    /// What would be written about a contact, and why.
    Preview {
        /// The provider's id of it.
        contact: String,
        /// Where; none means wherever it is known, else where ids look like it.
        side: Option<Side>,
        /// By this mapping; none means the one that holds.
        by: Option<Draft>,
    },
    /// Something about the versions of the connection's mapping.
    Mapping(MappingWish),
    /// The segments of the mapping, and how many are in each.
    Segments,
    /// Who is in the segment of this name.
    Members(String),
    /// Every record that may be somebody's second one, and every merge that can be taken back.
    Duplicates,
    /// The record is the same person as the other one, which goes on.
    Merge {
        /// The record that ends.
        record: RecordId,
        /// The record that goes on; none means the one that the record waits because of.
        into: Option<RecordId>,
        /// Fields whose value is taken from the record that ends.
        take: BTreeSet<Field>,
        /// Only shows what would be done.
        is_dry: bool,
    },
    /// The record is somebody else.
    Apart {
        /// The record that waits.
        record: RecordId,
        /// Whom it is not; none means the one that it waits because of.
        from: Option<RecordId>,
    },
    /// The merge is taken back.
    Unmerge {
        /// The record that ended in it.
        record: RecordId,
    },
    /// Every field that both sides changed.
    Conflicts,
    /// The field is to hold what that side had.
    Settle {
        /// Whose.
        record: RecordId,
        /// Which.
        field: Field,
        /// Whose value.
        side: Side,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Wish::Record`].
    Record(Box<RecordShown>),
    /// To [`Wish::Preview`].
    Previewed(Box<Previewed>),
    /// To [`Wish::Mapping`].
    Mapping(MappingReply),
    /// To [`Wish::Segments`].
    Segments(Segments),
    /// To [`Wish::Members`].
    Members(Members),
    /// To [`Wish::Duplicates`].
    Duplicates(Duplicates),
    /// To [`Wish::Merge`].
    Merged(Box<Merged>),
    /// To [`Wish::Apart`].
    Apart(Apart),
    /// To [`Wish::Unmerge`].
    Unmerged(Unmerged),
    /// To [`Wish::Conflicts`].
    Conflicts(Vec<ConflictItem>),
    /// To [`Wish::Settle`].
    Settled(Settled),
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "nothing is known of `{0}`: no webhook, list or import has shown it. Expected the id of a record, of a contact, task or note in \
         GoHighLevel or OpenPhone, a phone number, or an email address"
    )]
    Nobody(String),
    #[error("there is no message {0} among those that were set aside: `tandem dead list` shows them")]
    NoLetter(u64),
    #[error("message {0} ({1}) is no event, and has no body that could be edited")]
    NoBody(u64, String),
    #[error("there is no record {0}")]
    Unknown(RecordId),
    #[error("record {0} waits because of no other one: name the other one too")]
    WithWhom(RecordId),
    #[error("{0}")]
    Unmergeable(#[from] Unmergeable),
    #[error("nothing is known of a conflict about {1} of record {0}")]
    NoConflict(RecordId, &'static str),
    #[error("{0}")]
    Mapping(#[from] crate::live::Unusable),
    #[error("examples of the mapping don't hold:\n{0}")]
    Examples(String),
    #[error("there is no version {0} of the mapping: `tandem mapping history` shows those that are kept")]
    NoVersion(u32),
    #[error("nobody has made a version of this connection's mapping: the built-in mapping holds")]
    NoMapping,
    #[error("the mapping has no segment `{0}`; it has: `{1}`")]
    NoSegment(String, String),
    #[error("it could not be played: {0}")]
    Unplayable(String),
    #[error("others kept changing the same record: try again")]
    Contended,
    #[error("the store")]
    Records(#[from] tandem_records::Error),
    #[error("the queue")]
    Queue(#[from] tandem_queue::Error),
}

/// Where it is done.
pub(crate) struct Room<'a> {
    pub(crate) records: &'a Records,
    pub(crate) queue: &'a tandem_queue::Queue,
    pub(crate) connection: &'a ConnectionId,
    pub(crate) rules: &'a Rules,
    /// None where tasks don't travel.
    pub(crate) task_rules: Option<&'a Rules>,
    /// The same of notes.
    pub(crate) note_rules: Option<&'a Rules>,
    pub(crate) mapping: &'a Mapping,
    pub(crate) now: Timestamp,
    /// Where dry runs are played.
    pub(crate) stage: Stage<'a>,
}

impl Room<'_> {
    pub(crate) async fn carry_out(&self, wish: &Wish) -> Result<Reply, Refusal> {
        match wish {
            Wish::Record(name) => self.show(name).await.map(|shown| Reply::Record(Box::new(shown))),
            Wish::Preview { contact, side, by } => {
                let previewed = self.preview((contact, *side), by.as_ref()).await;
                previewed.map(|previewed| Reply::Previewed(Box::new(previewed)))
            }
            Wish::Mapping(wish) => self.mapping(wish).await.map(Reply::Mapping),
            Wish::Segments => self.segments().await.map(Reply::Segments),
            Wish::Members(segment) => self.members(segment).await.map(Reply::Members),
            Wish::Duplicates => self.duplicates().await.map(Reply::Duplicates),
            Wish::Merge { record, into, take, is_dry } => {
                let merged = self.merge(record, into.as_ref(), (take, *is_dry)).await;
                merged.map(|merged| Reply::Merged(Box::new(merged)))
            }
            Wish::Apart { record, from } => self.apart(record, from.as_ref()).await.map(Reply::Apart),
            Wish::Unmerge { record } => self.unmerge(record).await.map(Reply::Unmerged),
            Wish::Conflicts => self.conflicts().await.map(Reply::Conflicts),
            Wish::Settle { record, field, side } => self.settle(record, *field, *side).await.map(Reply::Settled),
        }
    }
}

/// Has the wish carried out and shows what came of it.
///
/// # Errors
/// The connection is unknown, nothing that runs can be asked, or it can't be done.
pub async fn run(target: &Target, connection: &str, wish: &Wish, json: bool) -> anyhow::Result<()> {
    let reply = ask(target, connection, wish).await?;
    let id = ConnectionId::new(connection)?;
    say(json, &reply, || show::text(&id, &reply))
}

/// Has the wish carried out.
///
/// # Errors
/// As of [`run`].
pub async fn ask(target: &Target, connection: &str, wish: &Wish) -> anyhow::Result<Reply> {
    match target {
        Target::Config(config) => {
            let id = connection_of(config, connection)?;
            desk::ask(config, &Asked::Connection { connection: id, wish: wish.clone() }).await
        }
        Target::Remote(remote) => remote.ask(call::of_wish(connection, wish)).await,
    }
}

/// The same about dead letters, which are all connections'.
///
/// # Errors
/// Nothing that runs can be asked, or it can't be done.
pub async fn run_dead(target: &Target, wish: &DeadWish, json: bool) -> anyhow::Result<()> {
    let reply: DeadReply = match target {
        Target::Config(config) => desk::ask(config, &Asked::Dead(wish.clone())).await?,
        Target::Remote(remote) => remote.ask(call::of_dead(wish)).await?,
    };
    say(json, &reply, || dead::text(&reply))
}

fn say(json: bool, reply: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
    let text = if json { serde_json::to_string(reply)? } else { text() };
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}
