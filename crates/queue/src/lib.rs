#![doc = include_str!("../README.md")]

mod clock;
mod dead_letter;
mod delivery;
mod embedded;
mod error;
mod fair;
mod jetstream;
mod line;
mod memory;
mod message;
mod queue;
mod wakeups;
mod work;

pub use dead_letter::Cause;
pub use delivery::Delivery;
pub use error::Error;
pub use message::{Depth, NewMessage, Published, Settings, Stored};
pub use queue::Queue;
pub use work::Work;
