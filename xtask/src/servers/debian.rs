//! Packages of a Debian-like system, unpacked without installing them; needs no root.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::Failure;

/// Unpacks the packages, and the libraries they need and the system lacks. Returns the folders of the libraries,
/// relative to `place`.
pub(super) fn unpack(packages: &[&str], place: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !present("apt-get") || !present("dpkg-deb") {
        return Err("it is fetched by apt-get and dpkg-deb, which are not here".into());
    }
    let downloads = place.join("downloads");
    make(&downloads)?;
    let mut wanted: Vec<String> = packages.iter().map(|&package| package.to_owned()).collect();
    let mut seen: BTreeSet<String> = wanted.iter().cloned().collect();
    while let Some(package) = wanted.pop() {
        let archive = download(&package, &downloads)?;
        quiet(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(place))?;
        let field = quiet(Command::new("dpkg-deb").arg("-f").arg(&archive).arg("Depends"))?;
        let lacking = libraries(&field).filter(|name| !is_installed(name) && !seen.contains(name)).collect::<Vec<_>>();
        seen.extend(lacking.iter().cloned());
        wanted.extend(lacking);
    }
    fs::remove_dir_all(&downloads).map_err(|problem| format!("removing {}: {problem}", downloads.display()))?;
    Ok(library_folders(place))
}

/// Fetches one package by the system's lists; where these are absent or outdated, by lists of our own.
fn download(package: &str, downloads: &Path) -> Result<PathBuf, Failure> {
    let folder = downloads.join(package);
    make(&folder)?;
    let own = downloads.join("apt");
    let by_system_lists = !own.is_dir() && quiet(apt_get("download").arg(package).current_dir(&folder)).is_ok();
    if !by_system_lists {
        let options = [option("Dir::State::Lists", &own.join("lists")), option("Dir::Cache", &own.join("cache"))];
        if !own.is_dir() {
            make(&own.join("lists/partial"))?;
            make(&own.join("cache/archives/partial"))?;
            // Hooks of the system may fail without root though the lists came: the download will tell.
            drop(quiet(apt_get("update").args(&options)));
        }
        quiet(apt_get("download").args(&options).arg(package).current_dir(&folder))?;
    }
    let mut entries = fs::read_dir(&folder).map_err(|problem| format!("reading {}: {problem}", folder.display()))?;
    let archive = entries.find_map(|entry| entry.ok().map(|entry| entry.path()));
    archive.ok_or_else(|| format!("apt-get download {package} brought nothing"))
}

/// Its sandbox user can't write to our folders.
fn apt_get(verb: &str) -> Command {
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-o", "APT::Sandbox::User=root", verb]);
    command
}

fn option(name: &str, folder: &Path) -> String {
    format!("-o{name}={}", folder.display())
}

/// The names of a `Depends` field that are libraries; of alternatives the first.
fn libraries(field: &str) -> impl Iterator<Item = String> {
    let names = field.split(',').filter_map(|entry| entry.trim().split([' ', '(', '|', ':']).next());
    // Another C library than the one that loads it breaks everything; the system has it anyway.
    let names = names.filter(|name| *name != "libc6" && (name.starts_with("lib") || name.starts_with("lua-")));
    names.map(str::to_owned)
}

fn is_installed(package: &str) -> bool {
    let state = quiet(Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status} ", package]));
    state.is_ok_and(|state| state.contains("installed") && !state.contains("not-installed"))
}

/// `usr/lib/x86_64-linux-gnu` and its like.
fn library_folders(place: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for parent in ["usr/lib", "lib"] {
        let entries = fs::read_dir(place.join(parent)).into_iter().flatten().filter_map(Result::ok);
        let names = entries.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().contains("-linux-"));
        found.extend(names.map(|name| Path::new(parent).join(name)));
    }
    found
}

fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|problem| format!("making {}: {problem}", folder.display()))
}

fn present(command: &str) -> bool {
    let started = Command::new(command).arg("--version").output();
    !started.is_err_and(|problem| problem.kind() == io::ErrorKind::NotFound)
}

/// What the command printed; what it complained about only if it failed.
fn quiet(command: &mut Command) -> Result<String, Failure> {
    let Output { status, stdout, stderr } =
        command.output().map_err(|problem| format!("starting {command:?}: {problem}"))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&stderr).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_from_other_dependencies() {
        let field =
            "adduser, libc6 (>= 2.34), libatomic1 (>= 4.8), liblua5.1-0|other, lua-cjson:any, libssl3(>= 3.0.0)\n";
        let names: Vec<String> = libraries(field).collect();
        assert_eq!(names, ["libatomic1", "liblua5.1-0", "lua-cjson", "libssl3"]);
    }
}
