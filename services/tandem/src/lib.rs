#![doc = include_str!("../README.md")]

mod assemble;
mod housekeeping;
pub mod pipeline;

pub use pipeline::Pipeline;
