//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tandem::Pipeline;
use tandem_service::config::process_environment;
use tandem_service::supervise::stop_signals;
use tandem_service::{Config, ConfigError};

/// Keeps the contacts of GoHighLevel and OpenPhone (Quo) in step.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the whole pipeline in one process, with embedded queue and store
    Up {
        /// The configuration file
        #[arg(long, default_value = "tandem.yaml", env = "TANDEM_CONFIG")]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.command {
        Command::Up { config } => up(&config),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn up(path: &std::path::Path) -> anyhow::Result<()> {
    let config = Config::load(path, &process_environment())?;
    tandem_telemetry::init(&config.telemetry.log, config.telemetry.log_format)?;
    runtime()?.block_on(async {
        let stops = stop_signals()?;
        Pipeline::start(&config).await?.run(stops).await
    })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

#[expect(clippy::print_stderr, reason = "the command line's own voice")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("{error:?}");
    match error.downcast_ref::<ConfigError>() {
        Some(bad) => ExitCode::from(bad.exit_code()),
        None => ExitCode::FAILURE,
    }
}
