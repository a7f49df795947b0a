//! The commands.

pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod conflicts;
pub(crate) mod connect;
pub(crate) mod dead;
pub(crate) mod demo;
pub(crate) mod duplicates;
pub(crate) mod mapping;
pub(crate) mod preview;
pub(crate) mod records;
pub(crate) mod resume;
mod review;
pub(crate) mod sandbox;
pub(crate) mod scan;
pub(crate) mod segments;
pub(crate) mod up;

/// A log filter, for the parser.
fn log_filter(text: &str) -> Result<String, tandem_telemetry::InvalidFilter> {
    tandem_telemetry::check_filter(text).map(|()| text.to_owned())
}
