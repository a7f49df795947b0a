//! The command line: what was asked for, and the exit code.

mod cli;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tandem::program::{self, RunArguments};
use tandem_ingest::ScanKind;

/// Keeps the contacts of GoHighLevel and OpenPhone (Quo) in step.
#[derive(Debug, Parser)]
#[command(version, about, after_help = program::EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the whole pipeline in one process
    Up(RunArguments),
    /// Tests configuration, clock, credentials, scopes, every operation that is used, and webhooks; says how to fix what fails
    Check(cli::check::Arguments),
    /// Connects a GHL location by OAuth: shows the link and waits until it was used
    Connect(cli::connect::Arguments),
    /// Imports everybody who is there already, from both sides
    Backfill(cli::scan::Arguments),
    /// Compares everybody of both sides now, and mends what no webhook told
    Sweep(cli::scan::Arguments),
    /// Lets a connection go on that was stopped because too many records would have been deleted or overwritten
    Resume(cli::resume::Arguments),
    /// Shows records that may be one person's, makes one of them or keeps them apart
    Duplicates(cli::duplicates::Arguments),
    /// Shows fields that both sides changed, and decides them otherwise
    Conflicts(cli::conflicts::Arguments),
    /// Tries a mapping file out, lets it hold without a restart, shows its versions and goes back to one
    Mapping(cli::mapping::Arguments),
    /// Lists what a mapping's rules can be started by, and what they can do
    Catalog(cli::catalog::Arguments),
    /// Shows the segments of a mapping, and who is in them
    Segments(cli::segments::Arguments),
    /// Shows what would be written about a contact, and why; writes nothing
    Preview(cli::preview::Arguments),
    /// Explains a record: where it stands and why, and everything that happened to it
    Records(cli::records::Arguments),
    /// Shows messages that were set aside, sends them round again or gives them up
    Dead(cli::dead::Arguments),
    /// Shows everything on this machine with invented people; no account needed
    Demo(cli::demo::Arguments),
    /// Runs the stand-ins for both providers alone
    Sandbox(cli::sandbox::Arguments),
}

fn main() -> ExitCode {
    // Wrong usage is told by the parser, with exit code 2.
    let ended = match Arguments::parse().command {
        Command::Up(arguments) => cli::up::run(&arguments),
        Command::Check(arguments) => cli::check::run(&arguments),
        Command::Connect(arguments) => cli::connect::run(&arguments),
        Command::Backfill(arguments) => cli::scan::run(ScanKind::Backfill, &arguments),
        Command::Sweep(arguments) => cli::scan::run(ScanKind::Sweep, &arguments),
        Command::Resume(arguments) => cli::resume::run(&arguments),
        Command::Duplicates(arguments) => cli::duplicates::run(arguments),
        Command::Conflicts(arguments) => cli::conflicts::run(arguments),
        Command::Mapping(arguments) => cli::mapping::run(arguments),
        Command::Catalog(arguments) => cli::catalog::run(&arguments),
        Command::Segments(arguments) => cli::segments::run(arguments),
        Command::Preview(arguments) => cli::preview::run(arguments),
        Command::Records(arguments) => cli::records::run(arguments),
        Command::Dead(arguments) => cli::dead::run(arguments),
        Command::Demo(arguments) => cli::demo::run(&arguments),
        Command::Sandbox(arguments) => cli::sandbox::run(&arguments),
    };
    ended.unwrap_or_else(|error| program::fail(&error))
}
