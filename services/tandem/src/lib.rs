#![doc = include_str!("../README.md")]

mod api;
mod assemble;
mod backends;
pub mod catalog;
pub mod check;
pub mod connect;
pub mod demo;
mod housekeeping;
mod live;
mod neighbour;
pub mod part;
mod password;
pub mod pipeline;
pub mod program;
mod rehearsal;
mod rekeying;
pub mod review;
pub mod sandbox;
pub mod scan;
pub mod target;
mod voice;

pub use backends::Backends;
pub use part::Part;
pub use pipeline::Pipeline;
pub use target::Target;
