//! Real servers as child processes: each test starts its own, on free loopback ports and in folders of its own.
//!
//! The binaries are those that `cargo xtask servers` finds or fetches. A server ends with its handle, and also where
//! the whole test process is killed.

mod cluster;
mod locate;
mod nats;
mod process;
mod redis;
mod watcher;

pub use cluster::NatsCluster;
pub use nats::{Nats, NatsBuilder};
pub use redis::Redis;
