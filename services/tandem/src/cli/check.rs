//! `tandem check`.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;
use tandem::check::{self, Report, Scope};
use tandem::program::{self, RunArguments};
use tandem_proto::ConnectionId;
use tandem_service::Config;
use tandem_service::supervise::stop_signals;
use tandem_telemetry::Format;
use tokio_util::sync::CancellationToken;

/// What `tandem check` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    run: RunArguments,
    /// Checks this connection only
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    /// Tries writes too, on a test contact that is created on both sides, changed, and removed
    #[arg(long)]
    write: bool,
    /// Prints the result as one JSON object
    #[arg(long)]
    json: bool,
    /// The log filter, for looking behind the scenes
    #[arg(long, value_name = "FILTER", default_value = "off", value_parser = super::log_filter)]
    log: String,
}

/// On a terminal.
const COLUMNS: usize = 120;
/// Wrong usage that the parser can't see.
const EXIT_WRONG_USAGE: u8 = 2;

/// Runs the checks and prints what they found.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    tandem_telemetry::init(&arguments.log, Format::Text)?;
    let config = match program::load(&arguments.run.config) {
        Ok(config) => config,
        Err(error) => {
            if arguments.json {
                print(&check::refused(&error), true)?;
            }
            return Err(error.into());
        }
    };
    let connection = match &arguments.connection {
        Some(name) => match known(&config, name) {
            Some(connection) => Some(connection),
            None => return Ok(unknown(&config, name)),
        },
        None => None,
    };
    let scope = Scope { connection, write: arguments.write };
    let report = program::runtime()?.block_on(checked(&config, arguments, &scope))?;
    print(&report, arguments.json)?;
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A first signal ends the checks early, and what they made is removed.
async fn checked(config: &Config, arguments: &Arguments, scope: &Scope) -> anyhow::Result<Report> {
    let (mut stops, stop) = (stop_signals()?, CancellationToken::new());
    let asked = stop.clone();
    let _waiting = tokio::spawn(async move {
        while stops.recv().await.is_some() {
            asked.cancel();
        }
    });
    let bar = spinner(config.connections.len());
    let report = Box::pin(check::run(config, &arguments.run.config, scope, stop)).await;
    bar.finish_and_clear();
    report
}

/// Shown on a terminal only.
fn spinner(connections: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.set_message(format!("checking {connections} connections, up to a minute ..."));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string(report)?)?;
    } else {
        let columns = out.is_terminal().then_some(COLUMNS);
        write!(out, "{}", check::table(report, columns))?;
    }
    Ok(())
}

fn known(config: &Config, name: &str) -> Option<ConnectionId> {
    config.connections.iter().map(|connection| &connection.id).find(|id| id.as_str() == name).cloned()
}

#[expect(clippy::print_stderr, reason = "a program's own voice")]
fn unknown(config: &Config, name: &str) -> ExitCode {
    let known: Vec<&str> = config.connections.iter().map(|connection| connection.id.as_str()).collect();
    eprintln!("error: there is no connection {name} in the configuration; known: {}", known.join(", "));
    ExitCode::from(EXIT_WRONG_USAGE)
}
