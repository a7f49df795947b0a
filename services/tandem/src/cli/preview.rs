//! `tandem preview`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use tandem::review::{Draft, Wish};
use tandem_contact::Side;

use super::review::{self, Common};

/// What `tandem preview` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// The contact's id in GHL or OpenPhone
    #[arg(long, value_name = "ID")]
    contact: String,
    /// Where that is: ghl or openphone
    #[arg(long, value_parser = review::side)]
    side: Option<Side>,
    /// By this mapping file, instead of the mapping that holds
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

/// Plays it and shows what would be written.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { common, contact, side, mapping } = arguments;
    let draft = |file: PathBuf| -> anyhow::Result<Draft> {
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        Ok(Draft { text, origin: file.display().to_string() })
    };
    let by = mapping.map(draft).transpose()?;
    review::run(&common, &Wish::Preview { contact, side, by })
}
