//! `tandem connect`.

use std::process::ExitCode;

use tandem::connect::Voice;
use tandem::program::{self, RunArguments};

/// What `tandem connect` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The connection's id in the configuration
    connection: String,
    /// Prints one JSON object with the link, and another one when it was used
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    run: RunArguments,
}

/// Shows the link and waits for the callback.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = program::load(&arguments.run.config)?;
    let voice = if arguments.json { Voice::Json } else { Voice::Words };
    tandem::connect::run(&config, &arguments.connection, voice)?;
    Ok(ExitCode::SUCCESS)
}
