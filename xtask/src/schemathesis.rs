//! Schemathesis, which makes requests of the management API's document: the end-to-end tests run it.
//!
//! It comes from the Python package index with what it needs, in the versions of `schemathesis.txt`, and is unpacked under
//! `target/tools`. Nothing is installed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{self, Command, Stdio};

use crate::{Failure, root};

const VERSION: &str = "4.32.5";

/// Fetches it, unless it is there and starts.
pub(crate) fn fetch() -> Result<(), Failure> {
    let folder = root().join("target/tools");
    let place = folder.join(format!("schemathesis-{VERSION}"));
    let script = folder.join("bin/schemathesis");
    publish(&script)?;
    if starts(&script) {
        return Ok(());
    }
    println!("fetching schemathesis {VERSION}");
    install(&place).map_err(|problem| {
        format!(
            "can't get schemathesis {VERSION}: {problem}\nIt comes from the Python package index: python3 (3.10 or newer) with pip \
             and a network are needed."
        )
    })?;
    if starts(&script) {
        return Ok(());
    }
    Err(format!("the schemathesis fetched to {} doesn't start: try `{} --version`", place.display(), script.display()))
}

/// Installs into a folder of our own and moves that into place at once: two runs may go side by side.
fn install(place: &Path) -> Result<(), Failure> {
    let staging = place.with_file_name(format!("schemathesis.{}", process::id()));
    let constraints = root().join("xtask/schemathesis.txt");
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action", "ignore"]);
    command.arg("--target").arg(&staging).arg("--constraint").arg(constraints);
    let status = command.arg(format!("schemathesis=={VERSION}")).status();
    let installed = match status {
        Ok(status) if status.success() => {
            // What doesn't start, or another run's.
            drop(fs::remove_dir_all(place));
            fs::rename(&staging, place).map_err(|problem| format!("moving it to {}: {problem}", place.display()))
        }
        Ok(_) => Err("`python3 -m pip install` failed".to_owned()),
        Err(problem) => Err(format!("starting python3: {problem}")),
    };
    drop(fs::remove_dir_all(&staging));
    installed
}

fn starts(script: &Path) -> bool {
    let said = Command::new(script).arg("--version").stderr(Stdio::null()).output();
    said.is_ok_and(|said| said.status.success() && String::from_utf8_lossy(&said.stdout).contains(VERSION))
}

/// Starts it wherever both are moved.
fn publish(script: &Path) -> Result<(), Failure> {
    let text = format!(
        "#!/bin/sh\nhere=${{0%/*}}\nPYTHONPATH=\"$here/../schemathesis-{VERSION}\"\nexport PYTHONPATH\n\
         exec python3 -c 'from schemathesis.cli import schemathesis; schemathesis(prog_name=\"schemathesis\")' \"$@\"\n"
    );
    let draft = script.with_file_name(format!("schemathesis.{}", process::id()));
    let written = fs::create_dir_all(script.parent().unwrap_or(script))
        .and_then(|()| fs::write(&draft, text))
        .and_then(|()| fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)))
        .and_then(|()| fs::rename(&draft, script));
    written.map_err(|problem| format!("writing {}: {problem}", script.display()))
}
