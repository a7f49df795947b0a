//! The harness: both twins and a pipeline between them, each on a port and in a folder of its own.

pub mod http;
mod process;
mod signer;
mod stack;
mod wait;

pub use process::{Process, ProcessOptions};
pub use signer::Signer;
pub use stack::{Stack, StackOptions, environment, quick_ghl, quick_openphone};
pub use wait::eventually;
