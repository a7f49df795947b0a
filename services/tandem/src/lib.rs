#![doc = include_str!("../README.md")]

mod assemble;
mod backends;
pub mod demo;
mod housekeeping;
pub mod part;
pub mod pipeline;
pub mod program;
pub mod sandbox;

pub use backends::Backends;
pub use part::Part;
pub use pipeline::Pipeline;
