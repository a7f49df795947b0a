//! Times of the day and of the week at which a rule is started.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// On these days, at this time, there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// When in the day.
    pub at: Time,
    /// On which days; none for every day.
    pub on: Vec<Weekday>,
    /// Where that time is.
    pub zone: TimeZone,
}

impl Schedule {
    /// The last time that was due after `since` and until `now`. A time that a change of clocks leaves out comes an hour later, one
    /// that comes twice counts the first time.
    pub fn due(&self, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned_datetime(self.zone.clone()).date();
        let days = (0..=7).filter_map(|back| today.checked_sub(back.days()).ok());
        let on = days.filter(|day| self.on.is_empty() || self.on.contains(&day.weekday()));
        let mut times =
            on.filter_map(|day| Some(day.to_datetime(self.at).to_zoned_datetime(self.zone.clone()).ok()?.timestamp()));
        times.find(|time| *time <= now).filter(|time| *time > since)
    }

    /// How it is written.
    pub fn spelled(&self) -> String {
        let day = |day: &Weekday| format!("{day:?}").to_lowercase();
        let days = match self.on.as_slice() {
            [] => "every day".to_owned(),
            on => on.iter().map(day).collect::<Vec<_>>().join(", "),
        };
        format!("{days} at {}, {}", self.at.strftime("%H:%M"), self.zone.iana_name().unwrap_or("UTC"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn mornings(on: Vec<Weekday>, zone: &str) -> Schedule {
        Schedule { at: Time::constant(9, 0, 0, 0), on, zone: TimeZone::get(zone).unwrap() }
    }

    #[test]
    fn a_time_is_due_once_it_has_come() {
        let daily = mornings(Vec::new(), "UTC");
        let (before, after) = (at("2026-11-27T08:59:59Z"), at("2026-11-27T09:00:00Z"));
        assert_eq!(daily.due(at("2026-11-26T10:00:00Z"), before), None);
        assert_eq!(daily.due(before, after), Some(after));
        assert_eq!(daily.due(after, at("2026-11-27T12:00:00Z")), None);
        // Only the last one of several.
        assert_eq!(daily.due(at("2026-11-20T00:00:00Z"), at("2026-11-27T12:00:00Z")), Some(after));
    }

    #[test]
    fn days_and_zones_count() {
        let mondays = mornings(vec![Weekday::Monday], "America/New_York");
        assert_eq!(
            mondays.due(at("2026-11-22T00:00:00Z"), at("2026-11-29T00:00:00Z")),
            Some(at("2026-11-23T14:00:00Z"))
        );
        assert_eq!(mondays.due(at("2026-11-24T00:00:00Z"), at("2026-11-29T00:00:00Z")), None);
        assert_eq!(mondays.spelled(), "monday at 09:00, America/New_York");
        // The clocks go forward over it, and back.
        let night = Schedule { at: Time::constant(2, 30, 0, 0), ..mornings(Vec::new(), "Europe/Oslo") };
        assert_eq!(night.due(at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(night.due(at("2026-10-24T12:00:00Z"), at("2026-10-25T12:00:00Z")), Some(at("2026-10-25T00:30:00Z")));
    }

    proptest! {
        #[test]
        fn however_often_it_is_looked_each_day_is_due_once(looks in prop::collection::vec(1_i64..40_000, 1..60)) {
            let daily = mornings(Vec::new(), "Australia/Sydney");
            let start = at("2026-03-30T00:00:00Z");
            let (mut since, mut due) = (start, Vec::new());
            for seconds in looks {
                let now = since + jiff::SignedDuration::from_secs(seconds);
                due.extend(daily.due(since, now));
                since = now;
            }
            let days = (since.as_second() - start.as_second()) / 86_400;
            let count = i64::try_from(due.len()).unwrap();
            prop_assert!((days - 1..=days + 2).contains(&count));
            prop_assert!(due.is_sorted() && due.windows(2).all(|two| two[0] != two[1]));
        }
    }
}
