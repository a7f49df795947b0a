//! Looking into a stream, and taking things out by hand.

use tandem_embedded::Error;
use tandem_embedded::rusqlite::{Connection, OptionalExtension as _, params};
use tandem_proto::{Consumer, Stream};

use super::{row, take};
use crate::{Depth, Stored};

/// Messages that one step of a trim looks at.
pub(super) const TRIM_STEP: usize = 500;

pub(super) fn browse(sql: &Connection, stream: Stream, after: i64, limit: i64) -> Result<Vec<Stored>, Error> {
    let columns = row::COLUMNS;
    let mut statement = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE stream = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3"
    ))?;
    let messages = statement.query_map([row::stream(stream), after, limit], row::stored)?;
    Ok(messages.collect::<Result<_, _>>()?)
}

/// The number of the stream stands in the text: only so is the index of the journal found.
pub(super) fn history(sql: &Connection, subject: &str, most: i64) -> Result<Vec<Stored>, Error> {
    let (columns, journal) = (row::COLUMNS, row::stream(Stream::Journal));
    let mut statement = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE stream = {journal} AND subject = ?1 ORDER BY sequence DESC LIMIT ?2"
    ))?;
    let newest = statement.query_map(params![subject, most], row::stored)?;
    let mut found = newest.collect::<Result<Vec<_>, _>>()?;
    found.reverse();
    Ok(found)
}

pub(super) fn find(sql: &Connection, stream: Stream, sequence: i64) -> Result<Option<Stored>, Error> {
    let columns = row::COLUMNS;
    let mut statement =
        sql.prepare_cached(&format!("SELECT {columns} FROM message WHERE sequence = ?1 AND stream = ?2"))?;
    Ok(statement.query_row([sequence, row::stream(stream)], row::stored).optional()?)
}

pub(super) fn remove(sql: &Connection, stream: Stream, sequence: i64) -> Result<bool, Error> {
    let is_there = sql
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM message WHERE sequence = ?1 AND stream = ?2)")?
        .query_row([sequence, row::stream(stream)], |row| row.get(0))?;
    if is_there { take::delete(sql, sequence) } else { Ok(false) }
}

/// Removes the oldest messages; fewer than [`TRIM_STEP`] removed means that there are no more.
pub(super) fn trim(sql: &Connection, stream: Stream, keep_newer_than_ms: i64) -> Result<usize, Error> {
    let limit = i64::try_from(TRIM_STEP).unwrap_or(i64::MAX);
    let mut statement = sql.prepare_cached(
        "SELECT sequence FROM (SELECT sequence, stored_at_ms FROM message WHERE stream = ?1 ORDER BY sequence LIMIT ?2)
         WHERE stored_at_ms < ?3",
    )?;
    let old = statement.query_map([row::stream(stream), limit, keep_newer_than_ms], |row| row.get(0))?;
    let old: Vec<i64> = old.collect::<Result<_, _>>()?;
    for sequence in &old {
        take::delete(sql, *sequence)?;
    }
    Ok(old.len())
}

pub(super) fn backlog(sql: &Connection, consumer: Consumer, connection: &str) -> Result<u64, Error> {
    let count = "SELECT count(*) FROM delivery WHERE consumer = ?1 AND connection = ?2";
    let all = sql.prepare_cached(count)?.query_row(params![row::consumer(consumer), connection], |row| row.get(0))?;
    Ok(row::from_sql(all))
}

pub(super) fn depth(sql: &Connection, stream: Stream, now_ms: i64) -> Result<Depth, Error> {
    let mut depth = Depth::default();
    let count = "SELECT count(*) FROM message WHERE stream = ?1";
    let all: i64 = sql.prepare_cached(count)?.query_row([row::stream(stream)], |row| row.get(0))?;
    let consumers = Consumer::ALL.into_iter().filter(|consumer| consumer.stream() == stream);
    let mut statement = sql.prepare_cached(
        "SELECT count(*) FILTER (WHERE leased = 1), count(*) FILTER (WHERE leased = 0) FROM delivery
         WHERE consumer = ?1 AND due_ms > ?2",
    )?;
    for consumer in consumers {
        let (in_flight, delayed) = statement
            .query_row([row::consumer(consumer), now_ms], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        depth.in_flight += row::from_sql(in_flight);
        depth.delayed += row::from_sql(delayed);
    }
    depth.waiting = row::from_sql(all).saturating_sub(depth.in_flight + depth.delayed);
    Ok(depth)
}
