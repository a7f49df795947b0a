//! The harness: both twins and a pipeline between them, each on a port and in a folder of its own.

mod browser;
mod cluster;
mod front;
pub mod http;
mod parrot;
mod process;
mod program;
mod signer;
mod stack;
mod wait;

pub use browser::Browser;
pub use cluster::{Cluster, ClusterOptions, Inside, Service};
pub use front::Front;
pub use parrot::Parrot;
pub use process::{Process, ProcessOptions};
pub use program::Program;
pub use signer::Signer;
pub use stack::{Servers, Shape, Stack, StackOptions, environment, quick_ghl, quick_openphone};
pub use wait::eventually;
