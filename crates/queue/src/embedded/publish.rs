//! Storing messages.

use tandem_embedded::Error;
use tandem_embedded::rusqlite::Connection;

use super::row;
use crate::{NewMessage, Published};

/// Runs inside one savepoint: all of the messages or none.
pub(super) fn publish(
    sql: &Connection,
    messages: &[NewMessage],
    now_ms: i64,
    seen_since_ms: i64,
) -> Result<Vec<Published>, Error> {
    messages.iter().map(|message| publish_one(sql, message, now_ms, seen_since_ms)).collect()
}

fn publish_one(sql: &Connection, message: &NewMessage, now_ms: i64, seen_since_ms: i64) -> Result<Published, Error> {
    if is_duplicate(sql, message, now_ms, seen_since_ms)? {
        return Ok(Published::Duplicate);
    }
    let stream = row::stream(message.stream);
    let only_subject = message.stream.keeps_last_per_subject().then_some(message.subject.as_str());
    if let Some(subject) = only_subject {
        replace(sql, stream, subject)?;
    }
    sql.prepare_cached(
        "INSERT INTO message (stream, lane, subject, only_subject, id, stored_at_ms, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        stream,
        row::lane(message.lane),
        &message.subject,
        only_subject,
        &message.id.0,
        now_ms,
        &message.body[..],
    ))?;
    let sequence = sql.last_insert_rowid();
    if let Some(consumer) = message.consumer() {
        sql.prepare_cached(
            "INSERT INTO delivery (sequence, consumer, connection, due_ms, leased, deliveries)
             VALUES (?1, ?2, ?3, 0, 0, 0)",
        )?
        .execute((sequence, row::consumer(consumer), message.connection()))?;
    }
    Ok(Published::Stored { sequence: row::from_sql(sequence) })
}

/// Remembers the id; true when it is in the window already.
fn is_duplicate(sql: &Connection, message: &NewMessage, now_ms: i64, seen_since_ms: i64) -> Result<bool, Error> {
    // Two out for one in: the table shrinks to the window by itself, at a fixed cost per message.
    sql.prepare_cached(
        "DELETE FROM seen WHERE seen_ms <= ?1 AND number IN (SELECT number FROM seen ORDER BY number LIMIT 2)",
    )?
    .execute([seen_since_ms])?;
    let remembered = sql
        .prepare_cached(
            "INSERT INTO seen (stream, id, seen_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (stream, id) DO UPDATE SET seen_ms = ?3 WHERE seen_ms <= ?4",
        )?
        .execute((row::stream(message.stream), &message.id.0, now_ms, seen_since_ms))?;
    Ok(remembered == 0)
}

/// Takes away the message that the new one stands for, in flight or delayed as it may be.
fn replace(sql: &Connection, stream: i64, subject: &str) -> Result<(), Error> {
    let mut replaced =
        sql.prepare_cached("DELETE FROM message WHERE stream = ?1 AND only_subject = ?2 RETURNING sequence")?;
    let sequences: Vec<i64> = replaced.query_map((stream, subject), |row| row.get(0))?.collect::<Result<_, _>>()?;
    for sequence in sequences {
        sql.prepare_cached("DELETE FROM delivery WHERE sequence = ?1")?.execute([sequence])?;
    }
    Ok(())
}
