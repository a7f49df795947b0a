//! From a webhook to the provider requests it causes, on a system that has nothing else to do.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tandem_tests::{Process, ProcessOptions, Signer, http, quick_ghl};
use tandem_twins::{GhlConfig, RequestSeen};

use crate::quiet::quiet;
use crate::report::Report;
use crate::samples::{Samples, millis};

const SEED: [u8; 32] = [5; 32];
const LIMIT: Duration = Duration::from_secs(10);
/// Long enough for the echo of a write to be worked off.
const REST: Duration = Duration::from_millis(40);
/// Half of what the design allows with NATS and Redis.
const P50: Duration = Duration::from_micros(7_500);
const P99: Duration = Duration::from_millis(30);

pub(crate) async fn measure(is_quick: bool) -> anyhow::Result<Report> {
    let count = if is_quick { 60 } else { 400 };
    let process = Process::start(ProcessOptions {
        ghl: Some(GhlConfig { signing_seed: Some(SEED), ..quick_ghl() }),
        environment: vec![("TANDEM_TELEMETRY__LOG", "info".to_owned())],
        is_unthrottled: true,
        ..ProcessOptions::default()
    })
    .await?;
    let contact = json!({ "firstName": "Ana", "lastName": "Example", "phone": "+14155550123" });
    let id = process.ghl.create_contact(&contact)?;
    quiet(&process, Duration::from_millis(500)).await?;
    // From here on the webhooks of GHL are ours, so that the moment of sending is known.
    process.ghl.set_webhook_url(None);
    let clocks = Clocks::read(&process).await?;
    let mut sent = Vec::new();
    for number in 0..count {
        sent.push(edit(&process, &id, number).await?);
    }
    let (reads, writes) = (process.ghl.requests(), process.openphone.requests());
    let is_write = |seen: &&RequestSeen| seen.method != "GET";
    let reads: Vec<Instant> = reads.iter().map(|seen| clocks.ghl + since(seen)).collect();
    let writes: Vec<Instant> = writes.iter().filter(is_write).map(|seen| clocks.openphone + since(seen)).collect();
    Ok(table(&first_after(&sent, &reads)?, &first_after(&sent, &writes)?))
}

fn table(reads: &Samples, writes: &Samples) -> Report {
    let mut report = Report::new(
        "Webhook in, request out, idle",
        &["from the webhook's first byte to", "samples", "p50", "p99", "target"],
    );
    let is_met = reads.percentile(50) <= P50 && reads.percentile(99) <= P99;
    let target = report.target("p50 <= 7.5 ms and p99 <= 30 ms", is_met);
    let mut row = |name: &str, samples: &Samples, target| {
        let (p50, p99) = (millis(samples.percentile(50)), millis(samples.percentile(99)));
        report.row([name.to_owned(), samples.count().to_string(), p50, p99, target]);
    };
    row("the first provider request's arrival (the read in GHL)", reads, target);
    row("the write's arrival at OpenPhone", writes, "none".to_owned());
    report
}

/// Renames the contact, tells Tandem, waits for the effect and then for rest; the moment of telling.
async fn edit(process: &Process, id: &str, number: usize) -> anyhow::Result<Instant> {
    let name = format!("Ana{number}");
    process.ghl.edit_contact(id, &json!({ "firstName": name }))?;
    let body = json!({
        "type": "ContactUpdate", "locationId": "SandboxLocation00001", "id": id, "webhookId": format!("latency-{number}"),
        "firstName": name, "timestamp": jiff::Timestamp::now().to_string(),
    });
    let delivery = Signer::new(SEED)?.delivery(body.to_string().as_bytes());
    let mut connection = http::Connection::open(process.address).await?;
    let sent = Instant::now();
    let reply = connection.send(&delivery).await?;
    ensure!(reply.status == 200, "refused: {reply:?}");
    while process.openphone.contacts().first().is_none_or(|contact| contact["defaultFields"]["firstName"] != *name) {
        ensure!(sent.elapsed() < LIMIT, "an edit doesn't arrive");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    quiet(process, REST).await?;
    Ok(sent)
}

/// When the twins' clocks began, in ours.
struct Clocks {
    ghl: Instant,
    openphone: Instant,
}

impl Clocks {
    async fn read(process: &Process) -> anyhow::Result<Self> {
        let ghl = began(process.ghl.address(), || process.ghl.requests()).await?;
        let openphone = began(process.openphone.address(), || process.openphone.requests()).await?;
        Ok(Self { ghl, openphone })
    }
}

/// Asks the twin for anything and looks when it says that arrived; of several tries the quickest is the most exact.
async fn began(address: std::net::SocketAddr, seen: impl Fn() -> Vec<RequestSeen>) -> anyhow::Result<Instant> {
    let mut best: Option<(Duration, Instant)> = None;
    let mut connection = http::Connection::open(address).await?;
    for _ in 0..50 {
        let asked = Instant::now();
        connection.send(&http::render("GET /clock", &[], b"")).await?;
        let took = asked.elapsed();
        let arrived = since(seen().last().context("the twin saw nothing")?);
        if best.is_none_or(|(quickest, _)| took < quickest) {
            let began = (asked + took / 2).checked_sub(arrived).context("the twin began before the machine")?;
            best = Some((took, began));
        }
    }
    best.map(|(_, began)| began).context("the twin's clock can't be read")
}

fn since(seen: &RequestSeen) -> Duration {
    Duration::from_micros(seen.since_start_us)
}

/// The time from each sending to the first arrival after it.
fn first_after(sent: &[Instant], arrived: &[Instant]) -> anyhow::Result<Samples> {
    let first = |sent: &Instant| {
        let place = arrived.partition_point(|at| at < sent);
        arrived.get(place).map(|at| at.duration_since(*sent))
    };
    let times: Option<Vec<Duration>> = sent.iter().map(first).collect();
    Ok(Samples::new(times.context("a request is missing")?))
}
