//! The vendors' own files, which are not part of this repository.

use std::path::Path;

use serde_json::Value as Json;

pub(crate) use tandem_testkit::vendor_dir as vendor;

pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn json(path: &Path) -> Json {
    serde_json::from_slice(&bytes(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
