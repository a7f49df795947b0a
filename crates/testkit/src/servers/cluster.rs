//! Several `nats-server`s that replicate to each other.

use std::time::Duration;

use super::nats::{ATTEMPTS, Nats, NatsBuilder, Routes};
use crate::eventually_blocking;
use crate::free_port;

/// Electing takes some seconds, longer where a leader was just lost.
const ELECTION: Duration = Duration::from_mins(1);

/// A cluster with JetStream. Each [`node`](NatsCluster::node) can be ended, paused and started again by itself.
#[derive(Debug)]
pub struct NatsCluster {
    nodes: Vec<Nats>,
}

impl NatsCluster {
    /// Nodes as [`Nats::start`] makes them; returns when streams can be created.
    ///
    /// # Panics
    /// They don't start or don't find together, or `cargo xtask servers` was not run.
    #[track_caller]
    pub fn start(size: usize) -> Self {
        Self::of(&Nats::builder(), size)
    }

    #[track_caller]
    pub(super) fn of(builder: &NatsBuilder, size: usize) -> Self {
        let mut log = Vec::new();
        for _ in 0..ATTEMPTS {
            let all: Vec<u16> = (0..size).map(|_| free_port()).collect();
            let nodes = all.iter().map(|&own| builder.node(Routes { own, all: &all }));
            match nodes.collect() {
                Ok(nodes) => {
                    let cluster = Self { nodes };
                    cluster.wait_until_healthy();
                    return cluster;
                }
                Err(lines) => log = lines,
            }
        }
        panic!("a node ended {ATTEMPTS} times: {}", log.join("\n"));
    }

    /// Of each node.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Nats::url).collect()
    }

    /// All nodes, in the order of [`urls`](NatsCluster::urls).
    pub fn nodes(&self) -> &[Nats] {
        &self.nodes
    }

    /// One node.
    ///
    /// # Panics
    /// There aren't that many.
    #[track_caller]
    pub fn node(&self, index: usize) -> &Nats {
        &self.nodes[index]
    }

    /// The node with a name, such as a stream's leader.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn named(&self, name: &str) -> &Nats {
        let node = self.nodes.iter().find(|node| node.name() == name);
        node.unwrap_or_else(|| panic!("no node is called {name}"))
    }

    /// Waits until there is a leader and every running node has caught up with it.
    ///
    /// # Panics
    /// That takes longer than a minute, or too few nodes are running.
    #[track_caller]
    pub fn wait_until_healthy(&self) {
        let healthy = || self.nodes.iter().filter(|node| node.is_running()).all(Nats::is_healthy);
        eventually_blocking("the cluster to be healthy", ELECTION, || healthy().then_some(()));
    }
}
