//! One scan of a connection, as the store keeps it, and what comes next in it. No clock and no I/O: time is an argument.
//!
//! Pages are read one after the other. The place is moved only when everything of a page is stored, so that whoever goes on
//! after a crash repeats one page at most, and leaves none out.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::{PerSide, Side};
use tandem_policy::backoff;

/// Failures in a row after which a scan is given up: with the pauses between them more than an hour.
const MOST_FAILURES: u32 = 20;
/// First and longest pause after a failure.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));
/// How long a worker that is silent is believed to be alive.
const LEASE: Duration = Duration::from_secs(30);

/// What a scan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanKind {
    /// The first import: everybody of both sides.
    Backfill,
    /// The same to mend what webhooks didn't tell, and then a look at records whose contact nobody met.
    Sweep,
}

impl ScanKind {
    /// The kind as commands and metrics spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Sweep => "sweep",
        }
    }
}

/// What is read, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// Everybody in `OpenPhone`.
    OpenPhone,
    /// GHL's further numbers and addresses, which its list leaves out.
    GhlFurther,
    /// Everybody in GHL.
    Ghl,
    /// Our own documents: whose contact was not met, and who waits without a command.
    Records,
}

impl Part {
    /// The provider that it is read from.
    pub(crate) fn side(self) -> Option<Side> {
        match self {
            Self::OpenPhone => Some(Side::OpenPhone),
            Self::GhlFurther | Self::Ghl => Some(Side::Ghl),
            Self::Records => None,
        }
    }
}

/// How much of a side was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Pages.
    pub pages: u64,
    /// Contacts whose event is stored.
    pub contacts: u64,
    /// How many there are, as far as the provider says.
    pub expected: Option<u64>,
}

/// How a scan ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why it could not be finished, if so.
    pub failure: Option<String>,
}

/// A scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Names it; part of its events' ids.
    pub id: String,
    /// What it is for.
    pub kind: ScanKind,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When somebody took it up.
    pub begun_at: Option<Timestamp>,
    /// How it ended.
    pub ended: Option<Ended>,
    /// What was read so far.
    pub read: PerSide<Progress>,
    /// Records that were found to need a look, besides those of contacts that differ.
    pub found: u64,
    /// What holds it up.
    pub trouble: Option<String>,
    // Whoever only shows a scan may not have been told what follows.
    #[serde(default)]
    plan: Vec<Part>,
    #[serde(default)]
    place: Place,
    #[serde(default)]
    failures: u32,
    #[serde(default)]
    not_before: Option<Timestamp>,
    #[serde(default)]
    lease: Option<Lease>,
}

/// Where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Place {
    part: usize,
    page: u32,
    cursor: Option<String>,
    /// The part was begun again, because its cursor was not taken.
    is_again: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    owner: String,
    until: Timestamp,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Read this page, store what is on it, then [`Job::page_done`].
    Read {
        part: Part,
        /// Counts the pages of the part.
        page: u32,
        /// As the page before named it; none for the first.
        cursor: Option<String>,
    },
    /// Nothing before that.
    Wait(Timestamp),
    /// Nothing any more.
    Over,
}

/// A page of which everything is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PageDone {
    /// Contacts on it whose event is stored.
    pub(crate) contacts: u64,
    /// Records that were found to need a look.
    pub(crate) found: u64,
    /// How many contacts there are in all, where the provider says so.
    pub(crate) expected: Option<u64>,
    /// The next page; none after the last.
    pub(crate) next: Option<String>,
}

/// A page that could not be read or stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setback {
    /// Somebody asked for patience; that is no failure.
    Later(Duration),
    /// It may work next time.
    Again,
    /// The cursor is not taken any more.
    Stale,
    /// It won't work.
    Never,
}

impl Job {
    /// A scan that nobody has taken up yet.
    pub(crate) fn new(id: String, kind: ScanKind, now: Timestamp) -> Self {
        Self {
            id,
            kind,
            asked_at: now,
            begun_at: None,
            ended: None,
            read: PerSide::default(),
            found: 0,
            trouble: None,
            plan: Vec::new(),
            place: Place::default(),
            failures: 0,
            not_before: None,
            lease: None,
        }
    }

    /// Contacts read so far on both sides, and how many there are as far as is known.
    pub fn contacts(&self) -> (u64, u64) {
        let known = |read: &Progress| read.expected.unwrap_or_default().max(read.contacts);
        let PerSide { ghl, openphone } = &self.read;
        (ghl.contacts + openphone.contacts, known(ghl) + known(openphone))
    }

    /// Whether it is still to be worked on.
    pub fn is_under_way(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether this worker may work on it: nobody else does, as far as is known.
    pub(crate) fn is_free(&self, owner: &str, now: Timestamp) -> bool {
        // A time further away was written by a clock that goes wrong.
        let is_held = |lease: &Lease| lease.owner != owner && now < lease.until && lease.until <= now + LEASE;
        self.is_under_way() && !self.lease.as_ref().is_some_and(is_held)
    }

    /// Takes it up, or goes on with it; what is to be read is settled the first time.
    pub(crate) fn take(&mut self, owner: &str, plan: impl FnOnce() -> Vec<Part>, now: Timestamp) {
        if self.begun_at.is_none() {
            self.begun_at = Some(now);
            self.plan = plan();
        }
        self.renew(owner, now);
    }

    /// Still at it.
    pub(crate) fn renew(&mut self, owner: &str, now: Timestamp) {
        self.lease = Some(Lease { owner: owner.to_owned(), until: now + LEASE });
    }

    /// Anybody may go on.
    pub(crate) fn release(&mut self) {
        self.lease = None;
    }

    /// What comes next.
    pub(crate) fn next(&self, now: Timestamp) -> Step {
        if !self.is_under_way() {
            return Step::Over;
        }
        if let Some(until) = self.not_before.filter(|until| *until > now) {
            return Step::Wait(until);
        }
        let Place { page, cursor, .. } = &self.place;
        self.part().map_or(Step::Over, |part| Step::Read { part, page: *page, cursor: cursor.clone() })
    }

    /// The part that is being read.
    pub(crate) fn part(&self) -> Option<Part> {
        self.plan.get(self.place.part).copied()
    }

    /// Everything of the page is stored.
    pub(crate) fn page_done(&mut self, page: PageDone, now: Timestamp) {
        let Some(part) = self.part() else { return };
        self.is_well();
        self.found += page.found;
        if let Some(side) = part.side() {
            let read = &mut self.read[side];
            read.pages += 1;
            read.contacts += page.contacts;
            read.expected = page.expected.or(read.expected);
        }
        self.place.page += 1;
        match page.next {
            Some(next) if Some(&next) == self.place.cursor.as_ref() => {
                self.end(Some(format!("page {} of {part:?} names itself as the next one", self.place.page)), now);
            }
            Some(next) => self.place.cursor = Some(next),
            None => self.part_done(now),
        }
    }

    fn part_done(&mut self, now: Timestamp) {
        self.place = Place { part: self.place.part + 1, ..Place::default() };
        if self.place.part >= self.plan.len() {
            self.end(None, now);
        }
    }

    /// The page is still to be read. `why` is for people; `random` is from `[0, 1)`.
    pub(crate) fn failed(&mut self, setback: &Setback, why: String, (now, random): (Timestamp, f64)) {
        match setback {
            Setback::Later(wait) => self.not_before = Some(now + *wait),
            Setback::Again if self.failures >= MOST_FAILURES => return self.end(Some(why), now),
            Setback::Again => {
                self.not_before = Some(now + backoff::delay(self.failures, PAUSE.0, PAUSE.1, random));
                self.failures += 1;
            }
            // Events of pages that were read are not stored twice, and their records are found to be in step.
            Setback::Stale if self.place.cursor.is_some() && !self.place.is_again => {
                self.place = Place { cursor: None, is_again: true, ..self.place };
            }
            Setback::Stale | Setback::Never => return self.end(Some(why), now),
        }
        self.trouble = Some(why);
    }

    /// Nothing holds it up.
    fn is_well(&mut self) {
        self.failures = 0;
        self.not_before = None;
        self.trouble = None;
    }

    fn end(&mut self, failure: Option<String>, now: Timestamp) {
        self.is_well();
        self.lease = None;
        self.ended = Some(Ended { at: now, failure });
    }
}

#[cfg(test)]
mod tests;
