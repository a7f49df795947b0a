//! What a delivery log says about one delivery.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Waiting,
    Sending,
    Accepted,
    Failed,
}

/// One attempt.
pub(crate) struct Attempt {
    pub(crate) at: Timestamp,
    pub(crate) url: String,
    /// None when nothing answered.
    pub(crate) status: Option<u16>,
    pub(crate) body: String,
    pub(crate) took: Duration,
    /// Whether somebody asked for it.
    pub(crate) manual: bool,
}

/// Everything known about a delivery.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) stage: Stage,
    pub(crate) next: Option<Timestamp>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) manual: bool,
}

/// Shared by the log and by the courier.
pub(crate) type Track = Arc<Mutex<Progress>>;

impl Progress {
    /// Somebody asks for another attempt.
    pub(crate) fn again(&mut self) {
        (self.stage, self.manual, self.next) = (Stage::Waiting, true, None);
    }

    pub(crate) fn settle(&mut self, stage: Stage) {
        (self.stage, self.next) = (stage, None);
    }

    pub(crate) fn wait(&mut self, wait: Duration) {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.stage = Stage::Waiting;
        self.next = Timestamp::now().checked_add(wait).ok();
    }
}
