//! `tandem demo`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use tandem::demo::{self, Options};
use tandem::program;
use tandem::sandbox::Port;
use tandem_service::supervise::stop_signals;
use tandem_telemetry::Format;

use super::sandbox::{GHL_PORT, OPENPHONE_PORT};

/// What `tandem demo` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Ends after checking what arrived, with exit code 1 if anything is wrong
    #[arg(long)]
    once: bool,
    /// Prints the result as one JSON object
    #[arg(long, requires = "once")]
    json: bool,
    /// How many contacts there are
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..=2000))]
    contacts: u16,
    /// Makes other invented people
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Port of the GHL twin [default: 4010, or a free one]
    #[arg(long, value_name = "PORT")]
    ghl_port: Option<u16>,
    /// Port of the OpenPhone twin [default: 4020, or a free one]
    #[arg(long, value_name = "PORT")]
    openphone_port: Option<u16>,
    /// The log filter, for looking behind the scenes
    #[arg(long, value_name = "FILTER", default_value = "warn", value_parser = super::log_filter)]
    log: String,
}

/// Runs the demo.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    tandem_telemetry::init(&arguments.log, Format::Text)?;
    let port = |given: Option<u16>, usual| given.map_or(Port::Preferably(usual), Port::Only);
    let options = Options {
        once: arguments.once,
        json: arguments.json,
        contacts: usize::from(arguments.contacts),
        seed: arguments.seed,
        ghl: port(arguments.ghl_port, GHL_PORT),
        openphone: port(arguments.openphone_port, OPENPHONE_PORT),
    };
    let summary = program::runtime()?.block_on(async { demo::run(options, stop_signals()?).await })?;
    let Some(summary) = summary else { return Ok(ExitCode::SUCCESS) };
    if arguments.json {
        writeln!(io::stdout(), "{}", serde_json::to_string(&summary)?)?;
    }
    Ok(if summary.ok || !arguments.once { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
