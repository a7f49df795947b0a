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

use report::Report;

/// What can be measured, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Intake,
    Latency,
    Requests,
    Drain,
    Memory,
}

impl Part {
    const ALL: [Self; 5] = [Self::Intake, Self::Latency, Self::Requests, Self::Drain, Self::Memory];

    fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Latency => "latency",
            Self::Requests => "requests",
            Self::Drain => "drain",
            Self::Memory => "memory",
        }
    }
}

fn main() -> anyhow::Result<()> {
    let (parts, is_quick) = arguments()?;
    build_program()?;
    println!("{}", machine::description());
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let mut is_all_met = true;
    for part in parts {
        eprintln!("measuring {} ...", part.name());
        let measured = runtime.block_on(measure(part, is_quick));
        let report = measured.with_context(|| format!("measuring {}", part.name()))?;
        is_all_met &= report.is_met();
        println!("{report}");
    }
    println!("{}", if is_all_met { "Every target is met." } else { "Some targets are missed: see the tables." });
    Ok(())
}

/// The parts that are asked for, all if none is named, and whether it is to be quick.
fn arguments() -> anyhow::Result<(Vec<Part>, bool)> {
    let (mut parts, mut is_quick) = (Vec::new(), false);
    for argument in std::env::args().skip(1) {
        let named = Part::ALL.into_iter().find(|part| part.name() == argument);
        match named {
            Some(part) => parts.push(part),
            None if argument == "--quick" => is_quick = true,
            None => anyhow::bail!("{argument}? Known: --quick, intake, latency, requests, drain, memory"),
        }
    }
    Ok((if parts.is_empty() { Part::ALL.to_vec() } else { parts }, is_quick))
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
