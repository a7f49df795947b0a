//! How large the processes get, and what is on the disk, with many records.

mod people;

use std::time::{Duration, Instant};

use serde_json::json;
use tandem_tests::Shape;

use crate::quiet::quiet;
use crate::report::Report;
use crate::system::{System, Wish, shape_name};

const MOST_MIB_IN_ONE: f64 = 128.0;
const MOST_MIB_OF_A_SERVICE: f64 = 64.0;
/// People who are asked about.
const ASKED: usize = 10;
const REST: Duration = Duration::from_secs(1);

pub(crate) async fn measure(shape: Shape, is_quick: bool) -> anyhow::Result<Report> {
    let records = if is_quick { 10_000 } else { 100_000 };
    let edits = records / 50;
    let columns = ["state", "process", "resident", "largest so far", "on the disk", "target"];
    let mut report = Report::new(format!("Memory and disk, {}", shape_name(shape)), &columns);
    // The records get in quicker where not every write is synced; what is in memory is the same.
    let mut system = System::start(Wish { is_durable: false, ..Wish::of(shape) }).await?;
    quiet(&system, REST).await?;
    add(&mut report, "idle, empty", &system)?;
    system.stop()?;

    let people = people::settle(&system, records).await?;
    system.up().await;
    quiet(&system, REST).await?;
    add(&mut report, &format!("idle, {records} records"), &system)?;
    explain(&mut report, &system, &people)?;

    for (number, id) in people.iter().step_by(records / edits).enumerate() {
        system.ghl().edit_contact(id, &json!({ "firstName": format!("Bea{number}") }))?;
    }
    quiet(&system, REST).await?;
    let arrived = system.openphone().report().writes.updated_by_api;
    anyhow::ensure!(arrived >= edits as u64, "only {arrived} of {edits} edits arrived");
    add(&mut report, &format!("{records} records, after {edits} edits at once"), &system)?;
    Ok(report)
}

/// How long the answer to "why is this contact not synced?" takes, the command's own start included: the slowest of some.
fn explain(report: &mut Report, system: &System, people: &[String]) -> anyhow::Result<()> {
    let mut slowest = Duration::ZERO;
    for id in people.iter().step_by((people.len() / ASKED).max(1)) {
        let asked = Instant::now();
        let mut command = system.command(&["records", "show", "acme", id])?;
        let status = command.wait();
        slowest = slowest.max(asked.elapsed());
        let said = command.output().join("\n");
        anyhow::ensure!(status.success() && said.contains("It is in step."), "{id} was not explained: {said}");
    }
    let target = report.target(&format!("{} ms, < 1 s", slowest.as_millis()), slowest < Duration::from_secs(1));
    let state = format!("`tandem records show`, the slowest of {ASKED}, {} records", people.len());
    let nothing = String::new;
    report.row([state, "tandem".to_owned(), nothing(), nothing(), nothing(), target]);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files")]
fn add(report: &mut Report, state: &str, system: &System) -> anyhow::Result<()> {
    let is_one = system.servers().is_none();
    let limit = if is_one { MOST_MIB_IN_ONE } else { MOST_MIB_OF_A_SERVICE };
    let on_disk = system.on_disk()? as f64 / 1_048_576.0;
    let mib = |value: f64| format!("{value:.1} MiB");
    for process in system.processes() {
        let (now, most) = process.memory()?;
        let target = if process.is_ours {
            report.target(&format!("<= {limit:.0} MiB"), most <= limit)
        } else {
            "for information".to_owned()
        };
        let holds_the_disk = is_one || process.name == "nats-server";
        let disk = if holds_the_disk { mib(on_disk) } else { String::new() };
        report.row([state.to_owned(), process.name.clone(), mib(now), mib(most), disk, target]);
    }
    Ok(())
}
