//! What the kernel says of processes and folders.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

/// What `/proc` counts processor time in: a hundredth of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// A running process.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) name: String,
    /// Or else NATS or Redis.
    pub(crate) is_ours: bool,
    id: u32,
}

impl Measured {
    pub(super) fn ours(name: &str, id: u32) -> Self {
        Self { name: name.to_owned(), is_ours: true, id }
    }

    pub(super) fn server(name: &str, id: u32) -> Self {
        Self { name: name.to_owned(), is_ours: false, id }
    }

    /// Resident memory in MiB: now, and the most there ever was.
    pub(crate) fn memory(&self) -> anyhow::Result<(f64, f64)> {
        let status = self.read("status")?;
        let field = |name: &str| -> anyhow::Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such field")?;
            let kib: f64 = line.trim().trim_end_matches(" kB").parse().context("reading a size")?;
            Ok(kib / 1024.0)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Processor time of all its threads so far.
    pub(crate) fn processor(&self) -> anyhow::Result<Duration> {
        let stat = self.read("stat")?;
        // The name in brackets may hold spaces; behind it, user and system time are the 12th and 13th field.
        let (_, fields) = stat.rsplit_once(')').context("no name")?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || fields.next().and_then(|field| field.parse::<u32>().ok()).context("no time");
        Ok(TICK * (ticks()? + ticks()?))
    }

    fn read(&self, file: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{file}", self.id);
        std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))
    }
}

/// Everything in a folder, in bytes.
pub(super) fn size_of(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        bytes += if kind.is_dir() { size_of(&entry.path())? } else { kind.len() };
    }
    Ok(bytes)
}
