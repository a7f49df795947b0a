//! Accepted webhooks per second over HTTP, against bare publishes to the same kind of queue.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use serde_json::json;
use tandem_embedded::{Database, Options};
use tandem_ingest::{Config, Connection, Deps, Sink};
use tandem_limits::Limits;
use tandem_proto::{ConnectionId, Lane, MessageId, Stream, topology};
use tandem_providers::ghl::PublicKey;
use tandem_queue::{NewMessage, Queue, Settings};
use tandem_telemetry::Metrics;
use tandem_tests::{Signer, http};
use tandem_twins::{GhlConfig, GhlTwin};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::report::Report;

const SENDERS: [usize; 4] = [1, 16, 64, 256];
const SEED: [u8; 32] = [3; 32];
const LOCATION: &str = "SandboxLocation00001";
/// Each of the three ways is measured so often, in turn; the middle one counts.
const ROUNDS: usize = 3;

/// A queue in a folder of its own.
struct Bare {
    queue: Queue,
    database: Database,
    _folder: TempDir,
}

impl Bare {
    fn open() -> anyhow::Result<Self> {
        let folder = TempDir::new().context("making a folder")?;
        let database = Database::open(&Options::in_dir(folder.path())).context("opening a database")?;
        let queue = Queue::embedded(&database, Settings::default()).context("opening a queue")?;
        Ok(Self { queue, database, _folder: folder })
    }
}

/// What one way of storing reached.
#[derive(Debug, Clone, Copy, Default)]
struct Pace {
    per_second: f64,
    per_commit: f64,
}

pub(crate) async fn measure(is_quick: bool) -> anyhow::Result<Report> {
    let columns = [
        "senders",
        "webhooks/s (HTTP, signed)",
        "per commit",
        "(a) bare publishes/s, group commit",
        "(b) bare publishes/s, one per transaction",
        "webhooks / (a)",
        "webhooks / (b)",
        "target",
    ];
    let mut report = Report::new("Webhook intake, durable before the answer", &columns);
    let time = Duration::from_millis(if is_quick { 700 } else { 3_000 });
    for senders in SENDERS {
        let [webhooks, shared, single] = paces(senders, time).await?;
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
            format!("{:.1}", webhooks.per_commit),
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
async fn paces(senders: usize, time: Duration) -> anyhow::Result<[Pace; 3]> {
    let mut rounds: [Vec<Pace>; 3] = Default::default();
    for _ in 0..ROUNDS {
        rounds[0].push(webhooks(senders, time).await?);
        rounds[1].push(bare(senders, time, false).await?);
        rounds[2].push(bare(senders, time, true).await?);
    }
    Ok(rounds.map(|mut paces| {
        paces.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        paces.get(ROUNDS / 2).copied().unwrap_or_default()
    }))
}

fn body(id: &str) -> String {
    json!({
        "type": "ContactUpdate", "locationId": LOCATION, "appId": "6878cec452e7c8d29d4dd3d9", "webhookId": id,
        "timestamp": "2025-11-07T12:46:45.953Z", "id": "nmFmQEsNgz6AVpgLVUJ0", "firstName": "Ana",
        "lastName": "Example", "name": "Ana Example", "email": "ana@example.com", "phone": "+14155550123",
        "companyName": "Example Plumbing", "tags": ["lead", "vip"], "country": "US", "dateAdded":
        "2025-11-01T08:00:00.000Z", "customFields": [{ "id": "MgobCB14YMVKuE4Ka8p1", "value": "seven" }],
    })
    .to_string()
}

/// Presigned deliveries over kept connections: what is measured is the server, as far as two cores can tell.
async fn webhooks(senders: usize, time: Duration) -> anyhow::Result<Pace> {
    let bare = Bare::open()?;
    let stop = CancellationToken::new();
    let address = serve(&bare.queue, stop.clone()).await?;
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
    let (before, started) = (bare.database.commits(), Instant::now());
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
    let pace = pace(accepted.load(Ordering::Relaxed), started, &bare.database, before);
    stop.cancel();
    Ok(pace)
}

/// Ingest alone: a bare publisher has no mapper and writer beside it either.
async fn serve(queue: &Queue, stop: CancellationToken) -> anyhow::Result<SocketAddr> {
    // Only its public key is used.
    let twin = GhlTwin::start(GhlConfig { signing_seed: Some(SEED), ..GhlConfig::default() }).await?;
    let config = Config {
        connections: vec![Connection {
            id: ConnectionId::new("acme")?,
            location_id: LOCATION.to_owned(),
            openphone_secrets: Vec::new(),
        }],
        ghl_keys: vec![PublicKey::from_pem(&twin.public_key_pem())?],
        ghl_app_id: None,
        max_in_flight: 1024,
    };
    let deps = Deps { sink: Sink::direct(queue.clone()), limits: Limits::in_process(), metrics: Metrics::new() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(tandem_service::serve(listener, tandem_ingest::router(config, deps), stop));
    Ok(address)
}

/// Publishes of messages as large as ingest's; `one_by_one` keeps two of them from sharing a transaction.
async fn bare(callers: usize, time: Duration, one_by_one: bool) -> anyhow::Result<Pace> {
    let bare = Bare::open()?;
    let turn = Arc::new(Mutex::new(()));
    let subject = topology::event_subject(Lane::Live, &ConnectionId::new("acme")?, "ghl");
    let body = Bytes::from(vec![b'x'; body("0-0").len() + 200]);
    let (before, started) = (bare.database.commits(), Instant::now());
    let mut publishing = JoinSet::new();
    for caller in 0..callers {
        let message = NewMessage {
            stream: Stream::Events,
            lane: Lane::Live,
            subject: subject.clone(),
            id: MessageId(format!("ghl:{caller}-")),
            body: body.clone(),
        };
        let turn = one_by_one.then(|| Arc::clone(&turn));
        publishing.spawn(publish_until(bare.queue.clone(), message, started + time, turn));
    }
    let mut total = 0;
    while let Some(count) = publishing.join_next().await {
        total += count??;
    }
    Ok(pace(total, started, &bare.database, before))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
fn pace(count: usize, started: Instant, database: &Database, commits_before: u64) -> Pace {
    let commits = (database.commits() - commits_before).max(1);
    Pace { per_second: count as f64 / started.elapsed().as_secs_f64(), per_commit: count as f64 / commits as f64 }
}

/// Publishes the message under ever new ids; with a turn, alone.
async fn publish_until(
    queue: Queue,
    message: NewMessage,
    until: Instant,
    turn: Option<Arc<Mutex<()>>>,
) -> anyhow::Result<usize> {
    let mut count = 0;
    while Instant::now() < until {
        let id = MessageId(format!("{}{count}", message.id.0));
        let alone = match &turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        queue.publish(NewMessage { id, ..message.clone() }).await?;
        drop(alone);
        count += 1;
    }
    Ok(count)
}
