//! What the commands share: the runtime, configuration, and how a failure is told.

pub(crate) mod demo;
pub(crate) mod sandbox;
pub(crate) mod up;

use std::path::Path;
use std::process::ExitCode;

use tandem_service::config::process_environment;
use tandem_service::{Config, ConfigError};

/// The end of `--help`.
pub(crate) const EXIT_CODES: &str = "Exit codes: 0 fine, 1 failed, 2 wrong usage, 64 bad configuration";

fn load(path: &Path) -> Result<Config, ConfigError> {
    Config::load(path, &process_environment())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// A log filter, for the parser.
fn log_filter(text: &str) -> Result<String, tandem_telemetry::InvalidFilter> {
    tandem_telemetry::check_filter(text).map(|()| text.to_owned())
}

/// Tells the error and what caused it, and gives the exit code.
#[expect(clippy::print_stderr, reason = "the command line's own voice")]
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  caused by: {cause}");
    }
    match error.downcast_ref::<ConfigError>() {
        Some(bad) => ExitCode::from(bad.exit_code()),
        None => ExitCode::FAILURE,
    }
}
