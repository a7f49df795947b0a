//! `tandem up`.

use std::process::ExitCode;

use tandem::Part;
use tandem::program::{self, RunArguments};

/// Runs the pipeline until a signal.
pub(crate) fn run(arguments: &RunArguments) -> anyhow::Result<ExitCode> {
    program::run(arguments, &Part::ALL)
}
