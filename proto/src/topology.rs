//! Every stream and consumer: the whole wiring on one screen.
//!
//! | stream | written by | read by | kept |
//! |---|---|---|---|
//! | EVENTS | ingest | mapper | until acked |
//! | COMMANDS | mapper, writer | writer | until acked; one waiting per record and lane |
//! | PARKED | writer | people | until dealt with; one per record |
//! | DEAD | every service | people | until redriven or dropped |
//! | CONFLICTS | writer | people | log |
//! | JOURNAL | mapper, writer | people | log |

use crate::{ConnectionId, RecordId};

/// A durable log of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Facts from the providers.
    Events,
    /// "Record X needs work."
    Commands,
    /// Records that wait for a person.
    Parked,
    /// Messages set aside with their reason.
    Dead,
    /// Losers of conflicts.
    Conflicts,
    /// What happened.
    Journal,
}

impl Stream {
    /// All of them, in the order an event meets them.
    pub const ALL: [Self; 6] = [Self::Events, Self::Commands, Self::Parked, Self::Dead, Self::Conflicts, Self::Journal];

    /// The stream's name at the broker and in telemetry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "EVENTS",
            Self::Commands => "COMMANDS",
            Self::Parked => "PARKED",
            Self::Dead => "DEAD",
            Self::Conflicts => "CONFLICTS",
            Self::Journal => "JOURNAL",
        }
    }

    /// True where a newer message replaces the one waiting under the same subject.
    pub fn keeps_last_per_subject(self) -> bool {
        match self {
            Self::Commands | Self::Parked => true,
            Self::Events | Self::Dead | Self::Conflicts | Self::Journal => false,
        }
    }
}

/// Live work is served before bulk work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Lane {
    /// People's edits.
    #[default]
    Live,
    /// Backfill, sweep, redrive.
    Bulk,
}

impl Lane {
    /// The lane as a subject token and metric label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Bulk => "bulk",
        }
    }
}

/// A durable reader shared by all workers of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consumer {
    /// The mapper on the live lane of EVENTS.
    MapperLive,
    /// The mapper on the bulk lane of EVENTS.
    MapperBulk,
    /// The writer on the live lane of COMMANDS.
    WriterLive,
    /// The writer on the bulk lane of COMMANDS.
    WriterBulk,
}

impl Consumer {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::MapperLive, Self::MapperBulk, Self::WriterLive, Self::WriterBulk];

    /// Who is given the messages of a lane; nobody in the streams that only people read.
    pub fn of(stream: Stream, lane: Lane) -> Option<Self> {
        Self::ALL.into_iter().find(|consumer| consumer.stream() == stream && consumer.lane() == lane)
    }

    /// Durable name at the broker.
    pub fn name(self) -> &'static str {
        match self {
            Self::MapperLive => "mapper-live",
            Self::MapperBulk => "mapper-bulk",
            Self::WriterLive => "writer-live",
            Self::WriterBulk => "writer-bulk",
        }
    }

    /// The stream it reads.
    pub fn stream(self) -> Stream {
        match self {
            Self::MapperLive | Self::MapperBulk => Stream::Events,
            Self::WriterLive | Self::WriterBulk => Stream::Commands,
        }
    }

    /// The lane it is limited to.
    pub fn lane(self) -> Lane {
        match self {
            Self::MapperLive | Self::WriterLive => Lane::Live,
            Self::MapperBulk | Self::WriterBulk => Lane::Bulk,
        }
    }

    /// What a connection's messages for this consumer are addressed to, as a subject with a wildcard.
    pub fn subjects_of(self, connection: &ConnectionId) -> String {
        let kind = match self.stream() {
            Stream::Commands => "command",
            Stream::Events | Stream::Parked | Stream::Dead | Stream::Conflicts | Stream::Journal => "event",
        };
        format!("{kind}.{}.{connection}.>", self.lane().name())
    }
}

/// The connection that an event's or a command's subject names; empty where it names none.
pub fn connection_in(subject: &str) -> &str {
    subject.split('.').nth(2).unwrap_or_default()
}

/// Subject of the one waiting command of a record in a lane.
pub fn command_subject(lane: Lane, connection: &ConnectionId, record: &RecordId) -> String {
    format!("command.{}.{connection}.{record}", lane.name())
}

/// Subject of an event of a connection, heard of from a source.
pub fn event_subject(lane: Lane, connection: &ConnectionId, source: &str) -> String {
    format!("event.{}.{connection}.{source}", lane.name())
}

/// Subject of a record's messages in PARKED, CONFLICTS and JOURNAL.
pub fn record_subject(stream: Stream, connection: &ConnectionId, record: &RecordId) -> String {
    format!("{}.{connection}.{record}", stream.name().to_lowercase())
}

/// Subject of the dead letters of a stage.
pub fn dead_letter_subject(stage: &str, connection: &ConnectionId) -> String {
    format!("dead.{stage}.{connection}")
}
