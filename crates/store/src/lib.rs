#![doc = include_str!("../README.md")]

mod embedded;
mod entry;
mod error;
mod jetstream;
mod memory;
mod overlay;
mod store;

pub use entry::{Entry, Expected};
pub use error::{Cause, Error};
pub use store::Store;
