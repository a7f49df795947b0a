#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the report and its progress")]

mod clocks;
mod drain;
mod growth;
mod intake;
mod isolation;
mod latency;
mod machine;
mod memory;
mod quiet;
mod report;
mod requests;
mod samples;
mod scan;
mod system;

use std::process::ExitCode;

use anyhow::Context as _;
use tandem_tests::Shape;

use report::Report;

/// What can be measured, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Intake,
    Latency,
    Requests,
    Drain,
    Isolation,
    Memory,
    Growth,
    Scan,
}

impl Part {
    const ALL: [Self; 8] = [
        Self::Intake,
        Self::Latency,
        Self::Requests,
        Self::Drain,
        Self::Isolation,
        Self::Memory,
        Self::Growth,
        Self::Scan,
    ];

    /// Measured only when it is named: it takes most of an hour.
    fn is_long(self) -> bool {
        matches!(self, Self::Scan)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Latency => "latency",
            Self::Requests => "requests",
            Self::Drain => "drain",
            Self::Isolation => "isolation",
            Self::Memory => "memory",
            Self::Growth => "growth",
            Self::Scan => "scan",
        }
    }
}

/// What is asked for.
#[derive(Debug, Default)]
struct Arguments {
    parts: Vec<Part>,
    shapes: Vec<Shape>,
    is_quick: bool,
    /// Whether a missed target is a failure.
    is_strict: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let Arguments { parts, shapes, is_quick, is_strict } = arguments()?;
    build_program()?;
    println!("{}", machine::description());
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let mut is_all_met = true;
    for part in parts {
        for shape in &shapes {
            eprintln!("measuring {} {} ...", part.name(), shape_argument(*shape));
            let measured = runtime.block_on(measure(part, *shape, is_quick));
            let report = measured.with_context(|| format!("measuring {}", part.name()))?;
            is_all_met &= report.is_met();
            println!("{report}");
        }
    }
    println!("{}\n", machine::load());
    println!("{}", if is_all_met { "Every target is met." } else { "Some targets are missed: see the tables." });
    Ok(if is_all_met || !is_strict { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn shape_argument(shape: Shape) -> &'static str {
    match shape {
        Shape::Embedded => "embedded",
        Shape::Distributed => "distributed",
    }
}

/// Parts and shapes that are asked for; where none is named, all but what takes very long.
fn arguments() -> anyhow::Result<Arguments> {
    let mut asked = Arguments::default();
    let shapes = [Shape::Embedded, Shape::Distributed];
    for argument in std::env::args().skip(1) {
        let part = Part::ALL.into_iter().find(|part| part.name() == argument);
        let shape = shapes.into_iter().find(|shape| shape_argument(*shape) == argument);
        match (part, shape, argument.as_str()) {
            (Some(part), ..) => asked.parts.push(part),
            (_, Some(shape), _) => asked.shapes.push(shape),
            (.., "--quick") => asked.is_quick = true,
            (.., "--strict") => asked.is_strict = true,
            _ => {
                let names = Part::ALL.map(Part::name).join(", ");
                anyhow::bail!("{argument}? Known: --quick, --strict, embedded, distributed, {names}")
            }
        }
    }
    if asked.parts.is_empty() {
        asked.parts = Part::ALL.into_iter().filter(|part| !part.is_long()).collect();
    }
    if asked.shapes.is_empty() {
        asked.shapes = shapes.to_vec();
    }
    Ok(asked)
}

async fn measure(part: Part, shape: Shape, is_quick: bool) -> anyhow::Result<Report> {
    match part {
        Part::Intake => Box::pin(intake::measure(shape, is_quick)).await,
        Part::Latency => Box::pin(latency::measure(shape, is_quick)).await,
        Part::Requests => Box::pin(requests::measure(shape)).await,
        Part::Drain => Box::pin(drain::measure(shape, is_quick)).await,
        Part::Isolation => Box::pin(isolation::measure(shape, is_quick)).await,
        Part::Memory => Box::pin(memory::measure(shape, is_quick)).await,
        Part::Growth => Box::pin(growth::measure(shape, is_quick)).await,
        Part::Scan => Box::pin(scan::measure(shape, is_quick)).await,
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
