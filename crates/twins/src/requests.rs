//! Every request that reached a twin: full counters and the most recent ones one by one.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use tokio::time::Instant;

use crate::stamp::{Stamp, iso};

/// One request, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestSeen {
    /// Running number, from 1.
    pub number: u64,
    /// When it arrived.
    pub at: String,
    /// When it arrived, in microseconds since the twin started.
    pub since_start_us: u64,
    /// HTTP method.
    pub method: String,
    /// Method and route template, such as `GET /contacts/{id}`.
    pub template: &'static str,
    /// The path as it was asked for, without the query.
    pub path: String,
    /// The status that was sent; none when no answer was (or not yet).
    pub status: Option<u16>,
}

const KEPT: usize = 20_000;

/// The counters and the ring.
pub(crate) struct RequestLog {
    started: Instant,
    ring: VecDeque<RequestSeen>,
    pub(crate) total: u64,
    pub(crate) answered: u64,
    pub(crate) by_template: BTreeMap<&'static str, u64>,
    pub(crate) by_status: BTreeMap<u16, u64>,
}

impl RequestLog {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            started,
            ring: VecDeque::new(),
            total: 0,
            answered: 0,
            by_template: BTreeMap::new(),
            by_status: BTreeMap::new(),
        }
    }

    /// Enters an arrival and returns its stamp.
    pub(crate) fn arrive(&mut self, method: &str, path: &str, template: &'static str) -> Stamp {
        self.total += 1;
        *self.by_template.entry(template).or_default() += 1;
        let stamp = Stamp::now(Some(self.total));
        if self.ring.len() == KEPT {
            self.ring.pop_front();
        }
        let since = stamp.instant.duration_since(self.started).as_micros();
        self.ring.push_back(RequestSeen {
            number: self.total,
            at: iso(stamp.time),
            since_start_us: u64::try_from(since).unwrap_or(u64::MAX),
            method: method.to_owned(),
            template,
            path: path.to_owned(),
            status: None,
        });
        stamp
    }

    pub(crate) fn answer(&mut self, number: u64, status: u16) {
        self.answered += 1;
        *self.by_status.entry(status).or_default() += 1;
        let first = self.ring.front().map_or(0, |seen| seen.number);
        let at = number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(seen) = at.and_then(|at| self.ring.get_mut(at)) {
            seen.status = Some(status);
        }
    }

    pub(crate) fn recent(&self) -> Vec<RequestSeen> {
        self.ring.iter().cloned().collect()
    }
}
