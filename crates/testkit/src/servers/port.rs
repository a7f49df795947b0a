//! Ports that stay free while the server on them is down.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

/// Below the ports that systems give to clients. On one of those, a client that keeps trying to reach a server that is
/// down sooner or later connects to itself, and the server can't come back.
const PORTS: Range<u16> = 12_000..32_000;

/// A port that nobody listens on. Somebody else may take it before the server does: try another one then.
///
/// # Panics
/// All are taken.
#[track_caller]
pub(crate) fn free() -> u16 {
    let span = u64::from(PORTS.end - PORTS.start);
    let start = RandomState::new().hash_one(()) % span;
    let candidates = (0..span).map(|step| PORTS.start + u16::try_from((start + step) % span).unwrap_or_default());
    let free = candidates.into_iter().find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    free.unwrap_or_else(|| panic!("no port of {PORTS:?} is free"))
}
