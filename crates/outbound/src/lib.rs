#![doc = include_str!("../README.md")]

mod body;
mod client;
mod connects;
mod error;
mod management;

pub use client::{Client, ClientConfig, ConfigError, MAX_RESPONSE_BYTES};
pub use error::{NotSent, SendError, Unknown};
pub use management::{Ask, Lines, ManagementClient};
