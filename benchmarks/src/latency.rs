//! From a webhook to the provider requests it causes, on a system that has nothing else to do.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tandem_tests::{Shape, Signer, http};
use tandem_twins::RequestSeen;

use crate::clocks::{Clocks, since};
use crate::quiet::quiet;
use crate::report::Report;
use crate::samples::{Samples, millis};
use crate::system::{System, Wish, location};

const SEED: [u8; 32] = [5; 32];
const LIMIT: Duration = Duration::from_secs(10);
const START_LIMIT: Duration = Duration::from_mins(1);
/// Long enough for the echo of a write to be worked off.
const REST: Duration = Duration::from_millis(40);
/// What the design allows with NATS and Redis; all in one, half of it.
const P50: Duration = Duration::from_millis(15);
const P99: Duration = Duration::from_millis(60);

pub(crate) async fn measure(shape: Shape, is_quick: bool) -> anyhow::Result<Report> {
    let count = if is_quick { 60 } else { 400 };
    let system = System::start(Wish { signing_seed: Some(SEED), ..Wish::of(shape) }).await?;
    let contact = json!({ "firstName": "Ana", "lastName": "Example", "phone": "+14155550123" });
    let id = system.ghl().create_contact(&contact)?;
    arrived(&system).await?;
    quiet(&system, Duration::from_millis(500)).await?;
    // From here on the webhooks of GHL are ours, so that the moment of sending is known.
    system.ghl().set_webhook_url(None);
    let clocks = Clocks::read(&system).await?;
    let mut sent = Vec::new();
    for number in 0..count {
        sent.push(edit(&system, &id, number).await?);
    }
    let (reads, writes) = (system.ghl().requests(), system.openphone().requests());
    let is_write = |seen: &&RequestSeen| seen.method != "GET";
    let reads: Vec<Instant> = reads.iter().map(|seen| clocks.ghl + since(seen)).collect();
    let writes: Vec<Instant> = writes.iter().filter(is_write).map(|seen| clocks.openphone + since(seen)).collect();
    Ok(table(shape, &first_after(&sent, &reads)?, &first_after(&sent, &writes)?))
}

fn table(shape: Shape, reads: &Samples, writes: &Samples) -> Report {
    let (title, part) = match shape {
        Shape::Embedded => ("Webhook in, request out, all in one", 2),
        Shape::Distributed => ("Webhook in, request out, three services", 1),
    };
    let (p50, p99) = (P50 / part, P99 / part);
    let mut report = Report::new(title, &["from the webhook's first byte to", "samples", "p50", "p99", "target"]);
    let is_met = reads.percentile(50) <= p50 && reads.percentile(99) <= p99;
    let target = report.target(&format!("p50 <= {} and p99 <= {}", millis(p50), millis(p99)), is_met);
    let mut row = |name: &str, samples: &Samples, target| {
        let (p50, p99) = (millis(samples.percentile(50)), millis(samples.percentile(99)));
        report.row([name.to_owned(), samples.count().to_string(), p50, p99, target]);
    };
    row("the first provider request's arrival (the read in GHL)", reads, target);
    row("the write's arrival at OpenPhone", writes, "none".to_owned());
    report
}

/// Returns once the contact is in OpenPhone. A Redis that knows nothing yet holds the first requests back for a while.
async fn arrived(system: &System) -> anyhow::Result<()> {
    let asked = Instant::now();
    while system.openphone().contacts().is_empty() {
        ensure!(asked.elapsed() < START_LIMIT, "the first contact doesn't arrive");
        tokio::time::sleep(REST).await;
    }
    Ok(())
}

/// Renames the contact, tells Tandem, waits for the effect and then for rest; the moment of telling.
async fn edit(system: &System, id: &str, number: usize) -> anyhow::Result<Instant> {
    let name = format!("Ana{number}");
    system.ghl().edit_contact(id, &json!({ "firstName": name }))?;
    let body = json!({
        "type": "ContactUpdate", "locationId": location(0), "id": id, "webhookId": format!("latency-{number}"),
        "firstName": name, "timestamp": jiff::Timestamp::now().to_string(),
    });
    let delivery = Signer::new(SEED)?.delivery(body.to_string().as_bytes());
    let mut connection = http::Connection::open(system.address()).await?;
    let sent = Instant::now();
    let reply = connection.send(&delivery).await?;
    ensure!(reply.status == 200, "refused: {reply:?}");
    while system.openphone().contacts().first().is_none_or(|contact| contact["defaultFields"]["firstName"] != *name) {
        ensure!(sent.elapsed() < LIMIT, "an edit doesn't arrive");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    quiet(system, REST).await?;
    Ok(sent)
}

/// The time from each sending to the first arrival after it.
pub(crate) fn first_after(sent: &[Instant], arrived: &[Instant]) -> anyhow::Result<Samples> {
    let first = |sent: &Instant| {
        let place = arrived.partition_point(|at| at < sent);
        arrived.get(place).map(|at| at.duration_since(*sent))
    };
    let times: Option<Vec<Duration>> = sent.iter().map(first).collect();
    Ok(Samples::new(times.context("a request is missing")?))
}
