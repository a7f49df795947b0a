#![doc = include_str!("../README.md")]

pub mod email;
mod field;
pub mod phone;
mod side;
pub mod tag;

pub use field::{Field, Fields, Observed, Value};
pub use side::{PerSide, Side};
