//! The provider's published client works against the twin: code that nobody here wrote.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::ghl_kit::{BACK, CLIENT, SECRET, code, two_locations};
use crate::kit::LOCATION;

const PACKAGE: &str = "@gohighlevel/api-client@3.1.0";

/// The folder with the client in it, fetched once per target folder; none where that can't be done.
#[expect(clippy::print_stderr, reason = "a test that did not run says so")]
fn installed() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = target.join("ghl-sdk-3.1.0");
    if folder.is_dir() {
        return Some(folder);
    }
    // Under another name until it is whole: an install can be cut off, or another process may be at it.
    let fetching = target.join(format!("ghl-sdk-fetching-{}", std::process::id()));
    let fetched = fetch(&fetching).and_then(|()| match std::fs::rename(&fetching, &folder) {
        Err(problem) if !folder.is_dir() => Err(format!("keeping {PACKAGE} failed: {problem}")),
        _ => Ok(()),
    });
    if fetching.is_dir() {
        std::fs::remove_dir_all(&fetching).unwrap();
    }
    if let Err(missing) = &fetched {
        eprintln!("not run: {missing}");
    }
    fetched.is_ok().then_some(folder)
}

/// Fetches the client, or says what is missing.
fn fetch(folder: &Path) -> Result<(), String> {
    let node = Command::new("node").arg("--version").output();
    node.map_err(|problem| format!("node isn't installed ({problem})"))?;
    std::fs::create_dir_all(folder).unwrap();
    let arguments = ["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", PACKAGE];
    let npm = Command::new("npm").args(arguments).current_dir(folder).output();
    let npm = npm.map_err(|problem| format!("npm isn't installed ({problem})"))?;
    let said = String::from_utf8_lossy(&npm.stderr);
    if npm.status.success() { Ok(()) } else { Err(format!("npm can't fetch {PACKAGE}: {said}")) }
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
