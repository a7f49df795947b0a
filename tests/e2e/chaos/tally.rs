//! What really happened.

use std::collections::BTreeMap;
use std::fmt;

use tandem_proto::{Envelope, Payload, Stream};
use tandem_tests::{Cluster, Inside};
use tandem_twins::Report;

use super::strike::Strike;

/// Faults of the twins that have to strike.
const TWINS: [&str; 10] = [
    "latency",
    "error_before",
    "error_after",
    "reset_before",
    "reset_after",
    "timeout_after",
    "late_apply",
    "webhook_double",
    "webhook_delay",
    "webhook_drop",
];
/// What the services say when a fault met them, and what that means.
const SIGNS: [(&str, &str); 5] = [
    ("events go to the spool", "an ingest began to use its spool"),
    ("events went from the spool to the queue", "an ingest emptied its spool"),
    ("Redis can't be reached", "a process lost Redis"),
    ("can't be stored now", "a record could not be stored"),
    ("can't be taken", "messages could not be taken"),
];

/// Work in hand when a strike fell.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Met {
    pub(super) events: u64,
    pub(super) commands: u64,
    pub(super) webhooks: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    times: u64,
    busy: u64,
    met: Met,
}

#[derive(Debug)]
pub(super) struct Tally {
    pub(super) changes: u64,
    /// Contacts whose last edit in `OpenPhone` was lost, of so many that were edited there.
    pub(super) lost_in_openphone: (usize, usize),
    /// GHL's tasks and `OpenPhone`'s notes, all of which people made.
    pub(super) things: (usize, usize),
    /// What must never happen, found on the way.
    pub(super) violations: Vec<String>,
    strikes: BTreeMap<Strike, Count>,
    twins: Option<(Report, Report)>,
    signs: Vec<(&'static str, usize)>,
    outcomes: BTreeMap<String, u64>,
    /// Why nothing was done.
    skips: BTreeMap<String, u64>,
    taken_over: u64,
}

impl Tally {
    pub(super) fn new(kinds: impl Iterator<Item = Strike>) -> Self {
        Self {
            changes: 0,
            lost_in_openphone: (0, 0),
            things: (0, 0),
            violations: Vec::new(),
            strikes: kinds.map(|strike| (strike, Count::default())).collect(),
            twins: None,
            signs: Vec::new(),
            outcomes: BTreeMap::new(),
            skips: BTreeMap::new(),
            taken_over: 0,
        }
    }

    pub(super) fn struck(&mut self, strike: Strike, met: Met) {
        let count = self.strikes.entry(strike).or_default();
        count.times += 1;
        count.busy += u64::from(met.events + met.commands + met.webhooks > 0);
        count.met.events += met.events;
        count.met.commands += met.commands;
        count.met.webhooks += met.webhooks;
    }

    /// Whether there is one that met no work so far.
    pub(super) fn has_missing_strikes(&self) -> bool {
        self.strikes.values().any(|count| count.busy == 0)
    }

    pub(super) fn note_twins(&mut self, cluster: &Cluster) {
        self.twins = Some((cluster.ghl.report(), cluster.openphone.report()));
        let output: Vec<String> = cluster.services.iter().flat_map(|service| service.program.output()).collect();
        let times = |sign: &str| output.iter().filter(|line| line.contains(sign)).count();
        self.signs = SIGNS.map(|(sign, meaning)| (meaning, times(sign))).to_vec();
    }

    pub(super) async fn note_journal(&mut self, inside: &Inside) {
        for stored in inside.queue.browse(Stream::Journal, 0, 1_000_000).await.unwrap() {
            let Ok(Envelope { payload: Payload::JournalEntry(entry), .. }) = Envelope::decode(&stored.body) else {
                continue;
            };
            self.taken_over += u64::from(entry.reason.contains("didn't report the outcome"));
            if entry.outcome == "skipped" {
                *self.skips.entry(entry.reason).or_default() += 1;
            }
            *self.outcomes.entry(entry.outcome).or_default() += 1;
        }
    }

    /// What a run proves nothing about. Whether a kill meets a call just then is luck, which a long run has.
    pub(super) fn never(&self, is_long: bool) -> Vec<String> {
        let strikes = self.strikes.iter().filter(|(_, count)| count.busy == 0).map(|(strike, _)| strike.to_string());
        let twins = TWINS.into_iter().filter(|fault| self.times(fault) == 0).map(str::to_owned);
        let waited = self.twins.iter().flat_map(|(ghl, openphone)| [("GHL", ghl), ("OpenPhone", openphone)]);
        // A window that is nearly full: somebody had to wait.
        let spared = waited.filter(|(_, report)| report.rate.max_in_window * 10 < report.rate.limit as usize * 8);
        let spared = spared.map(|(name, _)| format!("the budget of {name} was never used up"));
        let taken_over = (is_long && self.taken_over == 0).then(|| "a call whose worker was gone".to_owned());
        strikes.chain(twins).chain(spared).chain(taken_over).collect()
    }

    fn times(&self, fault: &str) -> u64 {
        let reports = self.twins.iter().flat_map(|(ghl, openphone)| [ghl, openphone]);
        reports.map(|report| report.faults.get(fault).copied().unwrap_or_default()).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} changes", self.changes)?;
        for (strike, Count { times, busy, met }) in &self.strikes {
            let Met { events, commands, webhooks } = met;
            let strike = strike.to_string();
            writeln!(
                f,
                "{strike:42} {times:3} times, {busy:3} with work in hand: {events} events, {commands} commands, \
                 {webhooks} webhooks"
            )?;
        }
        for fault in TWINS {
            writeln!(f, "{fault:42} {:3} times", self.times(fault))?;
        }
        for (meaning, times) in &self.signs {
            writeln!(f, "{meaning:42} {times:3} times")?;
        }
        writeln!(f, "calls whose outcome somebody else had to find out: {}", self.taken_over)?;
        let (lost, edited) = self.lost_in_openphone;
        writeln!(f, "contacts edited in OpenPhone: {edited}, of which the last edit was lost: {lost}")?;
        writeln!(f, "tasks made in GHL: {}, notes written in OpenPhone: {}", self.things.0, self.things.1)?;
        writeln!(f, "journal: {:?}, skipped because: {:?}", self.outcomes, self.skips)?;
        if let Some((ghl, openphone)) = &self.twins {
            writeln!(f, "{} contacts; writes {:?}", ghl.contacts, openphone.writes)?;
            writeln!(f, "rates: {:?} {:?}", ghl.rate, openphone.rate)?;
            writeln!(f, "webhooks: {:?}", ghl.webhooks)?;
            write!(f, "requests: {:?} {:?}", ghl.by_template, openphone.by_template)?;
        }
        Ok(())
    }
}
