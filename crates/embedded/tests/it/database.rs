//! Writing, reading, failing, closing.

use std::time::Duration;

use tandem_embedded::rusqlite::Connection;
use tandem_embedded::{Database, Error, Options};
use tandem_policy::ErrorClass;
use tempfile::TempDir;

const NUMBERS: &[&str] = &["CREATE TABLE number (n INTEGER PRIMARY KEY) STRICT"];

fn open() -> (Database, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    database.migrate("numbers", NUMBERS).unwrap();
    (database, dir)
}

fn insert(sql: &Connection, number: i64) -> Result<usize, Error> {
    Ok(sql.execute("INSERT INTO number VALUES (?1)", [number])?)
}

async fn numbers(database: &Database) -> Vec<i64> {
    let read = |sql: &Connection| {
        let mut select = sql.prepare("SELECT n FROM number ORDER BY n")?;
        let numbers = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(numbers)
    };
    database.read(read).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_job_undoes_itself_and_no_other() {
    let (database, _dir) = open();
    let jobs: Vec<_> = (0..100).map(|number| tokio::spawn(insert_or_fail(database.clone(), number))).collect();
    for (number, job) in jobs.into_iter().enumerate() {
        match job.await.unwrap() {
            Ok(_) => assert_ne!(number % 3, 0),
            Err(error) => {
                assert_eq!(number % 3, 0);
                assert!(matches!(error, Error::Statement(_)), "{error:?}");
                assert_eq!(error.class(), ErrorClass::Permanent);
            }
        }
    }
    let expected: Vec<i64> = (0..100).filter(|number| number % 3 != 0).collect();
    assert_eq!(numbers(&database).await, expected);
}

/// Every third job fails after its first statement worked.
async fn insert_or_fail(database: Database, number: i64) -> Result<usize, Error> {
    let job = move |sql: &Connection| {
        insert(sql, number)?;
        if number % 3 == 0 { insert(sql, number) } else { Ok(1) }
    };
    database.write(job).await
}

#[tokio::test]
async fn a_job_that_panics_is_undone_and_the_writer_goes_on() {
    let (database, _dir) = open();
    let job = |sql: &Connection| -> Result<(), Error> {
        insert(sql, 1)?;
        panic!("a bug in a job");
    };
    assert!(matches!(database.write(job).await, Err(Error::Closed)));
    database.write(|sql| insert(sql, 2)).await.unwrap();
    assert_eq!(numbers(&database).await, [2]);
}

#[tokio::test]
async fn a_write_nobody_waits_for_any_more_stands() {
    let (database, _dir) = open();
    let write = database.write(|sql| {
        std::thread::sleep(Duration::from_millis(30));
        insert(sql, 1)
    });
    assert!(tokio::time::timeout(Duration::from_millis(5), write).await.is_err());
    database.write(|sql| insert(sql, 2)).await.unwrap();
    assert_eq!(numbers(&database).await, [1, 2]);
}

#[tokio::test]
async fn relaxed_writes_are_seen_by_later_ones_and_survive_a_restart() {
    let (database, dir) = open();
    database.write_relaxed(|sql| insert(sql, 1), |_| {}).await.unwrap();
    database.write_later(|sql| insert(sql, 2).map(drop));
    let seen = database.write(|sql| Ok(sql.query_one("SELECT count(*) FROM number", [], |row| row.get::<_, i64>(0))?));
    assert_eq!(seen.await.unwrap(), 2);
    database.write_relaxed(|sql| insert(sql, 3), |_| {}).await.unwrap();
    drop(database);
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    assert_eq!(numbers(&database).await, [1, 2, 3]);
}

#[tokio::test]
async fn after_runs_once_the_write_has_worked_and_never_else() {
    let (database, _dir) = open();
    let (sender, receiver) = std::sync::mpsc::channel();
    for (number, sender) in [(1, sender.clone()), (1, sender.clone()), (2, sender)] {
        drop(database.write_then(move |sql| insert(sql, number), move |_| sender.send(number).unwrap()).await);
    }
    assert_eq!(receiver.iter().collect::<Vec<i64>>(), [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_finishes_what_was_asked_before() {
    let (database, dir) = open();
    let writes: Vec<_> = (0..500)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move { database.write(move |sql| insert(sql, number)).await.is_ok().then_some(number) })
        })
        .collect();
    database.close().await.unwrap();
    assert!(matches!(database.write(|sql| insert(sql, -1)).await, Err(Error::Closed)));
    assert!(matches!(database.read(|_| Ok(())).await, Err(Error::Closed)));
    database.close().await.unwrap();
    let mut answered = Vec::new();
    for write in writes {
        answered.extend(write.await.unwrap());
    }
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    assert_eq!(numbers(&database).await, answered);
}

#[tokio::test]
async fn a_directory_in_use_is_refused_with_its_holder_and_free_after_the_drop() {
    let (database, dir) = open();
    let error = Database::open(&Options::in_dir(dir.path())).unwrap_err();
    assert!(matches!(&error, Error::InUse { holder, .. } if holder == "this process already"));
    assert!(error.to_string().contains("set another data_dir"), "{error}");
    drop(database);
    Database::open(&Options::in_dir(dir.path())).unwrap();
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Database::open(&Options::in_dir(file.path().join("data"))).unwrap_err();
    assert!(error.to_string().contains("data"), "{error}");
    assert!(matches!(error, Error::Directory { .. }));
}

#[tokio::test]
async fn each_step_of_a_schema_runs_once_and_newer_tables_are_refused() {
    let (database, dir) = open();
    database.write(|sql| insert(sql, 1)).await.unwrap();
    let two_steps = [NUMBERS[0], "ALTER TABLE number ADD COLUMN name TEXT"];
    database.migrate("numbers", &two_steps).unwrap();
    database.migrate("numbers", &two_steps).unwrap();
    database.migrate("others", &["CREATE TABLE other (n INTEGER) STRICT"]).unwrap();
    drop(database);
    let database = Database::open(&Options::in_dir(dir.path())).unwrap();
    let refused = database.migrate("numbers", NUMBERS);
    assert!(matches!(refused, Err(Error::TooNew { found: 2, known: 1, .. })));
    assert_eq!(numbers(&database).await, [1]);
}

#[test]
fn a_broken_step_changes_nothing() {
    let (database, _dir) = open();
    let broken = [NUMBERS[0], "CREATE TABLE half (n INTEGER) STRICT; CREATE TABLE half (n INTEGER) STRICT"];
    assert!(matches!(database.migrate("numbers", &broken), Err(Error::Statement(_))));
    database.migrate("numbers", &[NUMBERS[0], "CREATE TABLE half (n INTEGER) STRICT"]).unwrap();
}
