//! Ports that stay free while the server on them is down.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Below the ports that systems give to clients. On one of those, a client that keeps trying to reach a server that is
/// down sooner or later connects to itself, and the server can't come back.
const PORTS: Range<u16> = 12_000..32_000;

/// A port of the loopback interface that nobody listens on, and that this process was not told of before: what is on it may be
/// down just now. Where the server can bind port 0 itself, let it: another process may take this one in between.
///
/// # Panics
/// All are taken.
#[track_caller]
pub fn free_port() -> u16 {
    // Processes that run side by side begin at different places.
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(()) >> 1));
    let span = u64::from(PORTS.end - PORTS.start);
    let candidates = (0..span).map(|_| {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % span;
        PORTS.start + u16::try_from(step).unwrap_or_default()
    });
    let free = candidates.into_iter().find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    free.unwrap_or_else(|| panic!("no port of {PORTS:?} is free"))
}

/// [`free_port`] with its address.
///
/// # Panics
/// All are taken.
#[track_caller]
pub fn free_address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn free_ports_can_be_bound_and_come_once() {
        let ports: BTreeSet<u16> = (0..50).map(|_| free_port()).collect();
        assert_eq!(ports.len(), 50);
        for port in ports {
            assert!(PORTS.contains(&port));
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        }
    }
}
