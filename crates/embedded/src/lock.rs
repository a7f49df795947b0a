//! One process per data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use crate::Error;

const NAME: &str = "tandem.lock";

/// Held as long as the database is open; the system lets go of it when the process ends, also by kill -9.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Makes the directory if need be and takes its lock, or says who has it.
    pub(crate) fn take(dir: &Path) -> Result<Self, Error> {
        let failed = |source: io::Error| Error::Directory { dir: dir.to_owned(), source: Arc::new(source) };
        std::fs::create_dir_all(dir).map_err(failed)?;
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(dir.join(NAME)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                // The number only makes the error message better: that it can't be written must not stop the start.
                if let Err(error) = sign(&mut file) {
                    tracing::debug!(%error, "the lock file was not signed");
                }
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: dir.to_owned(), holder: holder(&mut file) }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(id) if id == std::process::id() => "this process already".to_owned(),
        Some(id) => format!("the process with id {id}"),
        None => "another process".to_owned(),
    }
}
