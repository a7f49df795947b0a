#![doc = include_str!("../README.md")]

mod connection;
mod consumers;
mod error;
mod events;
mod members;
mod options;
mod streams;
mod version;

pub use async_nats;
pub use connection::{JetStream, connect_waiting};
pub use error::{Difference, Error};
pub use members::Members;
pub use options::{Credentials, Options, Tls};
