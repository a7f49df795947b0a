//! Folders and binaries that tests need.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder that is removed with the value.
///
/// # Panics
/// The system gives none.
#[track_caller]
pub fn tempdir() -> TempDir {
    tempfile::tempdir().unwrap_or_else(|problem| panic!("making a temporary folder: {problem}"))
}

/// The folder of the workspace's `Cargo.toml`.
pub fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The providers' published material (contract sheets, API descriptions, sample webhooks), which is not part of the
/// repository: `TANDEM_VENDOR_DIR`, else `../shared/vendor` beside the workspace. Where it is absent, says so on
/// stderr; the test should return.
pub fn vendor_dir() -> Option<PathBuf> {
    let given = env::var_os("TANDEM_VENDOR_DIR").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| workspace_root().join("../shared/vendor"));
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("not run: vendor folder absent ({}; set TANDEM_VENDOR_DIR)", folder.display());
    None
}

/// A binary of this workspace, built in the same profile as the running test.
///
/// # Panics
/// It is not built; the panic says how to.
#[track_caller]
pub fn binary(name: &str) -> PathBuf {
    let path = profile_folder()
        .unwrap_or_else(|problem| panic!("finding the target folder: {problem}"))
        .join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is not built: run `cargo build --bin {name}`, or all tests by `cargo xtask test`",
        path.display()
    );
    path
}

/// A test runs from `target/<profile>/deps`.
fn profile_folder() -> io::Result<PathBuf> {
    let mut folder = env::current_exe()?;
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspace_root_holds_the_workspace() {
        let manifest = std::fs::read_to_string(workspace_root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    #[should_panic(expected = "run `cargo build --bin no-such-binary`")]
    fn binary_that_is_not_built_says_how_to() {
        binary("no-such-binary");
    }
}
