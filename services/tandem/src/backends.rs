//! Queue, store and limits, as the configuration wants them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::SecretString;
use tandem_embedded::{Database, Options};
use tandem_ingest::{Spool, SpoolLimits};
use tandem_jetstream::{Credentials, JetStream, Members};
use tandem_limits::{Limits, RedisOptions};
use tandem_policy::ErrorClass;
use tandem_proto::ConnectionId;
use tandem_queue::{Queue, Settings};
use tandem_records::Records;
use tandem_service::{Config, config};
use tandem_store::Store;
use tokio::sync::SetOnce;

use crate::Part;

/// The writers, which share the request budgets.
const GROUP: &str = "writers";
/// Between two looks at a server that answers but can't serve yet.
const NOT_READY_PAUSE: Duration = Duration::from_secs(1);

/// Where messages and documents are.
#[derive(Debug, Clone)]
pub struct Backends {
    /// The streams.
    pub queue: Queue,
    /// The documents.
    pub records: Records,
    /// What the documents are in, and tokens beside them.
    pub store: Store,
    /// The writers that share this one's budgets; none where it is alone, or no writer.
    pub(crate) members: Option<Members>,
}

/// Backends that may take a while to be reached; clones share them.
pub(crate) type Reached = Arc<SetOnce<Backends>>;

/// Opens the database in a folder of this process's own.
pub(crate) fn database(folder: &Path) -> anyhow::Result<Database> {
    Database::open(&Options::in_dir(folder)).with_context(|| format!("opening the database in {}", folder.display()))
}

/// The spool in the database.
pub(crate) async fn spool(database: &Database, limits: config::Spool) -> anyhow::Result<Spool> {
    let queue = Queue::embedded(database, Settings::default()).context("opening the spool")?;
    let limits = SpoolLimits { messages: u64::from(limits.max_messages), bytes: limits.max_bytes };
    Spool::open(queue, limits).await.context("reading the spool")
}

/// Request budgets. A server that is away is no error: each process keeps to its share until it is back.
pub(crate) async fn limits(config: &Config, parts: &[Part], reached: &Reached) -> anyhow::Result<Limits> {
    match &config.limits {
        config::Limits::Embedded => Ok(Limits::in_process()),
        // It neither calls anybody nor remembers webhooks.
        config::Limits::Redis { .. } if parts == [Part::Mapper] => Ok(Limits::in_process()),
        config::Limits::Redis { url } => {
            let options = redis_options(config, url);
            let reached = Arc::clone(reached);
            Limits::redis(options, move || sharing(reached.get())).await.context("limits.url")
        }
    }
}

/// The same in every process: budgets are kept by them.
pub(crate) fn redis_options(config: &Config, url: &SecretString) -> RedisOptions {
    let providers = &config.providers;
    let longest_request = providers.ghl.timing.timeout.max(providers.openphone.timing.timeout);
    RedisOptions { longest_request, ..RedisOptions::new(url.clone()) }
}

/// Nobody writes before the queue is reached, and so before the others are known.
fn sharing(backends: Option<&Backends>) -> tandem_limits::Members {
    let members = backends.and_then(|backends| backends.members.as_ref());
    let (count, rank) = members.map_or((1, 0), |members| (members.count(), members.rank()));
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    tandem_limits::Members { count: number(count).max(1), rank: number(rank) }
}

/// The backends in the database.
pub(crate) fn embedded(database: &Database) -> anyhow::Result<Backends> {
    let queue = Queue::embedded(database, Settings::default()).context("opening the queue")?;
    let store = Store::embedded(database).context("opening the store")?;
    Ok(Backends { queue, records: Records::new(store.clone()), store, members: None })
}

/// The backends at NATS; waits for the server, and says so. What waiting doesn't mend is an error.
pub(crate) async fn nats(nats: &config::Nats, parts: &[Part], ids: &[ConnectionId]) -> anyhow::Result<Backends> {
    let options = nats_options(nats, Part::program(parts))?;
    loop {
        let jetstream = tandem_jetstream::connect_waiting(&options).await.context("connecting to the queue")?;
        match open(&jetstream, parts, ids).await {
            Ok(backends) => return Ok(backends),
            Err(error) if is_transient(&error) => {
                tracing::warn!(error = format!("{error:#}"), "NATS answers but isn't ready; trying again");
                tokio::time::sleep(NOT_READY_PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn open(jetstream: &JetStream, parts: &[Part], ids: &[ConnectionId]) -> anyhow::Result<Backends> {
    let queue = Queue::jetstream(jetstream, Settings::default(), ids).await.context("opening the queue")?;
    let store = Store::jetstream(jetstream).await.context("opening the store")?;
    let members = if parts.contains(&Part::Writer) {
        Some(Members::join(jetstream, GROUP).await.context("joining the other writers")?)
    } else {
        None
    };
    Ok(Backends { queue, records: Records::new(store.clone()), store, members })
}

/// How to reach NATS, under this name.
pub(crate) fn nats_options(nats: &config::Nats, name: &'static str) -> anyhow::Result<tandem_jetstream::Options> {
    let mut options = tandem_jetstream::Options::new(nats.urls.iter().cloned());
    options.credentials = nats.credentials.clone().map_or(Credentials::None, Credentials::CredentialsFile);
    options.replicas = usize::try_from(nats.replicas).context("queue.replicas")?;
    name.clone_into(&mut options.name);
    Ok(options)
}

/// Whether every cause that knows says that waiting may help.
fn is_transient(error: &anyhow::Error) -> bool {
    classes(error).last().is_some_and(|class| class == ErrorClass::Transient)
}

/// Whether a server said what somebody has to change before it can be used.
pub(crate) fn is_refusal(error: &anyhow::Error) -> bool {
    classes(error).last().is_some_and(|class| class == ErrorClass::Permanent)
        || error.chain().any(<dyn std::error::Error>::is::<tandem_limits::Error>)
}

/// What the servers' own errors among the causes are. The store tells of them itself: what the server said is not a cause
/// of its own there.
fn classes(error: &anyhow::Error) -> impl Iterator<Item = ErrorClass> {
    error.chain().filter_map(|cause| {
        let of_store = cause.downcast_ref::<tandem_store::Error>().map(tandem_store::Error::class);
        of_store.or_else(|| cause.downcast_ref::<tandem_jetstream::Error>().map(tandem_jetstream::Error::class))
    })
}
