//! `tandem segments`.

use std::process::ExitCode;

use clap::Subcommand;
use tandem::review::Wish;

use super::review::{self, Common};

/// What `tandem segments` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows the segments of a connection's mapping, and how many people are in each
    List(Common),
    /// Shows who is in a segment
    Members {
        #[command(flatten)]
        common: Common,
        /// The segment's name, as in the mapping
        segment: String,
    },
}

/// Lists them.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (common, wish) = match arguments.what {
        What::List(common) => (common, Wish::Segments),
        What::Members { common, segment } => (common, Wish::Members(segment)),
    };
    review::run(&common, &wish)
}
