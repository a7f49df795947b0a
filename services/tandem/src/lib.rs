#![doc = include_str!("../README.md")]

mod assemble;
pub mod demo;
mod housekeeping;
pub mod pipeline;
pub mod sandbox;

pub use pipeline::Pipeline;
