//! `tandem records`.

use std::process::ExitCode;

use clap::Subcommand;
use tandem::review::Wish;

use super::review::{self, Common};

/// What `tandem records` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows where a record stands and why, field by field, and everything that happened to it
    Show {
        #[command(flatten)]
        common: Common,
        /// The record's id, a contact's, task's or note's id in GHL or OpenPhone, a phone number, or an email address
        id: String,
    },
}

/// Shows it.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let What::Show { common, id } = arguments.what;
    review::run(&common, &Wish::Record(id))
}
