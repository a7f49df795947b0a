//! `tandem conflicts`.

use std::process::ExitCode;

use clap::Subcommand;
use tandem::review::Wish;
use tandem_contact::{Field, Side};
use tandem_proto::RecordId;

use super::review::{self, Common};

/// What `tandem conflicts` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows fields that both sides changed: both values, which was kept and why
    List(Common),
    /// Gives a field the value that one side had, on both sides
    Decide {
        #[command(flatten)]
        common: Common,
        /// The record
        #[arg(value_parser = review::record)]
        record: RecordId,
        /// The field
        #[arg(value_parser = review::field)]
        field: Field,
        /// Whose value: ghl or openphone
        #[arg(value_parser = review::side)]
        side: Side,
    },
}

/// Lists or decides.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (common, wish) = match arguments.what {
        What::List(common) => (common, Wish::Conflicts),
        What::Decide { common, record, field, side } => (common, Wish::Settle { record, field, side }),
    };
    review::run(&common, &wish)
}
