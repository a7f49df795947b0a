//! The real program, `tandem up`, as a child process between both twins.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;

use anyhow::Context as _;
use tandem_testkit::{Child, free_address};
use tandem_twins::{GhlConfig, GhlTwin, OpenPhoneConfig, OpenPhoneTwin};
use tempfile::TempDir;

use crate::stack::config_text;
use crate::{Program, environment, quick_ghl, quick_openphone};

/// What differs from the ordinary set-up.
#[derive(Debug, Clone, Default)]
pub struct ProcessOptions {
    /// Changes to the GHL twin.
    pub ghl: Option<GhlConfig>,
    /// Changes to the OpenPhone twin.
    pub openphone: Option<OpenPhoneConfig>,
    /// Environment variables of the program, laid over those of the harness.
    pub environment: Vec<(&'static str, String)>,
    /// The mapping; without it the built-in one.
    pub mapping: Option<&'static str>,
    /// Whether the provider rates of configuration and twins are raised so far that no request ever waits.
    pub is_unthrottled: bool,
}

/// Both twins, and one process that can be killed and started again on the same port and folder.
pub struct Process {
    /// The GHL twin.
    pub ghl: GhlTwin,
    /// The OpenPhone twin.
    pub openphone: OpenPhoneTwin,
    /// The folder that outlives the process.
    pub folder: TempDir,
    /// Where the process listens.
    pub address: SocketAddr,
    /// Environment variables of the next start.
    pub environment: BTreeMap<String, String>,
    program: Program,
}

impl Process {
    /// Starts the twins and prepares the folder; [`Self::up`] starts the process.
    pub async fn prepare(options: ProcessOptions) -> anyhow::Result<Self> {
        let ProcessOptions { ghl, openphone, environment: more, mapping, is_unthrottled } = options;
        let (mut ghl, mut openphone) = (ghl.unwrap_or_else(quick_ghl), openphone.unwrap_or_else(quick_openphone));
        let mut variables = environment();
        if is_unthrottled {
            raise(&mut ghl.rate, "GHL", &mut variables);
            raise(&mut openphone.rate, "OPENPHONE", &mut variables);
        }
        let ghl = GhlTwin::start(ghl).await.context("starting the GHL twin")?;
        let openphone = OpenPhoneTwin::start(openphone).await.context("starting the OpenPhone twin")?;
        let folder = TempDir::new().context("making a folder")?;
        if let Some(mapping) = mapping {
            std::fs::write(folder.path().join("mapping.yaml"), mapping).context("writing the mapping")?;
        }
        let text = config_text(&ghl, &openphone, "", mapping.is_some());
        std::fs::write(folder.path().join("tandem.yaml"), text).context("writing the configuration")?;
        let address = free_address();
        ghl.set_webhook_url(Some(format!("http://{address}/webhooks/ghl")));
        openphone.set_webhook_url(Some(format!("http://{address}/webhooks/openphone/acme")));
        variables.insert("TANDEM_HTTP__LISTEN".to_owned(), address.to_string());
        variables.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let program = Program::new("tandem", &["up"], folder.path().to_owned());
        Ok(Self { ghl, openphone, folder, address, environment: variables, program })
    }

    /// Starts twins and process.
    pub async fn start(options: ProcessOptions) -> anyhow::Result<Self> {
        let mut process = Self::prepare(options).await?;
        process.up();
        Ok(process)
    }

    /// Starts the process and waits until it listens.
    ///
    /// # Panics
    /// When the binary is not built, or doesn't come up.
    pub fn up(&mut self) {
        self.spawn();
        self.program.listens();
    }

    /// Starts the process.
    ///
    /// # Panics
    /// When the binary is not built.
    pub fn spawn(&mut self) {
        self.program.spawn(&self.environment);
    }

    /// Where the database is, unless the environment says otherwise.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The running process.
    ///
    /// # Panics
    /// When it is not running.
    pub fn child(&self) -> &Child {
        self.program.child()
    }

    /// SIGKILL; what it had printed is kept.
    pub fn kill(&mut self) {
        self.program.kill();
    }

    /// SIGTERM, and the exit status.
    ///
    /// # Panics
    /// When it is not running, or doesn't end.
    pub fn stop(&mut self) -> ExitStatus {
        self.program.stop()
    }

    /// A command of `tandem` with this process's configuration, started.
    ///
    /// # Panics
    /// When the binary is not built.
    pub fn command(&self, arguments: &[&str]) -> Program {
        let mut command = Program::new("tandem", arguments, self.folder.path().to_owned());
        command.spawn(&self.environment);
        command
    }

    /// Waits for the process to end by itself.
    ///
    /// # Panics
    /// When it is not running, or doesn't end.
    pub fn wait(&mut self) -> ExitStatus {
        self.program.wait()
    }

    /// Everything that was printed, by processes that ended as well.
    pub fn output(&self) -> Vec<String> {
        self.program.output()
    }

    /// The value of a series in `/metrics`, where it has one.
    pub async fn metric(&self, series: &str) -> Option<f64> {
        crate::http::metric(self.address, series).await
    }
}

/// 400 requests a second are more than one process of two cores ever sends.
fn raise(rate: &mut tandem_twins::Rate, provider: &str, variables: &mut BTreeMap<String, String>) {
    let seconds = rate.per.as_secs().max(1);
    rate.requests = u32::try_from(400 * seconds).unwrap_or(u32::MAX);
    variables.insert(format!("TANDEM_PROVIDERS__{provider}__RATE__REQUESTS"), rate.requests.to_string());
}
