//! Between our types and the numbers in the tables, which must never change their meaning.

use bytes::Bytes;
use tandem_embedded::rusqlite::{Result, Row};
use tandem_proto::{Consumer, Lane, MessageId, Stream};

use crate::Stored;

/// Columns of a message in the order that [`stored`] reads.
pub(super) const COLUMNS: &str = "sequence, subject, lane, id, body, stored_at_ms";

pub(super) fn stored(row: &Row<'_>) -> Result<Stored> {
    Ok(Stored {
        sequence: from_sql(row.get(0)?),
        subject: row.get(1)?,
        lane: if row.get::<_, i64>(2)? == lane(Lane::Bulk) { Lane::Bulk } else { Lane::Live },
        id: MessageId(row.get(3)?),
        body: Bytes::from(row.get::<_, Vec<u8>>(4)?),
        stored_at_ms: row.get(5)?,
    })
}

pub(super) fn stream(stream: Stream) -> i64 {
    match stream {
        Stream::Events => 1,
        Stream::Commands => 2,
        Stream::Parked => 3,
        Stream::Dead => 4,
        Stream::Conflicts => 5,
        Stream::Journal => 6,
    }
}

pub(super) fn lane(lane: Lane) -> i64 {
    match lane {
        Lane::Live => 0,
        Lane::Bulk => 1,
    }
}

pub(super) fn consumer(consumer: Consumer) -> i64 {
    match consumer {
        Consumer::MapperLive => 1,
        Consumer::WriterLive => 2,
        Consumer::WriterBulk => 3,
        Consumer::MapperBulk => 4,
    }
}

pub(super) fn consumer_of(number: i64) -> Option<Consumer> {
    Consumer::ALL.into_iter().find(|known| consumer(*known) == number)
}

/// SQLite has signed integers only; sequences start at 1 and never get near the sign.
pub(super) fn to_sql(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

pub(super) fn from_sql(sequence: i64) -> u64 {
    u64::try_from(sequence).unwrap_or(0)
}
