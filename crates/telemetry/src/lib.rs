#![doc = include_str!("../README.md")]

mod chain;
mod logs;
mod metrics;
pub mod names;
mod trace;

pub use chain::chain;
pub use logs::{Format, InvalidFilter, check_filter, init};
pub use metrics::{ENCODING, Metrics};
pub use trace::{InvalidTraceparent, TraceContext};
