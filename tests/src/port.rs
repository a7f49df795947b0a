//! Ports that stay free while nobody listens on them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Context as _;

/// A port below those that the system gives to outgoing connections: while the process is down, a sender that keeps
/// trying could otherwise be given that very port, connect to itself, and keep the process from coming up.
pub(crate) fn steady_address() -> anyhow::Result<SocketAddr> {
    // Tests of one process, which run side by side, must not look at the same one.
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 8_000).unwrap_or_default();
    let free = (0..4_000).find_map(|_| {
        let port = first + TAKEN.fetch_add(1, Ordering::Relaxed) % 4_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpListener::bind(address).ok().map(|_| address)
    });
    free.context("no port is free between 20000 and 32000")
}
