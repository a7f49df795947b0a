//! Whether this machine's clock is right, by the `Date` headers of both providers. Pure.

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use tandem_contact::Side;

use super::judge::called;
use super::report::Group;
use super::verdict::{Row, Verdict};

/// `OpenPhone`'s own samples take signatures that are five minutes old, and so do we (contract sheet, section 9.7).
const TOO_FAR: SignedDuration = SignedDuration::from_mins(5);
const SUSPICIOUS: SignedDuration = SignedDuration::from_mins(1);
/// `Date` has whole seconds.
const STEP: SignedDuration = SignedDuration::from_secs(1);

/// The row of the clock.
pub(super) const ROW: Row = Row { group: Group::Clock, name: "clock of this machine", operation: None };

const HINT: &str = "set this machine's clock by the network (on Linux: `timedatectl set-ntp true`). OpenPhone's webhooks are refused \
     when the clocks are more than 5 minutes apart, and tokens are renewed at the wrong time";

/// The time of an answer, by the provider's clock and by ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) side: Side,
    /// As the header says.
    pub(super) date: Timestamp,
    /// When the request left.
    pub(super) sent: Timestamp,
    /// When the answer was there.
    pub(super) received: Timestamp,
}

impl Reading {
    /// Of an answer with such a header.
    pub(super) fn of(side: Side, date: &str, (sent, received): (Timestamp, Timestamp)) -> Option<Self> {
        let date = DateTimeParser::new().parse_timestamp(date).ok()?;
        Some(Self { side, date, sent, received })
    }

    /// How far the provider's clock is ahead of ours, at least; negative when it is behind. None when they may agree.
    fn ahead(&self) -> SignedDuration {
        let least = self.date.duration_since(self.received);
        let most = self.date.duration_since(self.sent) + STEP;
        if least.is_positive() {
            least
        } else if most.is_negative() {
            most
        } else {
            SignedDuration::ZERO
        }
    }

    fn uncertainty(&self) -> SignedDuration {
        self.received.duration_since(self.sent)
    }
}

/// The reading of a side that says most.
fn best(readings: &[Reading], side: Side) -> Option<SignedDuration> {
    let of_side = readings.iter().filter(|reading| reading.side == side);
    of_side.min_by_key(|reading| reading.uncertainty()).map(Reading::ahead)
}

/// True where the clock is so wrong that signatures are refused.
pub(super) fn is_wrong(readings: &[Reading]) -> bool {
    apart(readings).is_some_and(|apart| apart.abs() >= TOO_FAR)
}

/// How far both providers are ahead of us, or the only one that was heard. None when they disagree, or nobody was heard.
fn apart(readings: &[Reading]) -> Option<SignedDuration> {
    match (best(readings, Side::Ghl), best(readings, Side::OpenPhone)) {
        (Some(ghl), Some(openphone)) if (ghl - openphone).abs() > SUSPICIOUS => None,
        (Some(ghl), Some(openphone)) => Some(if ghl.abs() < openphone.abs() { ghl } else { openphone }),
        (one, other) => one.or(other),
    }
}

/// What the readings amount to.
pub(super) fn verdict(readings: &[Reading]) -> Verdict {
    let sides: Vec<Side> = Side::BOTH.into_iter().filter(|side| best(readings, *side).is_some()).collect();
    let Some(apart) = apart(readings) else {
        if sides.is_empty() {
            return Verdict::skipped("neither provider has told the time");
        }
        return disagree(readings);
    };
    let by = sides.into_iter().map(called).collect::<Vec<_>>().join(" and ");
    if apart.abs() < SUSPICIOUS {
        return Verdict::pass(format!("right, by the clock of {by}"));
    }
    let which = if apart.is_positive() { "behind" } else { "ahead" };
    let message = format!("{} {which}, by the clock of {by}", words(apart));
    if apart.abs() < TOO_FAR { Verdict::warn(message, HINT) } else { Verdict::fail(message, HINT) }
}

fn disagree(readings: &[Reading]) -> Verdict {
    let of = |side| best(readings, side).unwrap_or_default();
    let (far, near) = if of(Side::Ghl).abs() > of(Side::OpenPhone).abs() {
        (Side::Ghl, Side::OpenPhone)
    } else {
        (Side::OpenPhone, Side::Ghl)
    };
    let message = format!(
        "{}'s answers carry a time that is {} off ours, and {}'s don't: it can't be told whose clock is wrong",
        called(far),
        words(of(far)),
        called(near)
    );
    Verdict::warn(message, format!("is there a proxy on the way to {} that answers for it?", called(far)))
}

/// A length of time for people: its two largest units. From a minute on, to ten seconds: more isn't known.
fn words(length: SignedDuration) -> String {
    let exact = length.unsigned_abs().as_secs();
    let seconds = if exact < 55 { exact } else { (exact + 5) / 10 * 10 };
    let units = [
        ("day", seconds / 86_400),
        ("hour", seconds / 3600 % 24),
        ("minute", seconds / 60 % 60),
        ("second", seconds % 60),
    ];
    let named = |(unit, count): (&str, u64)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    let told = units.into_iter().skip_while(|(_, count)| *count == 0).take(2).filter(|(_, count)| *count > 0);
    told.map(named).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::report::Status;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    /// Sent at 0, answered after so many seconds.
    fn reading(side: Side, ahead: i64, took: i64) -> Reading {
        Reading { side, date: at(ahead), sent: at(0), received: at(took) }
    }

    fn judged(readings: &[Reading]) -> (Status, String) {
        let Verdict { status, message, .. } = verdict(readings);
        (status, message)
    }

    #[test]
    fn a_clock_that_may_be_right_passes() {
        for (ahead, took) in [(0, 0), (-1, 0), (1, 1), (5, 9), (59, 0), (-59, 0)] {
            let (status, message) = judged(&[reading(Side::Ghl, ahead, took), reading(Side::OpenPhone, ahead, took)]);
            assert_eq!(status, Status::Pass, "{ahead} {took}: {message}");
            assert_eq!(message, "right, by the clock of GHL and OpenPhone");
        }
    }

    #[test]
    fn ten_minutes_fail_and_say_in_which_direction() {
        let both = |ahead| [reading(Side::Ghl, ahead, 0), reading(Side::OpenPhone, ahead + 1, 0)];
        let (status, message) = judged(&both(600));
        assert_eq!((status, message.as_str()), (Status::Fail, "10 minutes behind, by the clock of GHL and OpenPhone"));
        let (status, message) = judged(&both(-602));
        assert_eq!((status, message.as_str()), (Status::Fail, "10 minutes ahead, by the clock of GHL and OpenPhone"));
        assert!(is_wrong(&both(600)) && !is_wrong(&both(200)));
        let (status, message) = judged(&both(90));
        assert_eq!(
            (status, message.as_str()),
            (Status::Warn, "1 minute 30 seconds behind, by the clock of GHL and OpenPhone")
        );
    }

    #[test]
    fn one_provider_alone_is_believed_and_two_that_disagree_are_not() {
        assert_eq!(judged(&[reading(Side::OpenPhone, 600, 0)]).0, Status::Fail);
        let (status, message) = judged(&[reading(Side::OpenPhone, 600, 0), reading(Side::Ghl, 0, 0)]);
        assert_eq!(status, Status::Warn);
        assert!(
            message.starts_with("OpenPhone's answers carry a time that is 10 minutes off ours, and GHL's don't"),
            "{message}"
        );
        assert_eq!(judged(&[]).0, Status::Skipped);
    }

    #[test]
    fn the_quickest_answer_says_most() {
        let readings = [reading(Side::Ghl, 20, 40), reading(Side::Ghl, 400, 1)];
        assert!(is_wrong(&readings));
    }

    #[test]
    fn headers_are_read_as_servers_write_them() {
        let times = (at(0), at(1));
        let read = Reading::of(Side::Ghl, "Fri, 15 Jan 2027 08:00:00 GMT", times).unwrap();
        assert_eq!(read.date, at(0));
        assert_eq!(Reading::of(Side::Ghl, "yesterday", times), None);
    }

    #[test]
    fn lengths_are_told_in_two_units() {
        for (seconds, told) in [
            (1, "1 second"),
            (599, "10 minutes"),
            (64, "1 minute"),
            (86, "1 minute 30 seconds"),
            (3600, "1 hour"),
            (90_061, "1 day 1 hour"),
        ] {
            assert_eq!(words(SignedDuration::from_secs(-seconds)), told);
        }
    }
}
