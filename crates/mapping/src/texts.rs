//! What rules must keep to that send texts: switched on in so many words, never at night, never too many.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Rules may send texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// From when on nobody is texted.
    pub from: Time,
    /// Until when; before `from` it is the next morning.
    pub to: Time,
    /// Where these times are.
    pub zone: TimeZone,
    /// Of all rules of the connection, within 24 hours.
    pub per_day: u32,
}

impl Texts {
    /// Until when nobody may be texted; none where somebody may be now.
    pub fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        let here = now.to_zoned_datetime(self.zone.clone());
        let time = here.time();
        let is_quiet = if self.from <= self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        };
        if !is_quiet {
            return None;
        }
        let ends_tomorrow = self.from > self.to && time >= self.from;
        let day = if ends_tomorrow { here.date().checked_add(1.day()).ok()? } else { here.date() };
        let until = day.to_datetime(self.to).to_zoned_datetime(self.zone.clone()).ok()?.timestamp();
        // Where clocks are changed meanwhile it may be over already.
        (until > now).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn texts(from: i8, to: i8) -> Texts {
        let time = |hour| Time::constant(hour, 0, 0, 0);
        Texts { from: time(from), to: time(to), zone: TimeZone::get("America/New_York").unwrap(), per_day: 10 }
    }

    #[test]
    fn nobody_is_texted_at_night() {
        let night = texts(20, 8);
        assert_eq!(night.quiet_until(at("2026-11-27T20:00:00Z")), None, "three in the afternoon there");
        assert_eq!(night.quiet_until(at("2026-11-28T02:00:00Z")), Some(at("2026-11-28T13:00:00Z")));
        assert_eq!(night.quiet_until(at("2026-11-28T12:59:00Z")), Some(at("2026-11-28T13:00:00Z")));
        assert_eq!(night.quiet_until(at("2026-11-28T13:00:00Z")), None);
        assert_eq!(texts(12, 14).quiet_until(at("2026-11-27T18:00:00Z")), Some(at("2026-11-27T19:00:00Z")));
    }

    proptest! {
        #[test]
        fn when_it_is_over_it_is_over(from in 0_i8..24, to in 0_i8..24, second in 0_i64..400 * 86_400) {
            let texts = texts(from, to);
            let now = at("2026-01-01T00:00:00Z") + jiff::SignedDuration::from_secs(second);
            if let Some(until) = texts.quiet_until(now) {
                prop_assert!(until > now && until.duration_since(now) <= jiff::SignedDuration::from_hours(25));
                prop_assert_eq!(texts.quiet_until(until), None);
            }
        }
    }
}
