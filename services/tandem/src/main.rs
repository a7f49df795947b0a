//! The command line: what was asked for, and the exit code.

mod cli;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tandem::program::{self, RunArguments};

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
        Command::Demo(arguments) => cli::demo::run(&arguments),
        Command::Sandbox(arguments) => cli::sandbox::run(&arguments),
    };
    ended.unwrap_or_else(|error| program::fail(&error))
}
