//! The twins' clocks in ours: they note each request's arrival in microseconds since their own start.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tandem_tests::http;
use tandem_twins::RequestSeen;

use crate::system::System;

/// When the twins' clocks began, in ours.
pub(crate) struct Clocks {
    pub(crate) ghl: Instant,
    pub(crate) openphone: Instant,
}

impl Clocks {
    pub(crate) async fn read(system: &System) -> anyhow::Result<Self> {
        let (ghl, openphone) = (system.ghl(), system.openphone());
        Ok(Self {
            ghl: began(ghl.address(), || ghl.requests()).await?,
            openphone: began(openphone.address(), || openphone.requests()).await?,
        })
    }
}

/// Since the twin's start.
pub(crate) fn since(seen: &RequestSeen) -> Duration {
    Duration::from_micros(seen.since_start_us)
}

/// Asks the twin for anything and looks when it says that arrived; of several tries the quickest is the most exact.
async fn began(address: SocketAddr, seen: impl Fn() -> Vec<RequestSeen>) -> anyhow::Result<Instant> {
    let mut best: Option<(Duration, Instant)> = None;
    let mut connection = http::Connection::open(address).await?;
    for _ in 0..50 {
        let asked = Instant::now();
        connection.send(&http::render("GET /clock", &[], b"")).await?;
        let took = asked.elapsed();
        let arrived = since(seen().last().context("the twin saw nothing")?);
        if best.is_none_or(|(quickest, _)| took < quickest) {
            let began = (asked + took / 2).checked_sub(arrived).context("the twin began before the machine")?;
            best = Some((took, began));
        }
    }
    best.map(|(_, began)| began).context("the twin's clock can't be read")
}
