//! Both twins and the pipeline between them, for one run on this machine.

use std::time::Duration;

use anyhow::Context as _;
use tandem_proto::Stream;
use tandem_queue::Queue;
use tandem_service::supervise::Stop;
use tandem_service::{Config, Environment};
use tandem_twins::{
    CustomField, FieldType, GhlConfig, GhlLocation, GhlTwin, OpenPhoneConfig, OpenPhoneTwin, Workspace,
};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::sandbox::{Port, ghl_on, openphone_on};
use crate::{Part, Pipeline};

/// The GHL web application's address in links.
const APP_URL: &str = "https://app.gohighlevel.com";

/// What the demo runs on.
pub(crate) struct Stage {
    pub(crate) ghl: GhlTwin,
    pub(crate) openphone: OpenPhoneTwin,
    pub(crate) queue: Queue,
    stops: mpsc::Sender<Stop>,
    pipeline: JoinHandle<anyhow::Result<()>>,
    /// Removed with the stage.
    folder: TempDir,
}

/// How much is still to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    /// Webhooks on their way and messages in the queue.
    pub(crate) waiting: u64,
    /// Requests that both providers have seen.
    pub(crate) requests: u64,
}

impl Stage {
    pub(crate) async fn open(seed: u64, ports: (Port, Port)) -> anyhow::Result<Self> {
        let location = GhlLocation { allow_duplicates: true, ..GhlLocation::default() };
        let config = GhlConfig { locations: vec![location.clone()], seed, ..GhlConfig::default() };
        let ghl = ghl_on(config, ports.0).await?;
        let mut workspace = Workspace::default();
        workspace.custom_fields.push(CustomField::new("notes", "Notes", FieldType::Text));
        let config = OpenPhoneConfig {
            workspaces: vec![workspace.clone()],
            seed: seed.wrapping_add(1),
            ..OpenPhoneConfig::default()
        };
        let openphone = openphone_on(config, ports.1).await?;
        let folder = TempDir::with_prefix("tandem-demo-").context("making a temporary folder")?;
        let text = config_text(&ghl, &openphone, &location.id);
        let config = Config::parse(&text, &folder.path().join("tandem.yaml"), &secrets(&location, &workspace))?;
        let pipeline = Pipeline::start(&config, &Part::ALL).await?;
        let webhooks = format!("http://{}/webhooks", pipeline.address);
        ghl.set_webhook_url(Some(format!("{webhooks}/ghl")));
        openphone.set_webhook_url(Some(format!("{webhooks}/openphone/demo")));
        let queue = pipeline.backends().await.queue;
        let (stops, asked) = mpsc::channel(2);
        let pipeline = tokio::spawn(pipeline.run(asked));
        Ok(Self { ghl, openphone, queue, stops, pipeline, folder })
    }

    /// How every source link begins.
    pub(crate) fn link() -> String {
        format!("{APP_URL}/v2/location/{}/contacts/detail/", GhlLocation::default().id)
    }

    /// True when the pipeline has stopped by itself, which it should not.
    pub(crate) fn is_over(&self) -> bool {
        self.pipeline.is_finished()
    }

    pub(crate) async fn rest(&self) -> anyhow::Result<Rest> {
        let (ghl, openphone) = (self.ghl.report(), self.openphone.report());
        let mut waiting = ghl.webhooks.under_way + openphone.webhooks.under_way;
        for stream in [Stream::Events, Stream::Commands] {
            let depth = self.queue.depth(stream).await.context("looking into the queue")?;
            waiting += depth.waiting + depth.in_flight + depth.delayed;
        }
        Ok(Rest { waiting, requests: ghl.requests + openphone.requests })
    }

    pub(crate) async fn dead_letters(&self) -> anyhow::Result<usize> {
        let dead = self.queue.browse(Stream::Dead, 0, 10_000).await.context("looking for dead letters")?;
        Ok(dead.len())
    }

    /// Stops everything in order and removes the folder.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        if self.stops.send(Stop::Terminate).await.is_err() {
            tracing::debug!("the pipeline is over already: its result is what counts");
        }
        let ended = self.pipeline.await.context("waiting for the pipeline")?;
        tokio::join!(self.ghl.shutdown(), self.openphone.shutdown());
        self.folder.close().context("removing the temporary folder")?;
        ended
    }
}

fn secrets(location: &GhlLocation, workspace: &Workspace) -> Environment {
    let mut secrets = Environment::new();
    secrets.insert("DEMO_GHL_TOKEN".to_owned(), location.token.clone());
    secrets.insert("DEMO_QUO_KEY".to_owned(), workspace.api_key.clone());
    secrets.insert("DEMO_QUO_SECRET".to_owned(), workspace.webhook_secrets.first().cloned().unwrap_or_default());
    secrets
}

fn config_text(ghl: &GhlTwin, openphone: &OpenPhoneTwin, location: &str) -> String {
    let timing = "{ timeout_seconds: 5, connect_timeout_seconds: 2, late_apply_seconds: 2, index_lag_seconds: 1 }";
    let key = ghl.public_key_pem().replace('\n', "\n        ");
    let (ghl, openphone) = (ghl.base_url(), openphone.base_url());
    format!(
        r#"data_dir: ./data
brake: {{ minutes: 0 }}
http: {{ listen: "127.0.0.1:0" }}
shutdown: {{ grace_seconds: 10 }}
providers:
  ghl:
    base_url: {ghl}
    app_url: {APP_URL}
    webhook_public_keys:
      - |
        {key}
    timing: {timing}
  openphone:
    base_url: {openphone}
    timing: {timing}
connections:
  - id: demo
    ghl: {{ location_id: {location}, private_token: "${{DEMO_GHL_TOKEN}}" }}
    openphone: {{ api_key: "${{DEMO_QUO_KEY}}", webhook_secrets: ["${{DEMO_QUO_SECRET}}"] }}
"#
    )
}

/// How often the stage is looked at.
pub(crate) const LOOK_PAUSE: Duration = Duration::from_millis(100);
