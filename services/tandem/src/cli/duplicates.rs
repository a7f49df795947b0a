//! `tandem duplicates`.

use std::process::ExitCode;

use clap::Subcommand;
use tandem::review::Wish;
use tandem_contact::Field;
use tandem_proto::RecordId;

use super::review::{self, Common};

/// What `tandem duplicates` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows records that wait because they may be somebody's second one, and merges that can be taken back
    List(Common),
    /// Makes one of two records; shows first what would change. No contact is deleted
    Merge {
        #[command(flatten)]
        common: Common,
        /// The record that ends
        #[arg(value_parser = review::record)]
        record: RecordId,
        /// The record that goes on; without it the one that the record waits because of
        #[arg(long, value_name = "RECORD", value_parser = review::record)]
        into: Option<RecordId>,
        /// Takes this field's value from the record that ends; may be given several times
        #[arg(long, value_name = "FIELD", value_parser = review::field)]
        take: Vec<Field>,
        /// Does it
        #[arg(long)]
        yes: bool,
    },
    /// Says that a record is somebody else, so that it no longer waits
    Apart {
        #[command(flatten)]
        common: Common,
        /// The record that waits
        #[arg(value_parser = review::record)]
        record: RecordId,
        /// Whom it is not; without it the one that it waits because of
        #[arg(long, value_name = "RECORD", value_parser = review::record)]
        from: Option<RecordId>,
    },
    /// Takes a merge of the last 30 days back
    Undo {
        #[command(flatten)]
        common: Common,
        /// The record that ended
        #[arg(value_parser = review::record)]
        record: RecordId,
    },
}

/// Lists or decides.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (common, wish) = match arguments.what {
        What::List(common) => (common, Wish::Duplicates),
        What::Merge { common, record, into, take, yes } => {
            (common, Wish::Merge { record, into, take: take.into_iter().collect(), is_dry: !yes })
        }
        What::Apart { common, record, from } => (common, Wish::Apart { record, from }),
        What::Undo { common, record } => (common, Wish::Unmerge { record }),
    };
    review::run(&common, &wish)
}
