//! Twins and pipeline, wired to each other, in either shape.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;
use tandem::{Backends, Part, Pipeline};
use tandem_ingest::{Job, ScanKind};
use tandem_proto::{ConnectionId, Envelope, Payload, Stream, v1};
use tandem_queue::Depth;
use tandem_service::supervise::Stop;
use tandem_service::{Config, Environment};
use tandem_testkit::free_address;
use tandem_testkit::servers::{Nats, Redis};
use tandem_twins::{GhlConfig, GhlTwin, OpenPhoneConfig, OpenPhoneTwin, RetryOn, RetryRules};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::{Program, eventually, http};

/// Servers that run are reached in a moment.
const REACHED: Duration = Duration::from_secs(30);

/// How the pipeline is put together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// Everything in one, as `tandem up` runs it: queue, store and limits embedded.
    #[default]
    Embedded,
    /// Each service alone, over NATS and Redis.
    Distributed,
}

/// What differs from the ordinary stack.
#[derive(Debug, Clone, Default)]
pub struct StackOptions {
    /// How the pipeline is put together.
    pub shape: Shape,
    /// Changes to the GHL twin.
    pub ghl: Option<GhlConfig>,
    /// Changes to the OpenPhone twin.
    pub openphone: Option<OpenPhoneConfig>,
    /// More lines of the configuration file, in its top level.
    pub config: String,
    /// The mapping file's text; none means the built-in mapping.
    pub mapping: Option<String>,
}

impl StackOptions {
    /// The ordinary stack of this shape.
    pub fn of(shape: Shape) -> Self {
        Self { shape, ..Self::default() }
    }
}

/// What the distributed shape stands on.
#[derive(Debug)]
pub struct Servers {
    /// Queue and store.
    pub nats: Nats,
    /// Limits.
    pub redis: Redis,
}

impl Servers {
    /// Both, empty.
    pub fn start() -> Self {
        Self { nats: Nats::start(), redis: Redis::start() }
    }

    /// Both, empty, for whoever knows the password; the user at NATS is `tandem`.
    pub fn start_with_password(password: &str) -> Self {
        let nats = Nats::builder().user("tandem", password).start();
        Self { nats, redis: Redis::start_with_password(password) }
    }

    /// Makes Redis one that has been up for long, as it is in a running system. A new one holds the first requests back: what
    /// was sent before it came is not known.
    pub fn have_been_up(&self) {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros().to_string();
        self.redis.command(&["HSET", "tandem:limits:mark", "name", "others", "since", "0", "beat", &now]);
    }

    /// Variables that lead a process to them.
    pub fn environment(&self) -> Environment {
        [
            ("TANDEM_QUEUE__BACKEND", "nats".to_owned()),
            ("TANDEM_QUEUE__URL", self.nats.url()),
            ("TANDEM_LIMITS__BACKEND", "redis".to_owned()),
            ("TANDEM_LIMITS__URL", self.redis.url()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// Both twins and one pipeline.
pub struct Stack {
    /// The GHL twin.
    pub ghl: GhlTwin,
    /// The OpenPhone twin.
    pub openphone: OpenPhoneTwin,
    /// The folder that outlives a restart of the pipeline.
    pub folder: TempDir,
    /// Text of the configuration file.
    pub config_text: String,
    /// What the configuration's references mean.
    pub environment: Environment,
    /// NATS and Redis, in the distributed shape.
    pub servers: Option<Servers>,
    /// Where webhooks go, also after a restart: those on their way come back to it.
    /// Where the pipeline listens.
    pub address: SocketAddr,
    running: Vec<Running>,
}

/// A pipeline: the only one, or one of three.
#[derive(Debug)]
struct Running {
    parts: &'static [Part],
    queue: tandem_queue::Queue,
    store: tandem_store::Store,
    stops: mpsc::Sender<Stop>,
    task: JoinHandle<anyhow::Result<()>>,
    metrics: tandem_telemetry::Metrics,
}

impl Stack {
    /// Starts everything with the default twins.
    pub async fn start(shape: Shape) -> anyhow::Result<Self> {
        Self::start_with(StackOptions::of(shape)).await
    }

    /// Starts everything.
    pub async fn start_with(options: StackOptions) -> anyhow::Result<Self> {
        let (ghl, openphone) =
            (options.ghl.unwrap_or_else(quick_ghl), options.openphone.unwrap_or_else(quick_openphone));
        let ghl = GhlTwin::start(ghl).await.context("starting the GHL twin")?;
        let openphone = OpenPhoneTwin::start(openphone).await;
        let openphone = openphone.context("starting the OpenPhone twin")?;
        let folder = TempDir::new().context("making a folder")?;
        let config_text = config_text(&ghl, &openphone, &options.config, options.mapping.is_some());
        if let Some(mapping) = &options.mapping {
            std::fs::write(folder.path().join("mapping.yaml"), mapping)?;
        }
        let servers = match options.shape {
            Shape::Embedded => None,
            Shape::Distributed => {
                let servers = Servers::start();
                servers.have_been_up();
                Some(servers)
            }
        };
        let (environment, address) = (environment(), free_address());
        let mut stack =
            Self { ghl, openphone, folder, config_text, environment, servers, address, running: Vec::new() };
        stack.start_pipeline().await?;
        Ok(stack)
    }

    /// The configuration, as the program with these parts would read it.
    pub fn config(&self, parts: &[Part]) -> anyhow::Result<Config> {
        let path = self.folder.path().join("tandem.yaml");
        let takes_webhooks = parts.contains(&Part::Ingest);
        let listen = if takes_webhooks { self.address.to_string() } else { "127.0.0.1:0".to_owned() };
        let mut environment = self.environment.clone();
        environment.extend(self.servers.iter().flat_map(Servers::environment));
        environment.insert("TANDEM_HTTP__LISTEN".to_owned(), listen);
        Ok(Config::parse(&self.config_text, &path, &environment)?)
    }

    /// Starts the pipeline, or starts it again.
    pub async fn start_pipeline(&mut self) -> anyhow::Result<()> {
        let programs: &[&'static [Part]] = match self.servers {
            None => &[&Part::ALL],
            Some(_) => &[&[Part::Ingest], &[Part::Mapper], &[Part::Writer]],
        };
        for parts in programs {
            let pipeline = Pipeline::start(&self.config(parts)?, parts).await?;
            let reached = tokio::time::timeout(REACHED, pipeline.backends()).await;
            let Backends { queue, store, .. } = reached.context("queue and store are not reached")?;
            let (stops, asked) = mpsc::channel(2);
            let metrics = pipeline.metrics.clone();
            let task = tokio::spawn(pipeline.run(asked));
            self.running.push(Running { parts, queue, store, stops, task, metrics });
        }
        self.deliver(true);
        Ok(())
    }

    /// Whether the twins' webhooks have anywhere to go. What happens while they haven't is told by none.
    pub fn deliver(&self, is_wanted: bool) {
        let webhooks = format!("http://{}/webhooks", self.address);
        self.ghl.set_webhook_url(is_wanted.then(|| format!("{webhooks}/ghl")));
        self.openphone.set_webhook_url(is_wanted.then(|| format!("{webhooks}/openphone/acme")));
    }

    /// A command of `tandem` with this pipeline's configuration, started.
    ///
    /// # Panics
    /// When the binary is not built.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<Program> {
        let folder = self.folder.path().to_owned();
        std::fs::write(folder.join("tandem.yaml"), &self.config_text).context("writing the configuration")?;
        let mut environment = self.environment.clone();
        environment.extend(self.servers.iter().flat_map(Servers::environment));
        environment.insert("TANDEM_HTTP__LISTEN".to_owned(), self.address.to_string());
        let mut command = Program::new("tandem", arguments, folder);
        command.spawn(&environment);
        Ok(command)
    }

    /// Asks for a scan, as a command does.
    pub async fn ask(&self, kind: ScanKind) -> anyhow::Result<Job> {
        let asked = tandem_ingest::ask(self.store(), &ConnectionId::new("acme")?, kind, Timestamp::now()).await?;
        anyhow::ensure!(asked.is_new, "a scan is under way already");
        Ok(asked.job)
    }

    /// Asks for a scan, and waits until everybody is read and everything is worked off.
    ///
    /// # Panics
    /// When that doesn't happen within the limit.
    pub async fn scan(&self, kind: ScanKind, limit: Duration) -> anyhow::Result<Job> {
        let asked = self.ask(kind).await?;
        let acme = ConnectionId::new("acme")?;
        let job = tandem_testkit::eventually("the end of the scan", limit, async || {
            let status = tandem_ingest::scan_status(self.store(), self.queue(), &acme).await.ok()?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            status.job.filter(|job| job.id == asked.id && !job.is_under_way())
        })
        .await;
        self.quiet(limit).await;
        Ok(job)
    }

    /// Asks the pipeline to stop, as SIGTERM does, and waits for it.
    pub async fn stop_pipeline(&mut self) -> anyhow::Result<()> {
        for running in &self.running {
            running.stops.send(Stop::Terminate).await?;
        }
        for running in self.running.drain(..) {
            running.task.await??;
        }
        Ok(())
    }

    /// Queue and store are gone, with everything in them. The pipeline must not run.
    ///
    /// # Panics
    /// When they can't be removed.
    pub fn lose_store(&self) {
        let store = self.servers.as_ref().map(|servers| servers.nats.store_dir());
        let store = store.unwrap_or_else(|| self.folder.path().join("data"));
        if let Some(servers) = &self.servers {
            servers.nats.kill();
        }
        let removed = std::fs::remove_dir_all(&store);
        assert!(removed.is_ok(), "removing {}: {removed:?}", store.display());
        if let Some(servers) = &self.servers {
            servers.nats.start_again();
        }
    }

    /// The pipeline's queue: the mapper's, where each service has its own.
    ///
    /// # Panics
    /// When the pipeline is not running.
    #[expect(clippy::expect_used, reason = "a harness fails loudly")]
    pub fn queue(&self) -> &tandem_queue::Queue {
        let running = self.running.iter().find(|running| running.parts.contains(&Part::Mapper));
        &running.expect("the pipeline is running").queue
    }

    /// The pipeline's store.
    ///
    /// # Panics
    /// When the pipeline is not running.
    #[expect(clippy::expect_used, reason = "a harness fails loudly")]
    pub fn store(&self) -> &tandem_store::Store {
        &self.running.first().expect("the pipeline is running").store
    }

    /// The value of a counter or gauge, over all services.
    pub fn metric(&self, series: &str) -> f64 {
        self.running.iter().filter_map(|running| http::value(&running.metrics.encode(), series)).sum()
    }

    /// Waits until no webhook is on its way and no message waits or is worked on.
    ///
    /// # Panics
    /// When that doesn't happen within the limit.
    pub async fn quiet(&self, limit: Duration) {
        let until = std::time::Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            assert!(self.ghl.webhooks_idle(left).await, "GHL webhooks were still on their way after {limit:?}");
            assert!(self.openphone.webhooks_idle(left).await, "OpenPhone webhooks were still on their way");
            let (events, commands) = (self.depth(Stream::Events).await, self.depth(Stream::Commands).await);
            let is_empty = |depth: Depth| depth.waiting + depth.in_flight + depth.delayed == 0;
            if is_empty(events) && is_empty(commands) && self.ghl.webhooks_idle(Duration::ZERO).await {
                return;
            }
            assert!(!left.is_zero(), "not quiet after {limit:?}: events {events:?}, commands {commands:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn depth(&self, stream: Stream) -> Depth {
        self.queue().depth(stream).await.unwrap_or_default()
    }

    /// The OpenPhone contact whose source link ends in the GHL contact's id.
    pub fn across(&self, ghl_id: &str) -> Option<Value> {
        let is_it = |contact: &Value| contact["sourceUrl"].as_str().is_some_and(|link| link.ends_with(ghl_id));
        self.openphone.contacts().into_iter().find(is_it)
    }

    /// Waits until the contact is in OpenPhone and `check` holds for it.
    pub async fn arrives(&self, ghl_id: &str, what: &str, check: impl Fn(&Value) -> bool) -> Value {
        let limit = Duration::from_secs(30);
        eventually(what, limit, || self.across(ghl_id).filter(|contact| check(contact))).await
    }

    /// Everything that was noted about records.
    pub async fn journal(&self) -> Vec<v1::JournalEntry> {
        let messages = self.queue().browse(Stream::Journal, 0, 100_000).await.unwrap_or_default();
        let entry = |message: &tandem_queue::Stored| match Envelope::decode(&message.body).ok()?.payload {
            Payload::JournalEntry(entry) => Some(entry),
            Payload::Event(_) | Payload::Command(_) | Payload::DeadLetter(_) | Payload::Conflict(_) => None,
        };
        messages.iter().filter_map(entry).collect()
    }

    /// How many messages people have to look at.
    pub async fn count(&self, stream: Stream) -> usize {
        self.queue().browse(stream, 0, 10_000).await.map_or(0, |messages| messages.len())
    }
}

/// Secrets as the environment would hold them.
pub fn environment() -> Environment {
    [
        ("GHL_TOKEN", "pit-sandbox"),
        ("QUO_KEY", "sandbox-key"),
        ("QUO_SECRET", "whsec_c2FuZGJveC1zZWNyZXQtMzItYnl0ZXMhISEhISEhISE="),
        ("VIEWER_TOKEN", "viewer-0123456789abcdef0123456789abcdef"),
        ("OPERATOR_TOKEN", "operator-0123456789abcdef0123456789abcdef"),
        ("ADMIN_TOKEN", "admin-0123456789abcdef0123456789abcdef"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// A GHL twin with retries quick enough for tests.
pub fn quick_ghl() -> GhlConfig {
    GhlConfig { retries: retries(), ..GhlConfig::default() }
}

/// An OpenPhone twin that the harness' credentials fit, with retries quick enough for tests.
pub fn quick_openphone() -> OpenPhoneConfig {
    let mut config = OpenPhoneConfig { retries: retries(), ..OpenPhoneConfig::default() };
    for workspace in &mut config.workspaces {
        "sandbox-key".clone_into(&mut workspace.api_key);
        workspace.webhook_secrets = vec![environment()["QUO_SECRET"].clone()];
    }
    config
}

/// Tries often and for long: what is tested is the pipeline.
fn retries() -> RetryRules {
    RetryRules {
        waits: vec![Duration::from_millis(100); 600],
        ..RetryRules::doubling(RetryOn::AnyFailure, Duration::from_millis(50), 1)
    }
}

/// The configuration file: both providers are the twins, with the twins' limits and short bounds.
pub(crate) fn config_text(ghl: &GhlTwin, openphone: &OpenPhoneTwin, more: &str, has_mapping: bool) -> String {
    let timing = "{ timeout_seconds: 1, late_apply_seconds: 0.5, index_lag_seconds: 0.2, connect_timeout_seconds: 1 }";
    let mapping = if has_mapping { "mapping: mapping.yaml" } else { "" };
    let key = ghl.public_key_pem().replace('\n', "\n        ");
    let [ghl_rate, openphone_rate] = [ghl.report().rate, openphone.report().rate]
        .map(|rate| format!("{{ requests: {}, per_seconds: {} }}", rate.limit, rate.window_ms / 1000));
    let (ghl, openphone) = (ghl.base_url(), openphone.base_url());
    // Most cases change many people at once, and mean it.
    let brake = if more.contains("brake:") { "" } else { "brake: { minutes: 0 }" };
    format!(
        r#"data_dir: ./data
{brake}
http: {{ listen: "127.0.0.1:0" }}
providers:
  ghl:
    base_url: {ghl}
    webhook_public_keys:
      - |
        {key}
    rate: {ghl_rate}
    timing: {timing}
  openphone:
    base_url: {openphone}
    rate: {openphone_rate}
    timing: {timing}
connections:
  - id: acme
    ghl: {{ location_id: SandboxLocation00001, private_token: "${{GHL_TOKEN}}" }}
    openphone: {{ api_key: "${{QUO_KEY}}", webhook_secrets: ["${{QUO_SECRET}}"] }}
    {mapping}
{more}
"#
    )
}
