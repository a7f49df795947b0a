//! The mass-change brake: a mistake that deletes or overwrites many records at once is stopped before it is everywhere.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::Side;
use tandem_proto::RecordId;

use crate::{Document, IntentKind, Writes};

/// How much of a change is taken for a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrakeLimit {
    /// So many records are never too many.
    pub records: usize,
    /// Nor is this share of all records, in percent.
    pub percent: u64,
    /// Within this time.
    pub within: Duration,
}

impl BrakeLimit {
    /// Records that may be deleted or overwritten within the time, where there are so many in all.
    pub fn of(&self, all: u64) -> usize {
        let share = usize::try_from(all.saturating_mul(self.percent) / 100).unwrap_or(usize::MAX);
        self.records.max(share)
    }
}

/// What was deleted or overwritten lately in one connection, and whether that was too much.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Brake {
    /// Records, and when that happened to them last.
    #[serde(default)]
    recent: BTreeMap<RecordId, Timestamp>,
    /// Since when nothing is written any more.
    #[serde(default)]
    pub stopped: Option<Timestamp>,
    /// A person said that changes are meant, until then.
    #[serde(default)]
    pub released_until: Option<Timestamp>,
    /// A first import that a person asked for may overwrite until then; deletes still count.
    #[serde(default)]
    pub importing_until: Option<Timestamp>,
}

/// What a write does to what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// It only adds.
    None,
    /// It replaces or clears something.
    Overwrites,
    /// It removes the contact.
    Deletes,
}

/// Judges a write by what the side is believed to hold.
pub fn harm(document: &Document, side: Side, kind: IntentKind, writes: &Writes) -> Harm {
    let replaces = |(field, write): (&tandem_contact::Field, &crate::Write)| {
        let Some(there) = document.shadow_value(side, *field) else { return false };
        let items = there.items();
        if items.is_empty() {
            write.to.as_ref() != Some(there)
        } else {
            !items.is_subset(&write.to.as_ref().map(tandem_contact::Value::items).unwrap_or_default())
        }
    };
    match kind {
        IntentKind::Delete => Harm::Deletes,
        IntentKind::Update if writes.iter().any(replaces) => Harm::Overwrites,
        IntentKind::Update | IntentKind::Create => Harm::None,
    }
}

impl Brake {
    /// True while nothing may be written.
    pub fn is_on(&self) -> bool {
        self.stopped.is_some()
    }

    /// Whether this must be noted before it may go ahead.
    pub fn counts(&self, harm: Harm, is_bulk: bool, now: Timestamp) -> bool {
        let is_released = self.released_until.is_some_and(|until| now < until);
        let is_import = is_bulk && self.importing_until.is_some_and(|until| now < until);
        match harm {
            Harm::None => false,
            Harm::Overwrites => !is_released && !is_import,
            Harm::Deletes => !is_released,
        }
    }

    /// How many records this would make.
    pub fn with(&self, record: &RecordId, limit: &BrakeLimit, now: Timestamp) -> usize {
        let young = self.recent.iter().filter(|(_, at)| now <= **at + limit.within);
        young.filter(|(known, _)| *known != record).count() + 1
    }

    /// Notes one more record, or stops. True if it may go ahead.
    pub fn touch(&mut self, record: &RecordId, limit: &BrakeLimit, allowed: usize, now: Timestamp) -> bool {
        if self.is_on() {
            return false;
        }
        if self.with(record, limit, now) > allowed {
            self.stopped = Some(now);
            return false;
        }
        self.recent.retain(|_, at| now <= *at + limit.within);
        self.recent.insert(record.clone(), now);
        true
    }

    /// A person says that it is meant: the connection goes on, and for so long nothing stops it.
    pub fn release(&mut self, now: Timestamp, lasts: Duration) {
        *self = Self { released_until: Some(now + lasts), importing_until: self.importing_until, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tandem_contact::{Field, Value};
    use tandem_proto::ConnectionId;

    use super::*;
    use crate::{Seen, Write};

    const LIMIT: BrakeLimit = BrakeLimit { records: 50, percent: 2, within: Duration::from_mins(10) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_776_000_000 + seconds).unwrap()
    }

    fn record(number: usize) -> RecordId {
        RecordId::new(format!("r{number}")).unwrap()
    }

    #[test]
    fn the_fifty_first_record_stops_and_a_person_lets_it_go_on() {
        let mut brake = Brake::default();
        for number in 0..50 {
            assert!(brake.touch(&record(number), &LIMIT, LIMIT.of(0), at(1)));
        }
        assert!(brake.touch(&record(7), &LIMIT, LIMIT.of(0), at(2)), "the same record counts once");
        assert!(!brake.touch(&record(50), &LIMIT, LIMIT.of(0), at(3)));
        assert!(brake.is_on());
        assert!(!brake.touch(&record(7), &LIMIT, LIMIT.of(0), at(3600)), "it doesn't let go by itself");
        brake.release(at(4000), Duration::from_hours(1));
        assert!(!brake.is_on() && !brake.counts(Harm::Deletes, false, at(4001)));
        assert!(brake.counts(Harm::Deletes, false, at(4000 + 3601)));
    }

    #[test]
    fn a_large_book_allows_its_share() {
        assert_eq!((LIMIT.of(100), LIMIT.of(2_500), LIMIT.of(10_000)), (50, 50, 200));
    }

    #[test]
    fn an_import_that_was_asked_for_may_overwrite_and_not_delete() {
        let brake = Brake { importing_until: Some(at(60)), ..Brake::default() };
        assert!(!brake.counts(Harm::Overwrites, true, at(1)));
        assert!(brake.counts(Harm::Overwrites, false, at(1)), "people's own changes count as always");
        assert!(brake.counts(Harm::Deletes, true, at(1)));
        assert!(brake.counts(Harm::Overwrites, true, at(61)));
    }

    #[test]
    fn only_what_replaces_or_clears_does_harm() {
        let mut document = Document::new(ConnectionId::new("acme").unwrap(), record(1), at(0));
        let list = |items: &[&str]| Value::list(items.iter().map(|item| (*item).to_owned()));
        document.shadow[Side::Ghl].insert(Field::Company, Seen { value: Value::text("Old"), at: None });
        document.shadow[Side::Ghl].insert(Field::Tags, Seen { value: list(&["a"]), at: None });
        let of = |field, to: Option<Value>| {
            let writes = Writes::from([(field, Write { to: to.clone(), canon: to })]);
            harm(&document, Side::Ghl, IntentKind::Update, &writes)
        };
        assert_eq!(of(Field::Company, None), Harm::Overwrites);
        assert_eq!(of(Field::Company, Value::text("New")), Harm::Overwrites);
        assert_eq!(of(Field::FirstName, Value::text("Ana")), Harm::None);
        assert_eq!(of(Field::Tags, list(&["a", "b"])), Harm::None);
        assert_eq!(of(Field::Tags, list(&["b"])), Harm::Overwrites);
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_within_the_time(seconds in proptest::collection::vec(0i64..3_000, 1..400)) {
            let limit = BrakeLimit { records: 5, percent: 0, within: Duration::from_mins(10) };
            let (mut brake, mut gone, mut seconds) = (Brake::default(), Vec::new(), seconds);
            seconds.sort_unstable();
            for (number, second) in seconds.into_iter().enumerate() {
                if brake.touch(&record(number), &limit, limit.of(0), at(second)) {
                    gone.push(second);
                }
            }
            for window in gone.windows(6) {
                prop_assert!(window[5] - window[0] > 600);
            }
        }
    }
}
