//! `tandem dead`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use tandem::program;
use tandem::review::{self, DeadFilter, DeadWish};
use tandem::target::TargetArguments;
use tandem_telemetry::Format;

/// What `tandem dead` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Prints the result as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArguments,
}

#[derive(Debug, clap::Args)]
struct Filter {
    /// Of this connection
    #[arg(long, value_name = "CONNECTION")]
    connection: Option<String>,
    /// Set aside by this stage: mapper or writer
    #[arg(long, value_name = "STAGE", value_parser = ["mapper", "writer"])]
    stage: Option<String>,
    /// Set aside for this reason, as the list shows it
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The messages' numbers
    #[arg(value_name = "N")]
    numbers: Vec<u64>,
    #[command(flatten)]
    filter: Filter,
    /// All of them
    #[arg(long)]
    all: bool,
    /// Does it; without this it is only shown
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows messages that were set aside, and why
    List {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        common: Common,
    },
    /// Shows one whole
    Show {
        /// Its number
        #[arg(value_name = "N")]
        number: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Sends messages round again, behind everything live; shows first which
    Redrive {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        common: Common,
    },
    /// Gives messages up for good; shows first which
    Drop {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        common: Common,
    },
    /// Replaces the body of an event, which then has another number
    Edit {
        /// Its number
        #[arg(value_name = "N")]
        number: u64,
        /// A file with the new body, as JSON
        #[arg(long, value_name = "FILE")]
        body: PathBuf,
        #[command(flatten)]
        common: Common,
    },
}

impl Filter {
    fn filter(self) -> DeadFilter {
        let Self { connection, stage, code } = self;
        DeadFilter { numbers: Vec::new(), connection, stage, code }
    }
}

impl Which {
    /// Nobody sends everything round by leaving something out.
    fn wish(self) -> anyhow::Result<(DeadFilter, bool)> {
        let Self { numbers, filter, all, yes } = self;
        let filter = DeadFilter { numbers, ..filter.filter() };
        anyhow::ensure!(
            all || !filter.is_any(),
            "which ones? Name their numbers, or say --connection, --stage, --code or --all"
        );
        Ok((filter, !yes))
    }
}

/// Lists, shows or disposes.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (common, wish) = match arguments.what {
        What::List { filter, common } => (common, DeadWish::List(filter.filter())),
        What::Show { number, common } => (common, DeadWish::Show(number)),
        What::Redrive { which, common } => {
            let (which, is_dry) = which.wish()?;
            (common, DeadWish::Redrive { which, is_dry })
        }
        What::Drop { which, common } => {
            let (which, is_dry) = which.wish()?;
            (common, DeadWish::Drop { which, is_dry })
        }
        What::Edit { number, body, common } => {
            let text = std::fs::read_to_string(&body).with_context(|| format!("reading {}", body.display()))?;
            let json = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", body.display()))?;
            (common, DeadWish::Edit { number, body: json })
        }
    };
    let target = common.target.target()?;
    tandem_telemetry::init("error", Format::Text)?;
    program::runtime()?.block_on(review::run_dead(&target, &wish, common.json))?;
    Ok(ExitCode::SUCCESS)
}
