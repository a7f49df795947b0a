//! The project's own chores: `cargo xtask test`, `servers`, `chaos`, `compose`, `docs`, `tools`.
//! No dependencies, so that it builds in a second.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

mod chaos;
mod compose;
mod docs;
mod schemathesis;
mod servers;
mod tally;
mod tests;
mod tools;
mod wheel;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask CHORE

  test [ARGS]   fetch the servers and schemathesis, build the binaries, then run every test and every documentation example;
                ARGS go to both runs of `cargo test`, for example a part of a test's name
  servers       fetch the nats-server and redis-server that tests start into target/servers, unless recent ones
                are on PATH; prints the folders of the binaries
  chaos --minutes N [--seed N]
                kill, pause and restart services and servers for so long, and see that nothing is lost or doubled
  compose       build the images and drive the compose stack's demo end to end, where a Docker engine answers
  docs          write the tables of docs/providers.md anew from the tables of the code
  tools         fetch the prebuilt tools that .ci/run needs into target/tools;
                prints the folder to put on PATH";

/// Why a chore failed, for people.
type Failure = String;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((chore, rest)) if chore == "test" => tests::run(rest),
        Some((chore, [])) if chore == "servers" => servers::fetch().map(|folders| {
            for folder in folders {
                println!("{}", folder.display());
            }
            true
        }),
        Some((chore, rest)) if chore == "chaos" => chaos::run(rest),
        Some((chore, [])) if chore == "compose" => compose::run(),
        Some((chore, [])) if chore == "docs" => docs::write(),
        Some((chore, [])) if chore == "tools" => tools::fetch().map(|folder| {
            println!("{}", folder.display());
            true
        }),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        // Said already, on the report's closing line.
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The cargo that runs us, in the workspace's folder.
fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}
