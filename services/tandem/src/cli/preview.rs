//! `tandem preview`.

use std::process::ExitCode;

use tandem::review::Wish;
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
}

/// Plays it and shows what would be written.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { common, contact, side } = arguments;
    review::run(&common, &Wish::Preview { contact, side })
}
