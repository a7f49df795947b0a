//! Accepted webhooks per second over HTTP, against bare publishes to the same kind of queue.

mod bare;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use jiff::Timestamp;
use serde_json::json;
use tandem_tests::{Shape, Signer, http};
use tokio::task::JoinSet;

use crate::report::Report;
use crate::system::location;
use bare::Way;
use server::Server;

const SENDERS: [usize; 4] = [1, 16, 64, 256];
const SEED: [u8; 32] = [3; 32];
/// Each of the three ways is measured so often, in turn; the middle one counts.
const ROUNDS: usize = 3;

/// What one way of storing reached.
#[derive(Debug, Clone, Copy, Default)]
struct Pace {
    per_second: f64,
    /// Unknown where the commits are NATS's.
    per_commit: Option<f64>,
}

pub(crate) async fn measure(shape: Shape, is_quick: bool) -> anyhow::Result<Report> {
    let (title, single) = match shape {
        Shape::Embedded => ("Webhook intake, all in one", "(b) bare publishes/s, one per transaction"),
        Shape::Distributed => ("Webhook intake, tandem-ingest over NATS", "(b) bare JetStream publishes/s"),
    };
    let columns = [
        "senders",
        "webhooks/s (HTTP, signed)",
        "per commit",
        "(a) our own queue's publishes/s, group commit",
        single,
        "webhooks / (a)",
        "webhooks / (b)",
        "target",
    ];
    let mut report = Report::new(title, &columns);
    let time = Duration::from_millis(if is_quick { 700 } else { 3_000 });
    for senders in SENDERS {
        let [webhooks, shared, single] = paces(shape, senders, time).await?;
        let ratio = webhooks.per_second / single.per_second;
        let target = match senders {
            1 => report.target(">= 60 % of (b)", ratio >= 0.6),
            64 | 256 => report.target("> (b)", ratio > 1.0),
            _ => "none".to_owned(),
        };
        let number = |value: f64| format!("{value:.0}");
        let percent = |value: f64| format!("{:.0} %", value * 100.0);
        report.row([
            senders.to_string(),
            number(webhooks.per_second),
            webhooks.per_commit.map_or_else(|| "not seen".to_owned(), |count| format!("{count:.1}")),
            number(shared.per_second),
            number(single.per_second),
            percent(webhooks.per_second / shared.per_second),
            percent(ratio),
            target,
        ]);
    }
    Ok(report)
}

/// The three ways in turn, so that a slow moment of the disk meets all of them.
async fn paces(shape: Shape, senders: usize, time: Duration) -> anyhow::Result<[Pace; 3]> {
    let mut rounds: [Vec<Pace>; 3] = Default::default();
    for _ in 0..ROUNDS {
        rounds[0].push(webhooks(shape, senders, time).await?);
        rounds[1].push(bare::measure(shape, Way::Shared, (senders, time)).await?);
        rounds[2].push(bare::measure(shape, Way::Single, (senders, time)).await?);
    }
    Ok(rounds.map(|mut paces| {
        paces.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        paces.get(ROUNDS / 2).copied().unwrap_or_default()
    }))
}

/// An event of this moment: one that is old is first looked for among all that were seen, as a provider's late retry.
fn body(id: &str) -> String {
    json!({
        "type": "ContactUpdate", "locationId": location(0), "appId": "6878cec452e7c8d29d4dd3d9", "webhookId": id,
        "timestamp": format!("{:.3}", Timestamp::now()), "id": "nmFmQEsNgz6AVpgLVUJ0", "firstName": "Ana",
        "lastName": "Example", "name": "Ana Example", "email": "ana@example.com", "phone": "+14155550123",
        "companyName": "Example Plumbing", "tags": ["lead", "vip"], "country": "US", "dateAdded":
        "2025-11-01T08:00:00.000Z", "customFields": [{ "id": "MgobCB14YMVKuE4Ka8p1", "value": "seven" }],
    })
    .to_string()
}

/// Presigned deliveries over kept connections: what is measured is the server, as far as two cores can tell.
async fn webhooks(shape: Shape, senders: usize, time: Duration) -> anyhow::Result<Pace> {
    let server = Server::start(shape).await?;
    let address = server.address();
    let signer = Arc::new(Signer::new(SEED)?);
    let most = (usize::try_from(time.as_millis()).unwrap_or(3_000) * 30 / senders).max(500);
    let mut preparing = JoinSet::new();
    for sender in 0..senders {
        let signer = Arc::clone(&signer);
        let prepare = move |number| signer.delivery(body(&format!("{sender}-{number}")).as_bytes());
        preparing.spawn(async move {
            let connection = http::Connection::open(address).await?;
            anyhow::Ok((connection, (0..most).map(prepare).collect::<Vec<_>>()))
        });
    }
    let mut ready = Vec::new();
    while let Some(prepared) = preparing.join_next().await {
        ready.push(prepared??);
    }
    let (before, started) = (server.commits(), Instant::now());
    let accepted = Arc::new(AtomicUsize::new(0));
    let mut sending = JoinSet::new();
    for (mut connection, deliveries) in ready {
        let accepted = Arc::clone(&accepted);
        sending.spawn(async move {
            for delivery in deliveries.into_iter().take_while(|_| started.elapsed() < time) {
                let reply = connection.send(&delivery).await?;
                ensure!(reply.status == 200 && reply.body.contains("accepted"), "not accepted: {reply:?}");
                accepted.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    Ok(pace(accepted.load(Ordering::Relaxed), started, before.zip(server.commits())))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
fn pace(count: usize, started: Instant, commits: Option<(u64, u64)>) -> Pace {
    let per_commit = commits.map(|(before, after)| count as f64 / (after - before).max(1) as f64);
    Pace { per_second: count as f64 / started.elapsed().as_secs_f64(), per_commit }
}
