//! The vendors' own example files through the real code. The files are not part of this repository.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read the vendor folder; the crate itself stays without files and environment"
)]
#![expect(clippy::unwrap_used, reason = "a failed set-up should end the test")]

mod contract;
mod docs;
mod exchange;
mod ghl;
mod left_out;
mod openphone;
mod registry;

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tandem_testkit::vendor_dir as vendor;

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &Path) -> Json {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All JSON files below a folder.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in folder.read_dir().unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files
}

fn answer(status: u16, body: &Json) -> tandem_providers::Response {
    http::Response::builder().status(status).body(body.to_string().into()).unwrap()
}
