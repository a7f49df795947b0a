#![doc = include_str!("../README.md")]

pub mod backoff;
mod class;
mod gcra;

pub use class::ErrorClass;
pub use gcra::{Gcra, Pace, Rate, Reservation};
