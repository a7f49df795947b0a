//! What was found: one entry per check, in the order in which they are told.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The configuration file and the mappings.
    Configuration,
    /// What Tandem itself stands on.
    Servers,
    /// This machine's clock.
    Clock,
    /// A connection's location at GHL.
    Ghl,
    /// A connection's workspace at OpenPhone.
    OpenPhone,
    /// What the providers deliver to us.
    Webhooks,
}

impl Group {
    /// The name that people know.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Servers => "servers",
            Self::Clock => "clock",
            Self::Ghl => "GoHighLevel",
            Self::OpenPhone => "OpenPhone",
            Self::Webhooks => "webhooks",
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It works.
    Pass,
    /// It works, or nothing depends on it now; somebody should look at it.
    Warn,
    /// It doesn't work.
    Fail,
    /// It was not tried.
    Skipped,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What it is about.
    pub group: Group,
    /// The connection, where it is about one.
    pub connection: Option<String>,
    /// What was checked, in words.
    pub name: String,
    /// The provider's operation that was tried, as in the table of operations.
    pub operation: Option<String>,
    /// How it ended.
    pub status: Status,
    /// What was found; for a skipped check, why.
    pub message: String,
    /// The provider's own words.
    pub provider_words: Option<String>,
    /// The HTTP status that came with them.
    pub provider_status: Option<u16>,
    /// The provider's id of the request, for its support.
    pub provider_trace: Option<String>,
    /// What a person can do about it.
    pub hint: Option<String>,
}

/// All checks, and how many ended how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// True when nothing failed.
    pub ok: bool,
    /// Checks that passed.
    pub passed: usize,
    /// Checks that somebody should look at.
    pub warned: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks that were not tried.
    pub skipped: usize,
    /// How long it took.
    pub seconds: f64,
    /// The checks.
    pub checks: Vec<Check>,
}

impl Report {
    pub(super) fn new(checks: Vec<Check>, took: Duration) -> Self {
        let count = |status| checks.iter().filter(|check| check.status == status).count();
        let failed = count(Status::Fail);
        Self {
            ok: failed == 0,
            passed: count(Status::Pass),
            warned: count(Status::Warn),
            failed,
            skipped: count(Status::Skipped),
            seconds: (took.as_secs_f64() * 10.0).round() / 10.0,
            checks,
        }
    }
}
