#![doc = include_str!("../README.md")]
#![expect(clippy::print_stderr, reason = "this crate only runs inside tests, where stderr is the report")]

mod child;
mod collector;
pub mod openapi;
mod place;
mod port;
mod proxy;
pub mod servers;
mod trick;
mod wait;

pub use child::Child;
pub use collector::{Collector, ReceivedSpan};
pub use place::{binary, tempdir, vendor_dir, workspace_root};
pub use port::{free_address, free_port};
pub use proxy::Proxy;
pub use tempfile::TempDir;
pub use trick::{Trick, TrickServer, answer};
pub use wait::{eventually, eventually_blocking};
