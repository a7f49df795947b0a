#![doc = include_str!("../README.md")]

pub mod codec;
pub mod email;
mod field;
pub mod mention;
pub mod part;
pub mod phone;
mod side;
pub mod tag;
pub mod trial;

pub use codec::{Codec, Codecs};
pub use field::{CustomName, Field, Fields, InvalidName, Observed, Value};
pub use side::{PerSide, Side};
