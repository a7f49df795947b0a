//! How connections are opened: settings that every one of them, or only the writer's, needs.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::Error;

/// Only a checkpoint at the same moment makes anyone wait, and those are short.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The connection of the writer thread.
pub(crate) fn for_writing(path: &Path, max_pages: Option<u32>) -> Result<Connection, Error> {
    let connection = open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Checkpoints have their own thread: see checkpoint.rs.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(64);
    if let Some(pages) = max_pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(connection)
}

/// A connection that only looks.
pub(crate) fn for_reading(path: &Path) -> Result<Connection, Error> {
    let connection = open(path)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// A connection that only runs checkpoints.
pub(crate) fn for_checkpoints(path: &Path) -> Result<Connection, Error> {
    let connection = open(path)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection, Error> {
    // Each connection is used by one thread at a time, so SQLite's own mutex is not needed.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}
