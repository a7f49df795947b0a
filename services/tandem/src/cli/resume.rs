//! `tandem resume`.

use std::process::ExitCode;

use tandem::program::{self, RunArguments};
use tandem::scan;
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
    run: RunArguments,
}

/// Lets the connection go on.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = program::load(&arguments.run.config)?;
    tandem_telemetry::init("error", Format::Text)?;
    program::runtime()?.block_on(scan::resume(&config, &arguments.connection, arguments.minutes, arguments.json))?;
    Ok(ExitCode::SUCCESS)
}
