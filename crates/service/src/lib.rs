#![doc = include_str!("../README.md")]

pub mod config;
pub mod desk;
pub mod health;
mod serve;
pub mod supervise;

pub use config::{Config, ConfigError, Environment};
pub use health::Health;
pub use serve::serve;
pub use supervise::Supervisor;
