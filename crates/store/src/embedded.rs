//! The backend in the embedded database: one table, and one counter that all revisions come from.

use bytes::Bytes;
use tandem_embedded::rusqlite::{Connection, OptionalExtension as _, Row, params};
use tandem_embedded::{Database, rusqlite};

use crate::{Entry, Error, Expected};

const STEPS: &[&str] = &["
CREATE TABLE entry (
    key      TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    value    BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE last_revision (revision INTEGER NOT NULL) STRICT;
INSERT INTO last_revision VALUES (0);
"];

#[derive(Debug, Clone)]
pub(crate) struct Embedded {
    database: Database,
}

impl Embedded {
    pub(crate) fn open(database: &Database) -> Result<Self, Error> {
        database.migrate("store", STEPS)?;
        Ok(Self { database: database.clone() })
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        let key = key.to_owned();
        let select = "SELECT revision, value FROM entry WHERE key = ?1";
        let read =
            move |sql: &Connection| Ok(sql.prepare_cached(select)?.query_row([key], |row| entry(row, 0)).optional()?);
        Ok(self.database.read(read).await?)
    }

    pub(crate) async fn put(&self, key: &str, value: Bytes, expected: Expected) -> Result<u64, Error> {
        let owned = key.to_owned();
        let write = move |sql: &Connection| {
            let is_expected = expected.holds(revision_of(sql, &owned)?);
            if is_expected { put(sql, &owned, &value).map(Some) } else { Ok(None) }
        };
        self.database.write(write).await?.ok_or_else(|| Error::Conflict { key: key.to_owned() })
    }

    pub(crate) async fn delete(&self, key: &str, revision: u64) -> Result<(), Error> {
        let owned = key.to_owned();
        let delete = "DELETE FROM entry WHERE key = ?1 AND revision = ?2";
        let write =
            move |sql: &Connection| Ok(sql.prepare_cached(delete)?.execute(params![owned, to_sql(revision)])?);
        if self.database.write(write).await? == 0 {
            return Err(Error::Conflict { key: key.to_owned() });
        }
        Ok(())
    }

    pub(crate) async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Entry)>, Error> {
        let prefix = prefix.to_owned();
        let after = after.map(ToOwned::to_owned);
        Ok(self.database.read(move |sql| list(sql, &prefix, after.as_deref(), limit)).await?)
    }

    pub(crate) async fn count(&self, prefix: &str) -> Result<u64, Error> {
        let prefix = prefix.to_owned();
        Ok(self.database.read(move |sql| count(sql, &prefix)).await?)
    }
}

fn revision_of(sql: &Connection, key: &str) -> rusqlite::Result<Option<u64>> {
    let mut select = sql.prepare_cached("SELECT revision FROM entry WHERE key = ?1")?;
    Ok(select.query_row([key], |row| row.get(0)).optional()?.map(from_sql))
}

fn put(sql: &Connection, key: &str, value: &[u8]) -> Result<u64, tandem_embedded::Error> {
    let revision: i64 = sql
        .prepare_cached("UPDATE last_revision SET revision = revision + 1 RETURNING revision")?
        .query_row([], |row| row.get(0))?;
    sql.prepare_cached(
        "INSERT INTO entry (key, revision, value) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET revision = ?2, value = ?3",
    )?
    .execute(params![key, revision, value])?;
    Ok(from_sql(revision))
}

fn list(
    sql: &Connection,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, Entry)>, tandem_embedded::Error> {
    // `after` may lie before the prefix: both bounds hold.
    let mut select = sql.prepare_cached(
        "SELECT key, revision, value FROM entry WHERE key >= ?1 AND (?2 IS NULL OR key > ?2) ORDER BY key",
    )?;
    let start = after.filter(|after| *after > prefix).unwrap_or(prefix);
    let mut rows = select.query(params![start, after])?;
    let mut entries = Vec::new();
    while entries.len() < limit
        && let Some(row) = rows.next()?
    {
        let key: String = row.get(0)?;
        if !key.starts_with(prefix) {
            break;
        }
        entries.push((key, entry(row, 1)?));
    }
    Ok(entries)
}

fn count(sql: &Connection, prefix: &str) -> Result<u64, tandem_embedded::Error> {
    let mut select = sql.prepare_cached("SELECT key FROM entry WHERE key >= ?1 ORDER BY key")?;
    let mut rows = select.query([prefix])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        if !row.get_ref(0)?.as_str().is_ok_and(|key| key.starts_with(prefix)) {
            break;
        }
        count += 1;
    }
    Ok(count)
}

fn entry(row: &Row<'_>, first: usize) -> rusqlite::Result<Entry> {
    Ok(Entry { revision: from_sql(row.get(first)?), value: Bytes::from(row.get::<_, Vec<u8>>(first + 1)?) })
}

/// SQLite has signed integers only; revisions start at 1 and never get near the sign.
fn to_sql(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

fn from_sql(revision: i64) -> u64 {
    u64::try_from(revision).unwrap_or(0)
}
