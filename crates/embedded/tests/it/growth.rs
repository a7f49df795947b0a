//! Limits: of the file, and of the log beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tandem_embedded::rusqlite::Connection;
use tandem_embedded::{Database, Error, Options};
use tandem_policy::ErrorClass;

const BLOBS: &[&str] = &["CREATE TABLE blob (n INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT"];

fn insert(sql: &Connection, size: i64) -> Result<usize, Error> {
    Ok(sql.execute("INSERT INTO blob (bytes) VALUES (zeroblob(?1))", [size])?)
}

async fn count(database: &Database) -> i64 {
    let read = |sql: &Connection| Ok(sql.query_one("SELECT count(*) FROM blob", [], |row| row.get(0))?);
    database.read(read).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_file_exactly_the_answered_writes_are_kept_and_smaller_ones_still_work() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { dir: dir.path().to_owned(), max_pages: Some(50) };
    let database = Database::open(&options).unwrap();
    database.migrate("blobs", BLOBS).unwrap();
    let writes: Vec<_> = (0..60)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { database.write(|sql| insert(sql, 10_000)).await })
        })
        .collect();
    let mut kept = 0;
    for write in writes {
        let Err(error) = write.await.unwrap() else {
            kept += 1;
            continue;
        };
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        assert_eq!(error.class(), ErrorClass::Transient);
    }
    assert!(kept > 0 && kept < 60);
    assert_eq!(count(&database).await, kept);
    database
        .write(|sql| Ok(sql.execute("DELETE FROM blob WHERE n IN (SELECT n FROM blob LIMIT 2)", [])?))
        .await
        .unwrap();
    database.write(|sql| insert(sql, 10_000)).await.unwrap();
    assert_eq!(count(&database).await, kept - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_constant_load_the_log_starts_over_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    database.migrate("blobs", BLOBS).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    // Something is always waiting, so the writer never rests. A log that never started over would hold everything.
    let writers: Vec<_> = (0..4).map(|_| tokio::spawn(write_until(database.clone(), Arc::clone(&done)))).collect();
    let log = dir.path().join("tandem.db-wal");
    let written = 192 * 1024 * 1024;
    let mut longest = 0;
    while std::fs::metadata(dir.path().join("tandem.db")).unwrap().len() < written {
        longest = longest.max(std::fs::metadata(&log).unwrap().len());
        tokio::task::yield_now().await;
    }
    done.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(longest < written / 3 * 2, "the log grew to {longest} bytes");
}

async fn write_until(database: Database, done: Arc<AtomicBool>) {
    while !done.load(Ordering::Relaxed) {
        database.write_relaxed(|sql| insert(sql, 20_000), |_| {}).await.unwrap();
    }
}
