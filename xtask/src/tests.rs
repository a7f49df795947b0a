//! `cargo xtask test`: everything a newcomer needs to see the tests run, and one plain line at the end.

use std::io::{BufRead, BufReader};
use std::num::NonZero;
use std::process::{Command, Stdio};
use std::{env, thread};

use crate::tally::Tally;
use crate::{Failure, cargo, root, schemathesis, servers};

/// Benchmarks are left out: they measure, they don't test.
const TARGETS: [&str; 4] = ["--lib", "--bins", "--tests", "--examples"];

/// True if at least one test ran and all went well.
pub(crate) fn run(arguments: &[String]) -> Result<bool, Failure> {
    // Tests start all of these and the binaries as child processes.
    servers::fetch()?;
    schemathesis::fetch()?;
    step("building the binaries", cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let mut tally = Tally::default();
    let tests = counted(test().args(TARGETS).args(arguments), &mut tally)?;
    let examples = counted(test().arg("--doc").args(arguments), &mut tally)?;
    Ok(report(&tally, tests && examples))
}

fn test() -> Command {
    let mut command = cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    if env::var_os("RUST_TEST_THREADS").is_none() {
        // Most of the time tests wait: for child processes, and for what a provider takes.
        let cores = thread::available_parallelism().map_or(2, NonZero::get);
        command.env("RUST_TEST_THREADS", (2 * cores).to_string());
    }
    command
}

fn step(what: &str, command: &mut Command) -> Result<(), Failure> {
    println!("{what}");
    let status = command.status().map_err(|problem| format!("{what}: starting {command:?}: {problem}"))?;
    if status.success() { Ok(()) } else { Err(format!("{what} failed")) }
}

/// Passes the output on while counting; true if the command says that all went well.
fn counted(command: &mut Command, tally: &mut Tally) -> Result<bool, Failure> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|problem| format!("starting cargo: {problem}"))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.map_err(|problem| format!("reading the tests' output: {problem}"))?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.take(&line);
        }
    }
    let status = child.wait().map_err(|problem| format!("waiting for the tests: {problem}"))?;
    Ok(status.success())
}

/// Says how it went; the plain line with both numbers comes last.
fn report(tally: &Tally, all_well: bool) -> bool {
    println!();
    // Once more: of a long run people, and those who keep its output, see the end.
    print!("{}", tally.told());
    if !vendor_is_there() {
        println!("not run: tests against the providers' published material (set TANDEM_VENDOR_DIR to its folder)");
    }
    if !npm_is_there() {
        println!("not run: GHL's published client against the GHL twin (npm and node are not installed)");
    }
    if !all_well && tally.failed == 0 {
        println!("a test did not build, or its process ended without a result: see above");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    all_well && tally.failed == 0 && tally.passed > 0
}

/// The client comes from npm.
fn npm_is_there() -> bool {
    let answers = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).status();
    ["npm", "node"].into_iter().all(|program| answers(program).is_ok_and(|status| status.success()))
}

/// Where the tests themselves look, see `tandem_testkit::vendor_dir`.
fn vendor_is_there() -> bool {
    let given = env::var_os("TANDEM_VENDOR_DIR").map(std::path::PathBuf::from);
    given.unwrap_or_else(|| root().join("../shared/vendor")).is_dir()
}
