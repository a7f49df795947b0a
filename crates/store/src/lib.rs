#![doc = include_str!("../README.md")]

mod embedded;
mod entry;
mod error;
mod memory;
mod store;

pub use entry::{Entry, Expected};
pub use error::Error;
pub use store::Store;
