//! `tandem sandbox`.

use std::path::PathBuf;
use std::process::ExitCode;

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
    /// Port of the GHL twin; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = GHL_PORT)]
    ghl_port: u16,
    /// Port of the OpenPhone twin; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = OPENPHONE_PORT)]
    openphone_port: u16,
    /// Where Tandem takes webhooks, up to `/webhooks`; `/ghl` and `/openphone/CONNECTION` are added
    #[arg(long, value_name = "URL")]
    webhook_url: Option<Url>,
}

/// Runs the twins until a signal.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.as_deref().map(super::load).transpose()?;
    tandem_telemetry::init("warn", Format::Text)?;
    let options = Options {
        config,
        ghl: Port::Only(arguments.ghl_port),
        openphone: Port::Only(arguments.openphone_port),
        webhook_url: arguments.webhook_url.clone(),
    };
    super::runtime()?.block_on(async { sandbox::run(options, stop_signals()?).await })?;
    Ok(ExitCode::SUCCESS)
}
