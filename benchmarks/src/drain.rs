//! How much of a provider's published rate is used while there is a backlog.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tandem_tests::{Process, ProcessOptions, quick_ghl};
use tandem_twins::{GhlConfig, Report as Judgement, RequestSeen};

use crate::quiet::quiet;
use crate::report::Report;

const WAITING: usize = 200;

pub(crate) async fn measure() -> anyhow::Result<Report> {
    let columns =
        ["backlog", "provider", "rate", "requests", "took", "share used", "429s", "beyond the rate", "target"];
    let mut report = Report::new("Draining a backlog", &columns);
    let process =
        Process::start(ProcessOptions { ghl: Some(raised()), environment: variables(), ..ProcessOptions::default() })
            .await?;
    for number in 0..WAITING {
        let contact = json!({ "firstName": format!("Ana{number}"), "lastName": "Example", "tags": ["lead"] });
        process.ghl.create_contact(&contact)?;
    }
    quiet(&process, Duration::from_secs(2)).await?;
    ensure!(process.openphone.contacts().len() == WAITING, "not everybody arrived");
    let name = format!("{WAITING} new contacts");
    add(&mut report, &name, &process.openphone.report(), &process.openphone.requests())?;
    Ok(report)
}

/// GHL is not in the way: its published rate is the same ten a second, and here OpenPhone's share counts.
fn raised() -> GhlConfig {
    let mut config = quick_ghl();
    config.rate.requests *= 10;
    config
}

fn variables() -> Vec<(&'static str, String)> {
    vec![("TANDEM_PROVIDERS__GHL__RATE__REQUESTS", raised().rate.requests.to_string())]
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred requests")]
fn add(report: &mut Report, name: &str, judgement: &Judgement, requests: &[RequestSeen]) -> anyhow::Result<()> {
    // Echoes are read about later, from a queue that is empty by then.
    let writes: Vec<u64> =
        requests.iter().filter(|seen| seen.method != "GET").map(|seen| seen.since_start_us).collect();
    let (first, last) = (writes.first().context("no write")?, writes.last().context("no write")?);
    let during = requests.iter().filter(|seen| (first..=last).contains(&&seen.since_start_us)).count();
    let took = Duration::from_micros(last - first);
    let per_second = f64::from(judgement.rate.limit) * 1_000.0 / judgement.rate.window_ms as f64;
    let share = (during - 1) as f64 / took.as_secs_f64() / per_second;
    let refused = judgement.answers(429);
    let is_met = share >= 0.9 && refused == 0 && judgement.rate_violations() == 0;
    let target = report.target(">= 90 %, no 429", is_met);
    report.row([
        name.to_owned(),
        "OpenPhone".to_owned(),
        format!("{per_second:.0}/s"),
        during.to_string(),
        format!("{:.1} s", took.as_secs_f64()),
        format!("{:.1} %", share * 100.0),
        refused.to_string(),
        judgement.rate_violations().to_string(),
        target,
    ]);
    Ok(())
}
