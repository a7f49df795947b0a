//! `tandem mapping`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;
use tandem::program;
use tandem::review::{MappingReply, MappingWish, Reply, Wish};
use tandem_mapping::Example;
use tandem_service::config::mapping_schema;

use super::review::{self, Common};

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
    /// Prints the JSON Schema of mapping files, for editors
    Schema,
    /// Lets a mapping hold from now on, without a restart; one that can't be used, or whose examples fail, is refused whole
    Set {
        #[command(flatten)]
        common: Common,
        /// The file
        file: PathBuf,
    },
    /// Shows the versions of a connection's mapping
    History(Common),
    /// Prints a version
    Show {
        #[command(flatten)]
        common: Common,
        /// Its number; without it the one that holds
        version: Option<u32>,
    },
    /// Shows what is different between two versions
    Diff {
        #[command(flatten)]
        common: Common,
        /// The earlier one
        from: u32,
        /// The later one; without it the one that holds
        to: Option<u32>,
    },
    /// Lets a version that was made before hold again
    Use {
        #[command(flatten)]
        common: Common,
        /// Its number
        version: u32,
    },
}

/// Does it; the exit code of `test` tells whether all examples hold.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (common, wish) = match arguments.what {
        What::Test { file, json } => return test(&file, json),
        What::Schema => {
            writeln!(std::io::stdout(), "{:#}", mapping_schema())?;
            return Ok(ExitCode::SUCCESS);
        }
        What::Diff { common, from, to } => return diff(&common, (from, to)),
        What::Set { common, file } => {
            let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            (common, MappingWish::Set { text, origin: file.display().to_string() })
        }
        What::History(common) => (common, MappingWish::History),
        What::Show { common, version } => (common, MappingWish::Show(version)),
        What::Use { common, version } => (common, MappingWish::Use(version)),
    };
    review::run(&common, &Wish::Mapping(wish))
}

fn test(file: &PathBuf, json: bool) -> anyhow::Result<ExitCode> {
    let mapping = program::load_mapping(file)?;
    let outcome = |example: &Example| (example.name.clone(), example.run(&mapping));
    let outcomes: Vec<(String, Vec<String>)> = mapping.examples.iter().map(outcome).collect();
    let failed = outcomes.iter().filter(|(_, differences)| !differences.is_empty()).count();
    let mut out = std::io::stdout();
    if json {
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

/// Lines that went and lines that came, with some around them.
fn diff(common: &Common, (from, to): (u32, Option<u32>)) -> anyhow::Result<ExitCode> {
    let text = |number: Option<u32>| -> anyhow::Result<(u32, String)> {
        let reply = review::ask(common, &Wish::Mapping(MappingWish::Show(number)))?;
        let Reply::Mapping(MappingReply::Shown(shown)) = reply else {
            anyhow::bail!("another answer came than was asked for");
        };
        Ok((shown.version.number, shown.text))
    };
    let ((from, before), (to, after)) = (text(Some(from))?, text(to)?);
    let diff = similar::TextDiff::from_lines(&before, &after);
    let names = (format!("version {from}"), format!("version {to}"));
    let shown = diff.unified_diff().context_radius(3).header(&names.0, &names.1).to_string();
    let mut out = std::io::stdout();
    if common.is_json() {
        writeln!(out, "{}", json!({ "from": from, "to": to, "diff": shown }))?;
    } else if shown.is_empty() {
        writeln!(out, "Versions {from} and {to} say the same.")?;
    } else {
        write!(out, "{shown}")?;
    }
    Ok(ExitCode::SUCCESS)
}
