#![doc = include_str!("../README.md")]

mod checkpoint;
mod connection;
mod database;
mod error;
mod job;
mod lock;
mod readers;
mod schema;
mod writer;

pub use database::{Database, Options};
pub use error::Error;
pub use rusqlite;
