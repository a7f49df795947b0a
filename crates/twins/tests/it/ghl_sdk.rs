//! The provider's published client works against the twin: code that nobody here wrote.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::ghl_kit::{BACK, CLIENT, SECRET, code, two_locations};
use crate::kit::LOCATION;

const PACKAGE: &str = "@gohighlevel/api-client@3.1.0";

/// The folder with the client in it, fetched once per target folder; none where that can't be done.
#[expect(clippy::print_stderr, reason = "a test that did not run says so")]
fn installed() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ghl-sdk-3.1.0");
    if folder.join("node_modules/@gohighlevel/api-client/package.json").is_file() {
        return Some(folder);
    }
    std::fs::create_dir_all(&folder).unwrap();
    let arguments = ["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", PACKAGE];
    let outcome = Command::new("npm").args(arguments).current_dir(&folder).output();
    let fetched = outcome.is_ok_and(|outcome| outcome.status.success());
    if !fetched {
        eprintln!("not run: npm can't fetch {PACKAGE}");
    }
    fetched.then_some(folder)
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/ghl_sdk.mjs");
    Command::new("node").arg(script).args(arguments).current_dir(folder).output().unwrap()
}

#[tokio::test]
async fn the_published_client_refreshes_creates_searches_tags_and_deletes() {
    let Some(folder) = tokio::task::spawn_blocking(installed).await.unwrap() else { return };
    let (twin, _caller) = two_locations().await;
    let scopes = "contacts.readonly contacts.write locations.readonly conversations.readonly";
    let (base, code) = (twin.base_url(), code(&twin, scopes).await);
    let ran = tokio::task::spawn_blocking(move || run(&folder, &[&base, &code, CLIENT.1, SECRET.1, BACK, LOCATION]));
    let ran = ran.await.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let report = twin.oauth();
    assert_eq!((report.codes_exchanged, report.refreshes, report.refresh_reuses), (1, 1, 0));
    assert_eq!(twin.report().writes.deleted_by_api, 1);
}
