#![doc = include_str!("../README.md")]

pub mod email;
mod field;
pub mod mention;
pub mod part;
pub mod phone;
mod side;
pub mod tag;
pub mod trial;

pub use field::{Field, Fields, Observed, Value};
pub use side::{PerSide, Side};
