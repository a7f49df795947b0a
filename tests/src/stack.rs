//! Twins and pipeline, wired to each other.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tandem::{Part, Pipeline};
use tandem_proto::{Envelope, Payload, Stream, v1};
use tandem_queue::Depth;
use tandem_service::supervise::Stop;
use tandem_service::{Config, Environment};
use tandem_twins::{GhlConfig, GhlTwin, OpenPhoneConfig, OpenPhoneTwin, RetryOn, RetryRules};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::eventually;

/// What differs from the ordinary stack.
#[derive(Debug, Clone, Default)]
pub struct StackOptions {
    /// Changes to the GHL twin.
    pub ghl: Option<GhlConfig>,
    /// Changes to the OpenPhone twin.
    pub openphone: Option<OpenPhoneConfig>,
    /// More lines of the configuration file, in its top level.
    pub config: String,
    /// The mapping file's text; none means the built-in mapping.
    pub mapping: Option<String>,
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
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    queue: tandem_queue::Queue,
    stops: mpsc::Sender<Stop>,
    task: JoinHandle<anyhow::Result<()>>,
    metrics: tandem_telemetry::Metrics,
}

impl Stack {
    /// Starts everything with the default twins.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(StackOptions::default()).await
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
        // The same port after a restart: webhooks on their way come back to it.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut environment = environment();
        environment.insert("TANDEM_HTTP__LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        if let Some(mapping) = &options.mapping {
            std::fs::write(folder.path().join("mapping.yaml"), mapping)?;
        }
        let mut stack = Self { ghl, openphone, folder, config_text, environment, running: None };
        stack.start_pipeline().await?;
        Ok(stack)
    }

    /// The configuration, as `tandem up` would read it.
    pub fn config(&self) -> anyhow::Result<Config> {
        let path = self.folder.path().join("tandem.yaml");
        Ok(Config::parse(&self.config_text, &path, &self.environment)?)
    }

    /// Starts the pipeline, or starts it again.
    pub async fn start_pipeline(&mut self) -> anyhow::Result<()> {
        let pipeline = Pipeline::start(&self.config()?, &Part::ALL).await?;
        let webhooks = format!("http://{}/webhooks", pipeline.address);
        self.ghl.set_webhook_url(Some(format!("{webhooks}/ghl")));
        self.openphone.set_webhook_url(Some(format!("{webhooks}/openphone/acme")));
        let (stops, asked) = mpsc::channel(2);
        let (queue, metrics) = (pipeline.backends().await.queue, pipeline.metrics.clone());
        let task = tokio::spawn(pipeline.run(asked));
        self.running = Some(Running { queue, stops, task, metrics });
        Ok(())
    }

    /// Asks the pipeline to stop, as SIGTERM does, and waits for it.
    pub async fn stop_pipeline(&mut self) -> anyhow::Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        running.stops.send(Stop::Terminate).await?;
        running.task.await?
    }

    /// Drops the pipeline where it stands.
    pub async fn abort_pipeline(&mut self) {
        let Some(running) = self.running.take() else { return };
        running.task.abort();
        drop(running.task.await);
    }

    /// The pipeline's queue.
    ///
    /// # Panics
    /// When the pipeline is not running.
    #[expect(clippy::expect_used, reason = "a harness fails loudly")]
    pub fn queue(&self) -> &tandem_queue::Queue {
        let running = self.running.as_ref();
        &running.expect("the pipeline is running").queue
    }

    /// The pipeline's counters.
    ///
    /// # Panics
    /// When the pipeline is not running.
    #[expect(clippy::expect_used, reason = "a harness fails loudly")]
    pub fn metrics(&self) -> &tandem_telemetry::Metrics {
        let running = self.running.as_ref();
        &running.expect("the pipeline is running").metrics
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
    let (ghl_rate, openphone_rate) = (ghl.report().rate.limit, openphone.report().rate.limit);
    let (ghl, openphone) = (ghl.base_url(), openphone.base_url());
    format!(
        r#"data_dir: ./data
http: {{ listen: "127.0.0.1:0" }}
providers:
  ghl:
    base_url: {ghl}
    webhook_public_keys:
      - |
        {key}
    rate: {{ requests: {ghl_rate}, per_seconds: 10 }}
    timing: {timing}
  openphone:
    base_url: {openphone}
    rate: {{ requests: {openphone_rate}, per_seconds: 1 }}
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
