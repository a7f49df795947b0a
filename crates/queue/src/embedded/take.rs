//! Handing messages out and settling them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use tandem_embedded::Error;
use tandem_embedded::rusqlite::{Connection, OptionalExtension as _, params};
use tandem_proto::{ConnectionId, Consumer};

use super::{Embedded, row};
use crate::fair::shares;
use crate::queue::Taken;

/// Leases up to `max` ready messages; `times` are now and the end of the lease.
pub(super) fn take(
    sql: &Connection,
    last_served: &Mutex<BTreeMap<Consumer, String>>,
    consumer: Consumer,
    (max, but): (usize, &Excluded),
    (now_ms, lease_until_ms): (i64, i64),
) -> Result<Taken, Error> {
    let number = row::consumer(consumer);
    sql.prepare_cached(
        "UPDATE delivery SET due_ms = 0, leased = 0 WHERE consumer = ?1 AND due_ms > 0 AND due_ms <= ?2",
    )?
    .execute([number, now_ms])?;
    let mut sequences = ready(sql, number, (max.saturating_add(1), but))?;
    if sequences.len() > max {
        let mut last_served = last_served.lock().unwrap_or_else(PoisonError::into_inner);
        sequences = ready_in_turn(sql, number, (max, but), last_served.entry(consumer).or_default())?;
    }
    sequences.sort_unstable();
    let mut taken = Taken::default();
    for sequence in sequences {
        taken.messages.push(lease(sql, sequence, lease_until_ms)?);
    }
    if taken.messages.is_empty() {
        taken.next_due_ms = sql
            .prepare_cached("SELECT min(due_ms) FROM delivery WHERE consumer = ?1 AND due_ms > 0")?
            .query_row([number], |row| row.get(0))?;
    }
    Ok(taken)
}

/// Connections whose messages stay.
pub(super) struct Excluded(Vec<String>);

impl Excluded {
    pub(super) fn new(connections: &BTreeSet<ConnectionId>) -> Self {
        Self(connections.iter().map(|connection| connection.as_str().to_owned()).collect())
    }

    fn contains(&self, connection: &str) -> bool {
        self.0.binary_search_by(|one| one.as_str().cmp(connection)).is_ok()
    }

    /// Ids hold letters, digits, `-` and `_`, so nothing in them has to be escaped.
    fn as_json(&self) -> String {
        if self.0.is_empty() { "[]".to_owned() } else { format!("[\"{}\"]", self.0.join("\",\"")) }
    }
}

fn ready(sql: &Connection, consumer: i64, (limit, but): (usize, &Excluded)) -> Result<Vec<i64>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = sql.prepare_cached(
        "SELECT sequence FROM delivery WHERE consumer = ?1 AND due_ms = 0
         AND connection NOT IN (SELECT value FROM json_each(?3)) ORDER BY connection, sequence LIMIT ?2",
    )?;
    let sequences = statement.query_map(params![consumer, limit, but.as_json()], |row| row.get(0))?;
    Ok(sequences.collect::<Result<_, _>>()?)
}

/// A share for each of the connections that come after the one served last.
fn ready_in_turn(
    sql: &Connection,
    consumer: i64,
    (max, but): (usize, &Excluded),
    last_served: &mut String,
) -> Result<Vec<i64>, Error> {
    let connections = connections_in_turn(sql, consumer, (max, but), last_served)?;
    let mut statement = sql.prepare_cached(
        "SELECT sequence FROM delivery WHERE consumer = ?1 AND due_ms = 0 AND connection = ?2
         ORDER BY sequence LIMIT ?3",
    )?;
    let mut picked = Vec::with_capacity(max);
    for (connection, share) in connections.iter().zip(shares(max, connections.len())) {
        let share = i64::try_from(share).unwrap_or(i64::MAX);
        let sequences = statement.query_map(params![consumer, connection, share], |row| row.get::<_, i64>(0))?;
        for sequence in sequences {
            picked.push(sequence?);
        }
    }
    *last_served = connections.last().cloned().unwrap_or_default();
    Ok(picked)
}

/// Up to `max` connections with ready messages, one index step each.
fn connections_in_turn(
    sql: &Connection,
    consumer: i64,
    (max, but): (usize, &Excluded),
    last_served: &str,
) -> Result<Vec<String>, Error> {
    let mut next = sql.prepare_cached(
        "SELECT connection FROM delivery WHERE consumer = ?1 AND due_ms = 0 AND connection > ?2
         ORDER BY connection LIMIT 1",
    )?;
    let mut following =
        |after: &str| next.query_row(params![consumer, after], |row| row.get::<_, String>(0)).optional();
    let mut connections: Vec<String> = Vec::new();
    let mut after = last_served.to_owned();
    let mut wrapped = false;
    while connections.len() < max {
        match following(&after)? {
            Some(connection) if wrapped && connection.as_str() > last_served => break,
            Some(connection) => {
                after.clone_from(&connection);
                if !but.contains(&connection) {
                    connections.push(connection);
                }
            }
            None if wrapped => break,
            None => {
                wrapped = true;
                after.clear();
            }
        }
    }
    Ok(connections)
}

fn lease(sql: &Connection, sequence: i64, until_ms: i64) -> Result<(crate::Stored, u32), Error> {
    let deliveries = sql
        .prepare_cached(
            "UPDATE delivery SET due_ms = ?2, leased = 1, deliveries = deliveries + 1 WHERE sequence = ?1
             RETURNING deliveries",
        )?
        .query_row([sequence, until_ms], |row| row.get::<_, i64>(0))?;
    let message = sql
        .prepare_cached(&format!("SELECT {} FROM message WHERE sequence = ?1", row::COLUMNS))?
        .query_row([sequence], row::stored)?;
    Ok((message, u32::try_from(deliveries).unwrap_or(u32::MAX)))
}

/// Removes a message; false when it wasn't there.
pub(super) fn delete(sql: &Connection, sequence: i64) -> Result<bool, Error> {
    let removed = sql.prepare_cached("DELETE FROM message WHERE sequence = ?1")?.execute([sequence])?;
    sql.prepare_cached("DELETE FROM delivery WHERE sequence = ?1")?.execute([sequence])?;
    Ok(removed > 0)
}

/// Moves a message's due time; returns whose it is, if it is still there.
pub(super) fn reschedule(
    sql: &Connection,
    sequence: i64,
    due_ms: i64,
    leased: bool,
) -> Result<Option<Consumer>, Error> {
    let consumer = sql
        .prepare_cached("UPDATE delivery SET due_ms = ?2, leased = ?3 WHERE sequence = ?1 RETURNING consumer")?
        .query_row((sequence, due_ms, leased), |row| row.get(0))
        .optional()?;
    Ok(consumer.and_then(row::consumer_of))
}

/// Leased messages on their way from the writer thread to the puller. Should the puller be gone by then (a `select!` took
/// another arm), they are given back instead of being lost until `ack_wait`.
pub(super) struct HandedOut {
    embedded: Embedded,
    consumer: Consumer,
    taken: Taken,
}

impl HandedOut {
    pub(super) fn new(embedded: Embedded, consumer: Consumer, taken: Taken) -> Self {
        Self { embedded, consumer, taken }
    }

    pub(super) fn accept(mut self) -> Taken {
        std::mem::take(&mut self.taken)
    }
}

impl Drop for HandedOut {
    fn drop(&mut self) {
        if self.taken.messages.is_empty() {
            return;
        }
        let sequences: Vec<u64> = self.taken.messages.iter().map(|(message, _)| message.sequence).collect();
        self.embedded.give_back(self.consumer, sequences);
    }
}

/// Undoes a lease as if it had never been.
pub(super) fn give_back(sql: &Connection, sequence: u64) -> Result<(), Error> {
    sql.prepare_cached(
        "UPDATE delivery SET due_ms = 0, leased = 0, deliveries = deliveries - 1 WHERE sequence = ?1 AND leased = 1",
    )?
    .execute([row::to_sql(sequence)])?;
    Ok(())
}
