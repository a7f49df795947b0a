//! `tandem mapping`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use tandem::program;
use tandem_mapping::Example;

/// What `tandem mapping` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Reads a mapping file, and runs the examples that it carries
    Test {
        /// The file
        file: PathBuf,
        /// Prints the result as one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Runs the examples; the exit code tells whether all hold.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let What::Test { file, json } = &arguments.what;
    let mapping = program::load_mapping(file)?;
    let outcome = |example: &Example| (example.name.clone(), example.run(&mapping));
    let outcomes: Vec<(String, Vec<String>)> = mapping.examples.iter().map(outcome).collect();
    let failed = outcomes.iter().filter(|(_, differences)| !differences.is_empty()).count();
    let mut out = std::io::stdout();
    if *json {
        let examples: Vec<_> = outcomes
            .iter()
            .map(
                |(name, differences)| json!({ "name": name, "ok": differences.is_empty(), "differences": differences }),
            )
            .collect();
        writeln!(out, "{}", json!({ "file": file, "ok": failed == 0, "examples": examples }))?;
    } else {
        for (name, differences) in &outcomes {
            let word = if differences.is_empty() { "ok  " } else { "FAIL" };
            writeln!(out, "{word}  {name}")?;
            for difference in differences {
                writeln!(out, "      {difference}")?;
            }
        }
        let count = outcomes.len();
        writeln!(out, "{}: the mapping can be read; {} of {count} examples hold", file.display(), count - failed)?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
