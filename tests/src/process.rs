//! The real program, `tandem up`, as a child process between both twins.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tandem_testkit::Child;
use tandem_twins::{GhlConfig, GhlTwin, OpenPhoneConfig, OpenPhoneTwin};
use tempfile::TempDir;

use crate::stack::config_text;
use crate::{environment, quick_ghl, quick_openphone};

const LIMIT: Duration = Duration::from_mins(1);

/// What differs from the ordinary set-up.
#[derive(Debug, Clone, Default)]
pub struct ProcessOptions {
    /// Changes to the GHL twin.
    pub ghl: Option<GhlConfig>,
    /// Changes to the OpenPhone twin.
    pub openphone: Option<OpenPhoneConfig>,
    /// Environment variables of the program, laid over those of the harness.
    pub environment: Vec<(&'static str, String)>,
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
    running: Option<Child>,
    /// What processes that ended had printed.
    printed: Vec<String>,
}

impl Process {
    /// Starts the twins and prepares the folder; [`Self::up`] starts the process.
    pub async fn prepare(options: ProcessOptions) -> anyhow::Result<Self> {
        let ProcessOptions { ghl, openphone, environment: more, is_unthrottled } = options;
        let (mut ghl, mut openphone) = (ghl.unwrap_or_else(quick_ghl), openphone.unwrap_or_else(quick_openphone));
        let mut variables = environment();
        if is_unthrottled {
            raise(&mut ghl.rate, "GHL", &mut variables);
            raise(&mut openphone.rate, "OPENPHONE", &mut variables);
        }
        let ghl = GhlTwin::start(ghl).await.context("starting the GHL twin")?;
        let openphone = OpenPhoneTwin::start(openphone).await.context("starting the OpenPhone twin")?;
        let folder = TempDir::new().context("making a folder")?;
        let text = config_text(&ghl, &openphone, "", false);
        std::fs::write(folder.path().join("tandem.yaml"), text).context("writing the configuration")?;
        let address = steady_address()?;
        ghl.set_webhook_url(Some(format!("http://{address}/webhooks/ghl")));
        openphone.set_webhook_url(Some(format!("http://{address}/webhooks/openphone/acme")));
        variables.insert("TANDEM_HTTP__LISTEN".to_owned(), address.to_string());
        variables.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(Self { ghl, openphone, folder, address, environment: variables, running: None, printed: Vec::new() })
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
        self.child().wait_for_line("the address it listens on", LIMIT, |line| line.contains("listening on http://"));
    }

    /// Starts the process.
    ///
    /// # Panics
    /// When the binary is not built.
    pub fn spawn(&mut self) {
        self.kill();
        let mut command = Command::new(tandem_testkit::binary("tandem"));
        command.arg("up").current_dir(self.folder.path()).env_clear().envs(&self.environment);
        self.running = Some(Child::spawn(&mut command));
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
        let Some(child) = &self.running else { panic!("the process is not running") };
        child
    }

    /// SIGKILL; what it had printed is kept.
    pub fn kill(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        child.kill();
        self.printed.extend(child.lines());
    }

    /// SIGTERM, and the exit status.
    ///
    /// # Panics
    /// When it is not running, or doesn't end.
    pub fn stop(&mut self) -> ExitStatus {
        self.child().terminate();
        self.wait()
    }

    /// Waits for the process to end by itself.
    ///
    /// # Panics
    /// When it is not running, or doesn't end.
    pub fn wait(&mut self) -> ExitStatus {
        let Some(mut child) = self.running.take() else { panic!("the process is not running") };
        let status = child.wait(LIMIT);
        // The readers of its output may be a moment behind.
        let mut lines = child.lines();
        let until = Instant::now() + Duration::from_secs(1);
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
            let more = child.lines();
            if more.len() == lines.len() {
                break;
            }
            lines = more;
        }
        self.printed.extend(lines);
        status
    }

    /// Everything that was printed, by processes that ended as well.
    pub fn output(&self) -> Vec<String> {
        let now = self.running.as_ref().map(Child::lines).unwrap_or_default();
        self.printed.iter().cloned().chain(now).collect()
    }

    /// The value of a series in `/metrics`, where it has one.
    pub async fn metric(&self, series: &str) -> Option<f64> {
        let reply = crate::http::send(self.address, "GET /metrics", &[], b"").await.ok()?;
        let line = reply.body.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        line.parse().ok()
    }
}

/// 400 requests a second are more than one process of two cores ever sends.
fn raise(rate: &mut tandem_twins::Rate, provider: &str, variables: &mut BTreeMap<String, String>) {
    let seconds = rate.per.as_secs().max(1);
    rate.requests = u32::try_from(400 * seconds).unwrap_or(u32::MAX);
    variables.insert(format!("TANDEM_PROVIDERS__{provider}__RATE__REQUESTS"), rate.requests.to_string());
}

/// A port below those that the system gives to outgoing connections: while the process is down, a sender that keeps
/// trying could otherwise be given that very port, connect to itself, and keep the process from coming up.
fn steady_address() -> anyhow::Result<SocketAddr> {
    // Tests of one process, which run side by side, must not look at the same one.
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 8_000).unwrap_or_default();
    let free = (0..4_000).find_map(|_| {
        let port = first + TAKEN.fetch_add(1, Ordering::Relaxed) % 4_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpListener::bind(address).ok().map(|_| address)
    });
    free.context("no port is free between 20000 and 32000")
}
