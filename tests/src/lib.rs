//! The harness: both twins and a pipeline between them, each on a port and in a folder of its own.

mod stack;
mod wait;

pub use stack::{Stack, StackOptions, environment, quick_ghl, quick_openphone};
pub use wait::eventually;
