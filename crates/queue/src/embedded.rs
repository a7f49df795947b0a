//! The backend in the embedded database.
//!
//! A message is two rows: its text, written once, and its delivery state, which is small because it changes with every
//! pull. A `due_ms` of 0 means ready; anything else is when it becomes so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tandem_embedded::{Database, rusqlite};
use tandem_proto::{ConnectionId, Consumer, Stream};

use crate::queue::Taken;
use crate::wakeups::Wakeups;
use crate::{Depth, Error, NewMessage, Published, Stored};

mod browse;
mod publish;
mod row;
mod schema;
mod take;

use take::HandedOut;

#[derive(Debug, Clone)]
pub(crate) struct Embedded {
    database: Database,
    wakeups: Arc<Wakeups>,
    /// The connection that was served last, per consumer.
    last_served: Arc<Mutex<BTreeMap<Consumer, String>>>,
}

impl Embedded {
    pub(crate) fn open(database: &Database, wakeups: Arc<Wakeups>) -> Result<Self, Error> {
        database.migrate("queue", schema::STEPS)?;
        // Leases belong to workers of a process that is gone: there is only one process per database.
        let end_leases = "UPDATE delivery SET due_ms = 0, leased = 0 WHERE leased = 1";
        database.write_blocking(move |sql| Ok(sql.execute(end_leases, [])?))?;
        Ok(Self { database: database.clone(), wakeups, last_served: Arc::default() })
    }

    pub(crate) async fn publish(
        &self,
        messages: Vec<NewMessage>,
        now_ms: i64,
        seen_since_ms: i64,
    ) -> Result<Vec<Published>, Error> {
        let wakeups = Arc::clone(&self.wakeups);
        let consumers: Vec<Consumer> = messages.iter().filter_map(NewMessage::consumer).collect();
        let store = move |sql: &rusqlite::Connection| publish::publish(sql, &messages, now_ms, seen_since_ms);
        let ring = move |_: &Vec<Published>| consumers.into_iter().for_each(|consumer| wakeups.ring(consumer));
        Ok(self.database.write_then(store, ring).await?)
    }

    pub(crate) async fn take(
        &self,
        consumer: Consumer,
        (max, but): (usize, &BTreeSet<ConnectionId>),
        times: (i64, i64),
    ) -> Result<Taken, Error> {
        let (embedded, but) = (self.clone(), take::Excluded::new(but));
        let job = move |sql: &rusqlite::Connection| {
            let taken = take::take(sql, &embedded.last_served, consumer, (max, &but), times)?;
            Ok(HandedOut::new(embedded, consumer, taken))
        };
        Ok(self.database.write_relaxed(job, |_| {}).await?.accept())
    }

    /// Makes leased messages ready again for others; from a destructor, so nobody waits for it.
    fn give_back(&self, consumer: Consumer, sequences: Vec<u64>) {
        let wakeups = Arc::clone(&self.wakeups);
        self.database.write_later(move |sql| {
            sequences.into_iter().try_for_each(|sequence| take::give_back(sql, sequence))?;
            wakeups.ring(consumer);
            Ok(())
        });
    }

    pub(crate) async fn settle(&self, sequence: u64) -> Result<(), Error> {
        let job = move |sql: &rusqlite::Connection| take::delete(sql, row::to_sql(sequence)).map(|_| ());
        Ok(self.database.write_relaxed(job, |()| {}).await?)
    }

    pub(crate) async fn reschedule(&self, sequence: u64, due_ms: i64, leased: bool) -> Result<(), Error> {
        let wakeups = Arc::clone(&self.wakeups);
        let job = move |sql: &rusqlite::Connection| take::reschedule(sql, row::to_sql(sequence), due_ms, leased);
        let ring = move |consumer: &Option<Consumer>| consumer.iter().for_each(|consumer| wakeups.ring(*consumer));
        self.database.write_relaxed(job, ring).await?;
        Ok(())
    }

    pub(crate) async fn browse(&self, stream: Stream, after: u64, limit: usize) -> Result<Vec<Stored>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.database.read(move |sql| browse::browse(sql, stream, row::to_sql(after), limit)).await?)
    }

    pub(crate) async fn history(&self, subject: &str, most: usize) -> Result<Vec<Stored>, Error> {
        let (subject, most) = (subject.to_owned(), i64::try_from(most).unwrap_or(i64::MAX));
        Ok(self.database.read(move |sql| browse::history(sql, &subject, most)).await?)
    }

    pub(crate) async fn find(&self, stream: Stream, sequence: u64) -> Result<Option<Stored>, Error> {
        Ok(self.database.read(move |sql| browse::find(sql, stream, row::to_sql(sequence))).await?)
    }

    pub(crate) async fn remove(&self, stream: Stream, sequence: u64) -> Result<bool, Error> {
        let job = move |sql: &rusqlite::Connection| browse::remove(sql, stream, row::to_sql(sequence));
        Ok(self.database.write(job).await?)
    }

    pub(crate) async fn trim(&self, stream: Stream, keep_newer_than_ms: i64) -> Result<u64, Error> {
        let mut removed = 0;
        loop {
            // In steps, so that publishers get their turn in between.
            let step = self.database.write(move |sql| browse::trim(sql, stream, keep_newer_than_ms)).await?;
            removed += step as u64;
            if step < browse::TRIM_STEP {
                return Ok(removed);
            }
        }
    }

    pub(crate) async fn depth(&self, stream: Stream, now_ms: i64) -> Result<Depth, Error> {
        Ok(self.database.read(move |sql| browse::depth(sql, stream, now_ms)).await?)
    }

    pub(crate) async fn backlog(&self, consumer: Consumer, connection: &ConnectionId) -> Result<u64, Error> {
        let connection = connection.to_string();
        Ok(self.database.read(move |sql| browse::backlog(sql, consumer, &connection)).await?)
    }

    pub(crate) async fn healthy(&self) -> Result<(), Error> {
        // Larger than a page, so that it needs free space as a message would; gone again in the same transaction.
        let job = |sql: &rusqlite::Connection| {
            sql.prepare_cached("INSERT INTO health (filler) VALUES (zeroblob(16384))")?.execute([])?;
            sql.prepare_cached("DELETE FROM health")?.execute([])?;
            Ok(())
        };
        Ok(self.database.write(job).await?)
    }
}
