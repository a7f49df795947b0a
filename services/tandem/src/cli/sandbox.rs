//! `tandem sandbox`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use tandem::program;
use tandem::sandbox::{self, Options, Port};
use tandem_service::supervise::stop_signals;
use tandem_telemetry::Format;
use url::Url;

/// Where the GHL twin listens unless told otherwise.
pub(crate) const GHL_PORT: u16 = 4010;
/// Where the OpenPhone twin listens unless told otherwise.
pub(crate) const OPENPHONE_PORT: u16 = 4020;

/// What `tandem sandbox` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Plays the accounts of this configuration, and sends webhooks to its http.listen
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The interface that the twins listen on. They have no sign-in: use another one only in a network of your own
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Port of the GHL twin, 0 takes a free one [default: that of the configuration, else 4010]
    #[arg(long, value_name = "PORT")]
    ghl_port: Option<u16>,
    /// Port of the OpenPhone twin, 0 takes a free one [default: that of the configuration, else 4020]
    #[arg(long, value_name = "PORT")]
    openphone_port: Option<u16>,
    /// Where Tandem takes webhooks, up to `/webhooks`; `/ghl` and `/openphone/CONNECTION` are added
    #[arg(long, value_name = "URL")]
    webhook_url: Option<Url>,
}

/// Runs the twins until a signal.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.as_deref().map(program::load).transpose()?;
    tandem_telemetry::init("warn", Format::Text)?;
    let providers = config.as_ref().map(|config| &config.providers);
    let ghl = arguments.ghl_port.or_else(|| local_port(&providers?.ghl.base_url)).unwrap_or(GHL_PORT);
    let openphone = arguments.openphone_port.or_else(|| local_port(&providers?.openphone.base_url));
    let options = Options {
        bind: arguments.bind,
        ghl: Port::Only(ghl),
        openphone: Port::Only(openphone.unwrap_or(OPENPHONE_PORT)),
        config,
        webhook_url: arguments.webhook_url.clone(),
    };
    program::runtime()?.block_on(async { sandbox::run(options, stop_signals()?).await })?;
    Ok(ExitCode::SUCCESS)
}

/// Where a configuration for the twins expects one.
fn local_port(base_url: &Url) -> Option<u16> {
    let is_here = matches!(base_url.host_str(), Some("127.0.0.1" | "localhost"));
    base_url.port().filter(|_| is_here)
}
