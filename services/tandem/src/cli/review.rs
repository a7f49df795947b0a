//! What commands that list and decide have in common.

use std::process::ExitCode;

use tandem::program;
use tandem::review::{self, Reply, Wish};
use tandem::target::TargetArguments;
use tandem_contact::{Field, Side};
use tandem_proto::RecordId;
use tandem_telemetry::Format;

#[derive(Debug, clap::Args)]
pub(super) struct Common {
    /// The connection's id in the configuration
    connection: String,
    /// Prints the result as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArguments,
}

pub(super) fn run(common: &Common, wish: &Wish) -> anyhow::Result<ExitCode> {
    let target = common.target.target()?;
    tandem_telemetry::init("error", Format::Text)?;
    program::runtime()?.block_on(review::run(&target, &common.connection, wish, common.json))?;
    Ok(ExitCode::SUCCESS)
}

/// The same, for whoever makes something of the answer.
pub(super) fn ask(common: &Common, wish: &Wish) -> anyhow::Result<Reply> {
    let target = common.target.target()?;
    // Said before, where it is asked more than once.
    drop(tandem_telemetry::init("error", Format::Text));
    program::runtime()?.block_on(review::ask(&target, &common.connection, wish))
}

impl Common {
    pub(super) fn is_json(&self) -> bool {
        self.json
    }
}

pub(super) fn record(text: &str) -> Result<RecordId, String> {
    RecordId::new(text).map_err(|error| error.to_string())
}

pub(super) fn field(text: &str) -> Result<Field, String> {
    let names: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
    Field::from_name(text).ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

pub(super) fn side(text: &str) -> Result<Side, String> {
    let found = Side::BOTH.into_iter().find(|side| side.name() == text);
    found.ok_or_else(|| "expected `ghl` or `openphone`".to_owned())
}
