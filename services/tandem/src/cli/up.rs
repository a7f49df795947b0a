//! `tandem up`.

use std::path::PathBuf;
use std::process::ExitCode;

use tandem::Pipeline;
use tandem_service::supervise::stop_signals;

/// What `tandem up` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "tandem.yaml", env = "TANDEM_CONFIG")]
    config: PathBuf,
}

/// Runs the pipeline until a signal.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = super::load(&arguments.config)?;
    tandem_telemetry::init(&config.telemetry.log, config.telemetry.log_format)?;
    super::runtime()?.block_on(async {
        let stops = stop_signals()?;
        Pipeline::start(&config).await?.run(stops).await
    })?;
    Ok(ExitCode::SUCCESS)
}
