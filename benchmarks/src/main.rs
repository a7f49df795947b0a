#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the report and its progress")]

mod drain;
mod intake;
mod latency;
mod machine;
mod memory;
mod quiet;
mod report;
mod requests;
mod samples;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};

use report::Report;

/// Measures what the design promises.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; everything if not given
    parts: Vec<Part>,
    /// Fewer samples and records
    #[arg(long)]
    quick: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Intake,
    Latency,
    Requests,
    Drain,
    Memory,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let parts = if arguments.parts.is_empty() { Part::value_variants().to_vec() } else { arguments.parts };
    build_program()?;
    println!("{}", machine::description());
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let mut is_all_met = true;
    for part in parts {
        eprintln!("measuring {part:?} ...");
        let report = runtime.block_on(measure(part, arguments.quick)).with_context(|| format!("measuring {part:?}"))?;
        is_all_met &= report.is_met();
        println!("{report}");
    }
    println!("{}", if is_all_met { "Every target is met." } else { "Some targets are missed: see the tables." });
    Ok(())
}

async fn measure(part: Part, is_quick: bool) -> anyhow::Result<Report> {
    match part {
        Part::Intake => Box::pin(intake::measure(is_quick)).await,
        Part::Latency => Box::pin(latency::measure(is_quick)).await,
        Part::Requests => Box::pin(requests::measure()).await,
        Part::Drain => Box::pin(drain::measure()).await,
        Part::Memory => Box::pin(memory::measure(is_quick)).await,
    }
}

/// The program itself is measured as a process, so it has to be there, and not from yesterday.
fn build_program() -> anyhow::Result<()> {
    let Some(cargo) = std::env::var_os("CARGO") else { return Ok(()) };
    let mut build = std::process::Command::new(cargo);
    build.args(["build", "--quiet", "--package", "tandem"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let status = build.status().context("building tandem")?;
    anyhow::ensure!(status.success(), "building tandem failed");
    Ok(())
}
