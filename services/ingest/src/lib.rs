#![doc = include_str!("../README.md")]

mod answer;
mod arrival;
mod body;
mod config;
mod error;
mod intake;
mod repeats;
mod routes;
mod server;

pub use config::{Config, Connection, Deps};
pub use error::Error;
pub use routes::{router, router_at};
pub use server::run;
