//! What the numbers were measured on.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::samples::{Samples, millis};

const UNKNOWN: &str = "unknown";

/// A Markdown table of the machine.
pub(crate) fn description() -> String {
    let rows = [
        ("CPU", field("/proc/cpuinfo", "model name")),
        ("cores", std::thread::available_parallelism().map_or_else(|_| UNKNOWN.to_owned(), |cores| cores.to_string())),
        ("memory", field("/proc/meminfo", "MemTotal")),
        ("kernel", read("/proc/sys/kernel/osrelease")),
        ("disk", disk()),
        ("durable 4 KiB append", append_time()),
        ("compiler", rustc()),
        ("build", if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned()),
    ];
    let mut text = "# Benchmarks\n\n| machine | |\n|---|---|\n".to_owned();
    for (name, value) in rows {
        // Writing to a String can't fail.
        let _written = writeln!(text, "| {name} | {value} |");
    }
    text
}

/// What else the machine had to do; this program's own work is part of it.
pub(crate) fn load() -> String {
    format!("Load of the last 1, 5 and 15 minutes at the end: {}", read("/proc/loadavg"))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).map_or_else(|_| UNKNOWN.to_owned(), |text| text.trim().to_owned())
}

fn field(path: &str, name: &str) -> String {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map_or_else(|| UNKNOWN.to_owned(), |(_, value)| value.trim().to_owned())
}

/// The file system that temporary folders are on, and whether its device turns.
fn disk() -> String {
    let folder = std::env::temp_dir();
    let mounts = read("/proc/mounts");
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?, words.next()?))
    });
    let holding = mounts.filter(|(_, place, _)| folder.starts_with(place)).max_by_key(|(_, place, _)| place.len());
    let Some((device, _, kind)) = holding else { return UNKNOWN.to_owned() };
    let name = device.trim_start_matches("/dev/");
    let media = match read(format!("/sys/block/{name}/queue/rotational")).as_str() {
        "0" => "not rotating",
        "1" => "rotating, or said to be",
        _ => "of unknown kind",
    };
    format!("{kind} on {device}, {media}")
}

/// What every commit costs at least here.
fn append_time() -> String {
    let measure = || -> std::io::Result<Samples> {
        let folder = tempfile::tempdir()?;
        let mut file = File::create(folder.path().join("append"))?;
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..200 {
            let started = Instant::now();
            file.write_all(&[b'x'; 4096])?;
            file.sync_data()?;
            times.push(started.elapsed());
        }
        Ok(Samples::new(times))
    };
    measure().map_or_else(
        |_| UNKNOWN.to_owned(),
        |times| format!("p50 {}, p99 {}", millis(times.percentile(50)), millis(times.percentile(99))),
    )
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map_or_else(|_| UNKNOWN.to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
