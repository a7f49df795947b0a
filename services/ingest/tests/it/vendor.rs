//! The vendors' own files, which are not part of this repository.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// The vendor folder, or nothing and a word about it where there is none.
pub(crate) fn vendor() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vendor");
    let folder = std::env::var("TANDEM_VENDOR_DIR").map_or_else(|_| beside(), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("not run: vendor folder absent ({})", folder.display());
    None
}

pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn json(path: &Path) -> Json {
    serde_json::from_slice(&bytes(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
