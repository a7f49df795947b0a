//! Versions of the tables: each part of the program lists its steps, and the file remembers how many it has seen.

use rusqlite::{Connection, OptionalExtension as _};

use crate::Error;

const VERSIONS: &str =
    "CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID";

/// Brings the tables of one part to the newest version; runs inside a transaction.
pub(crate) fn migrate(sql: &Connection, part: &str, steps: &[&str]) -> Result<(), Error> {
    sql.execute_batch(VERSIONS)?;
    let found = sql
        .query_row("SELECT version FROM part WHERE name = ?1", [part], |row| row.get::<_, i64>(0))
        .optional()?
        .map_or(0, |version| usize::try_from(version).unwrap_or(usize::MAX));
    let Some(missing) = steps.get(found..) else {
        return Err(Error::TooNew { part: part.to_owned(), found, known: steps.len() });
    };
    for step in missing {
        sql.execute_batch(step)?;
    }
    let version = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    sql.execute("INSERT OR REPLACE INTO part (name, version) VALUES (?1, ?2)", (part, version))?;
    Ok(())
}
