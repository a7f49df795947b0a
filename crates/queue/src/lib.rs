#![doc = include_str!("../README.md")]

mod clock;
mod delivery;
mod embedded;
mod error;
mod fair;
mod memory;
mod message;
mod queue;
mod wakeups;

pub use delivery::Delivery;
pub use error::Error;
pub use message::{Depth, NewMessage, Published, Settings, Stored};
pub use queue::Queue;
