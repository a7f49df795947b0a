#![doc = include_str!("../README.md")]

mod chain;
mod export;
mod logs;
mod metrics;
pub mod names;
mod span;
mod trace;

pub use chain::chain;
pub use export::{Export, ExportError, Exporting, export_spans};
pub use logs::{Format, InvalidFilter, check_filter, init};
pub use metrics::{ENCODING, Metrics};
pub use span::{Call, Sent, Span, Taken};
pub use trace::{InvalidTraceparent, TraceContext};
