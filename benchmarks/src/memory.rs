//! How large a process gets, and its database, with many records.

mod people;

use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tandem_tests::{Process, ProcessOptions};

use crate::quiet::quiet;
use crate::report::Report;

const MOST_MIB: f64 = 128.0;
const REST: Duration = Duration::from_secs(1);

pub(crate) async fn measure(is_quick: bool) -> anyhow::Result<Report> {
    let records = if is_quick { 10_000 } else { 100_000 };
    let edits = records / 50;
    let mut report =
        Report::new("Memory and disk", &["state", "resident", "largest so far", "database on disk", "target"]);
    let mut process = Process::prepare(ProcessOptions { is_unthrottled: true, ..ProcessOptions::default() }).await?;
    process.up();
    quiet(&process, REST).await?;
    add(&mut report, "idle, empty", &process)?;
    process.stop();

    let people = people::settle(&process, records).await?;
    process.up();
    quiet(&process, REST).await?;
    add(&mut report, &format!("idle, {records} records"), &process)?;

    for (number, id) in people.iter().step_by(records / edits).enumerate() {
        process.ghl.edit_contact(id, &json!({ "firstName": format!("Bea{number}") }))?;
    }
    quiet(&process, REST).await?;
    let arrived = process.openphone.report().writes.updated_by_api;
    anyhow::ensure!(arrived >= edits as u64, "only {arrived} of {edits} edits arrived");
    add(&mut report, &format!("{records} records, after {edits} edits at once"), &process)?;
    Ok(report)
}

fn add(report: &mut Report, state: &str, process: &Process) -> anyhow::Result<()> {
    let (now, most) = (resident(process, "VmRSS:")?, resident(process, "VmHWM:")?);
    let target = report.target("<= 128 MiB", most <= MOST_MIB);
    let mib = |value: f64| format!("{value:.1} MiB");
    report.row([state.to_owned(), mib(now), mib(most), mib(on_disk(process)?), target]);
    Ok(())
}

/// In MiB, as the kernel counts.
fn resident(process: &Process, field: &str) -> anyhow::Result<f64> {
    let path = format!("/proc/{}/status", process.child().id());
    let status = std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such field")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().context("reading a size")?;
    Ok(kib / 1024.0)
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files")]
fn on_disk(process: &Process) -> anyhow::Result<f64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(process.data_dir())? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes as f64 / 1_048_576.0)
}
