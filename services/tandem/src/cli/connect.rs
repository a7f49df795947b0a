//! `tandem connect`.

use std::process::ExitCode;

use tandem::program::{self, RunArguments};

/// What `tandem connect` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The connection's id in the configuration
    connection: String,
    #[command(flatten)]
    run: RunArguments,
}

/// Shows the link and waits for the callback.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = program::load(&arguments.run.config)?;
    tandem::connect::run(&config, &arguments.connection)?;
    Ok(ExitCode::SUCCESS)
}
