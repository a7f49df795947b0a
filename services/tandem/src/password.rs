//! The word that commands on this machine show to the process that has the store for itself: made at every start, readable by
//! whoever owns the data.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::SecretString;

/// Owner only.
const MODE: u32 = 0o600;

fn place(data_dir: &Path) -> PathBuf {
    data_dir.join("control-password")
}

/// Makes a new one and writes it down.
pub(crate) fn make(data_dir: &Path) -> anyhow::Result<SecretString> {
    let word = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
    let (path, fresh) = (place(data_dir), data_dir.join("control-password.new"));
    let written = write(&fresh, &word).and_then(|()| fs::rename(&fresh, &path));
    written.with_context(|| format!("writing {}", path.display()))?;
    Ok(word.into())
}

/// What the process before whose store this is has written down.
pub(crate) fn read(data_dir: &Path) -> anyhow::Result<String> {
    let path = place(data_dir);
    fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

/// A file that stood open to others is closed before anything is in it.
fn write(path: &Path, word: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(word.as_bytes())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn it_is_a_new_one_each_time_and_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("control-password.new"), "open to all").unwrap();
        let first = make(folder.path()).unwrap();
        let second = make(folder.path()).unwrap();
        assert_ne!(first.expose_secret(), second.expose_secret());
        assert_eq!(read(folder.path()).unwrap(), second.expose_secret());
        let mode = fs::metadata(place(folder.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE);
        assert!(read(&folder.path().join("elsewhere")).is_err());
    }
}
