//! Whether a connection has a scan to run now. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::ledger::Record;

/// How soon a sweep that could not be finished is tried again, at most.
const RETRY: Duration = Duration::from_hours(1);

/// What is to be done about a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A scan waits, or was left behind: go on with it.
    Run,
    /// A sweep is due.
    Sweep,
    /// Note when the first sweep is due, then nothing.
    Plan(Timestamp),
    /// Nothing.
    Nothing,
}

/// Who looks, and by which rules.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) owner: &'a str,
    /// Nobody else runs scans: what seems to be at work is what ended before us.
    pub(crate) is_alone: bool,
    /// None: no sweeps.
    pub(crate) every: Option<Duration>,
}

/// Decides. `random` is from `[0, 1)`.
pub(crate) fn due(record: &Record, rules: Rules<'_>, (now, random): (Timestamp, f64)) -> Due {
    if let Some(job) = record.job.as_ref().filter(|job| job.is_under_way()) {
        let is_ours = rules.is_alone || job.is_free(rules.owner, now);
        return if is_ours { Due::Run } else { Due::Nothing };
    }
    let Some(every) = rules.every else { return Due::Nothing };
    match record.sweep_due {
        None => Due::Plan(now + jittered(every, random)),
        // Planned when sweeps were rarer.
        Some(at) if at > now + every.mul_f64(1.1) => Due::Plan(now + jittered(every, random)),
        Some(at) if at <= now => Due::Sweep,
        Some(_) => Due::Nothing,
    }
}

/// When the next sweep is due after a scan that ended now.
pub(crate) fn after(every: Option<Duration>, is_failed: bool, (now, random): (Timestamp, f64)) -> Option<Timestamp> {
    let every = every?;
    let wait = if is_failed { every.min(RETRY) } else { every };
    Some(now + jittered(wait, random))
}

/// Between nine and eleven tenths: connections that began together drift apart.
fn jittered(every: Duration, random: f64) -> Duration {
    every.mul_f64(0.2_f64.mul_add(random, 0.9))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::job::{Job, ScanKind};

    const DAY: Duration = Duration::from_hours(24);

    fn at(hours: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_hours(500_000 + hours)
    }

    fn rules(owner: &str) -> Rules<'_> {
        Rules { owner, is_alone: false, every: Some(DAY) }
    }

    fn decide(record: &Record, rules: Rules<'_>, now: Timestamp) -> Due {
        due(record, rules, (now, 0.5))
    }

    #[test]
    fn sweeps_come_every_so_often_and_never_where_there_are_none() {
        let mut record = Record::default();
        assert_eq!(decide(&record, rules("a"), at(0)), Due::Plan(at(24)));
        record.sweep_due = Some(at(24));
        assert_eq!(decide(&record, rules("a"), at(23)), Due::Nothing);
        assert_eq!(decide(&record, rules("a"), at(24)), Due::Sweep);
        let never = Rules { every: None, ..rules("a") };
        assert_eq!(decide(&record, never, at(24)), Due::Nothing);
        let often = Rules { every: Some(Duration::from_hours(2)), ..rules("a") };
        assert_eq!(decide(&record, often, at(0)), Due::Plan(at(2)));
        assert_eq!(after(Some(DAY), false, (at(0), 0.5)), Some(at(24)));
        assert_eq!(after(Some(DAY), true, (at(0), 0.5)), Some(at(1)));
        assert_eq!(after(None, true, (at(0), 0.5)), None);
        let spread = [0.0, 0.999].map(|random| after(Some(DAY), false, (at(0), random)).unwrap());
        assert!(spread[0] >= at(21) && spread[1] <= at(27) && spread[0] < spread[1]);
    }

    #[test]
    fn a_scan_that_was_left_behind_is_gone_on_with() {
        let mut job = Job::new("j1".to_owned(), ScanKind::Backfill, at(0));
        let record = |job: &Job| Record { job: Some(job.clone()), sweep_due: Some(at(0)) };
        assert_eq!(decide(&record(&job), rules("a"), at(1)), Due::Run);
        job.take("b", Vec::new, at(1));
        assert_eq!(decide(&record(&job), rules("a"), at(1)), Due::Nothing);
        assert_eq!(decide(&record(&job), rules("b"), at(1)), Due::Run);
        assert_eq!(decide(&record(&job), rules("a"), at(2)), Due::Run);
        let alone = Rules { is_alone: true, ..rules("a") };
        assert_eq!(decide(&record(&job), alone, at(1)), Due::Run);
    }
}
