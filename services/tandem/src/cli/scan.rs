//! `tandem backfill` and `tandem sweep`.

use std::process::ExitCode;

use tandem::program;
use tandem::scan;
use tandem::target::TargetArguments;
use tandem_ingest::ScanKind;
use tandem_telemetry::Format;

/// What both take.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The connection's id in the configuration
    connection: String,
    /// Shows what would be created, updated, left alone and put before people, and writes nothing
    #[arg(long)]
    dry_run: bool,
    /// Prints the result as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArguments,
}

/// Asks for the scan, and shows how it goes until it is over.
pub(crate) fn run(kind: ScanKind, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let target = arguments.target.target()?;
    tandem_telemetry::init("error", Format::Text)?;
    let asked = scan::run(&target, &arguments.connection, kind, (arguments.dry_run, arguments.json));
    Ok(if program::runtime()?.block_on(asked)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
