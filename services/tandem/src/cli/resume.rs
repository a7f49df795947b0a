//! `tandem resume`.

use std::process::ExitCode;

use tandem::program;
use tandem::scan;
use tandem::target::TargetArguments;
use tandem_telemetry::Format;

/// What `tandem resume` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The connection's id in the configuration
    connection: String,
    /// How long nothing stops it again
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    /// Prints the result as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArguments,
}

/// Lets the connection go on.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let target = arguments.target.target()?;
    tandem_telemetry::init("error", Format::Text)?;
    program::runtime()?.block_on(scan::resume(&target, &arguments.connection, arguments.minutes, arguments.json))?;
    Ok(ExitCode::SUCCESS)
}
