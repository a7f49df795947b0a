#![doc = include_str!("../README.md")]

mod logs;
mod metrics;
pub mod names;
mod trace;

pub use logs::{Format, InvalidFilter, check_filter, init};
pub use metrics::{ENCODING, Metrics};
pub use trace::{InvalidTraceparent, TraceContext};
