//! What every program does around its work: configuration, logs, signals, and how a failure is told.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser as _;
use tandem_mapping::Mapping;
use tandem_service::config::{self, EXIT_BAD_CONFIGURATION, Queue, process_environment};
use tandem_service::supervise::stop_signals;
use tandem_service::{Config, ConfigError};
use tandem_telemetry::{Export, ExportError, Exporting};

use crate::part::Misfit;
use crate::{Part, Pipeline, backends, neighbour};

/// The end of `--help`.
pub const EXIT_CODES: &str = "Exit codes: 0 fine, 1 failed, 2 wrong usage, 64 bad configuration";

/// What the program of a single service takes.
#[derive(Debug, clap::Parser)]
#[command(version, about, after_help = EXIT_CODES)]
struct Arguments {
    #[command(flatten)]
    run: RunArguments,
    /// Asks the process that runs with this configuration whether it is ready, and exits with 0 or 1
    #[arg(long)]
    healthcheck: bool,
}

/// What every program that runs takes.
#[derive(Debug, clap::Args)]
pub struct RunArguments {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "tandem.yaml", env = "TANDEM_CONFIG")]
    pub config: PathBuf,
}

/// The `main` of a single service.
pub fn service(part: Part) -> ExitCode {
    let arguments = Arguments::parse();
    let ended = if arguments.healthcheck { healthcheck(&arguments.run.config) } else { run(&arguments.run, &[part]) };
    ended.unwrap_or_else(|error| fail(&error))
}

/// Runs these parts until a signal.
pub fn run(arguments: &RunArguments, parts: &[Part]) -> anyhow::Result<ExitCode> {
    let config = load(&arguments.config)?;
    tandem_telemetry::init(&config.telemetry.log, config.telemetry.log_format)?;
    let spans = export_spans(&config, parts)?;
    let ended = runtime()?.block_on(async {
        let stops = stop_signals()?;
        Pipeline::start(&config, parts).await?.run(stops).await
    });
    spans.shutdown();
    ended.map(|()| ExitCode::SUCCESS)
}

fn export_spans(config: &Config, parts: &[Part]) -> anyhow::Result<Exporting> {
    let queue = match config.queue {
        Queue::Embedded => "embedded",
        Queue::Nats(_) => "nats",
    };
    let telemetry = &config.telemetry;
    let (endpoint, sample) = (telemetry.otlp_endpoint.clone(), telemetry.sample);
    Ok(tandem_telemetry::export_spans(&Export { service: Part::program(parts), queue, endpoint, sample })?)
}

/// The configuration file, with this process's environment over it.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    Config::load(path, &process_environment())
}

/// Reads a mapping file.
///
/// # Errors
/// It can't be read, or says something that it may not.
pub fn load_mapping(path: &Path) -> Result<Mapping, ConfigError> {
    config::load_mapping(path, &process_environment())
}

/// The runtime of a process.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Tells the error and what caused it, and gives the exit code.
#[expect(clippy::print_stderr, reason = "a program's own voice")]
pub fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  caused by: {cause}");
    }
    if is_configuration(error) { ExitCode::from(EXIT_BAD_CONFIGURATION) } else { ExitCode::FAILURE }
}

/// Whether somebody has to change a setting, here or at a server, before the program can run.
fn is_configuration(error: &anyhow::Error) -> bool {
    let is_ours = |cause: &(dyn std::error::Error + 'static)| {
        let is_address = matches!(cause.downcast_ref(), Some(ExportError::Endpoint(_)));
        is_address || cause.is::<ConfigError>() || cause.is::<Misfit>()
    };
    error.chain().any(is_ours) || backends::is_refusal(error)
}

/// Asks `/ready` of the process next to us.
fn healthcheck(path: &Path) -> anyhow::Result<ExitCode> {
    let answer = neighbour::get(load(path)?.http.listen, "/ready", None)?;
    Ok(if answer.status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
