//! `tandem-mapper`: turns events into commands. Any number of these may run.

use std::process::ExitCode;

use tandem::{Part, program};

fn main() -> ExitCode {
    program::service(Part::Mapper)
}
