//! The bound in any window, the use of the rate, and holds.

use proptest::prelude::*;

use super::*;

const GHL: Rate = Rate { requests: 100, per: Duration::from_secs(10) };
const OPENPHONE: Rate = Rate { requests: 10, per: Duration::from_secs(1) };

/// Most starts in any window of this length, both ends included.
fn most_in_a_window(starts: &[Duration], window: Duration) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (last, start) in starts.iter().enumerate() {
        while (*start).checked_sub(starts[first]).unwrap() > window {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    most
}

/// Asks for a slot whenever one is free, after the given pauses.
fn starts(rate: Rate, pauses: &[Duration]) -> Vec<Duration> {
    let mut gcra = Gcra::new(rate.pace());
    let mut now = Duration::from_secs(1_000);
    let mut starts = Vec::new();
    for pause in pauses {
        now += *pause;
        match gcra.reserve(now, Duration::MAX) {
            Reservation::Reserved { at } => starts.push(at),
            Reservation::Wait(_) => unreachable!("any wait was fine"),
        }
    }
    starts
}

#[test]
fn published_rates_get_the_pace_that_the_design_names() {
    assert_eq!(GHL.pace().burst, 5);
    assert_eq!(GHL.pace().interval.as_millis(), 104);
    assert_eq!(OPENPHONE.pace().burst, 1);
    assert_eq!(OPENPHONE.pace().interval.as_millis(), 105);
}

#[test]
fn a_slot_beyond_the_wait_is_not_taken() {
    let mut gcra = Gcra::new(OPENPHONE.pace());
    let now = Duration::from_secs(5);
    assert_eq!(gcra.reserve(now, Duration::ZERO), Reservation::Reserved { at: now });
    let Reservation::Wait(wait) = gcra.reserve(now, Duration::ZERO) else {
        panic!("the burst of one was already used");
    };
    let later = now + wait;
    assert_eq!(gcra.reserve(later, Duration::ZERO), Reservation::Reserved { at: later });
}

#[test]
fn after_a_hold_the_burst_does_not_start_over() {
    let mut gcra = Gcra::new(GHL.pace());
    let until = Duration::from_mins(1);
    gcra.hold_until(until);
    let slots: Vec<Duration> = (0..3)
        .map(|_| {
            let at = gcra.next_slot(Duration::from_secs(1));
            gcra.reserve(Duration::from_secs(1), Duration::MAX);
            at
        })
        .collect();
    assert_eq!(slots, [until, until + GHL.pace().interval, until + 2 * GHL.pace().interval]);
}

#[test]
fn a_hold_never_shortens_one_that_is_longer() {
    let mut gcra = Gcra::new(OPENPHONE.pace());
    gcra.hold_until(Duration::from_mins(1));
    gcra.hold_until(Duration::from_secs(30));
    assert_eq!(gcra.next_slot(Duration::ZERO), Duration::from_mins(1));
}

#[test]
fn the_remainder_goes_to_the_first_ranks() {
    let shares: Vec<u32> = (0..5).map(|rank| OPENPHONE.share(4, rank).requests).collect();
    assert_eq!(shares, [3, 3, 2, 2, 0]);
    assert_eq!(OPENPHONE.share(0, 0), OPENPHONE, "nobody else is known");
}

prop_compose! {
    fn any_rate()(requests in 1_u32..400, per_ms in 100_u64..100_000) -> Rate {
        Rate { requests, per: Duration::from_millis(per_ms) }
    }
}

proptest! {
    #[test]
    fn no_window_sees_more_than_the_rate(rate in any_rate(), pauses in prop::collection::vec(0_u64..3_000, 1..600)) {
        let pauses: Vec<Duration> = pauses.into_iter().map(|ms| Duration::from_millis(ms.saturating_sub(2_000))).collect();
        prop_assert!(most_in_a_window(&starts(rate, &pauses), rate.per) <= rate.requests as usize);
    }

    #[test]
    fn a_backlog_uses_nine_tenths_of_the_rate(rate in any_rate()) {
        let windows = 20;
        let all = starts(rate, &vec![Duration::ZERO; rate.requests as usize * windows]);
        let span = (*all.last().unwrap()).checked_sub(all[0]).unwrap();
        let published = f64::from(rate.requests) * span.as_secs_f64() / rate.per.as_secs_f64();
        let used = f64::from(u32::try_from(all.len()).unwrap());
        prop_assert!(used >= 0.9 * published, "{used} of {published}");
    }

    #[test]
    fn shares_add_up_to_the_rate_and_differ_by_one_at_most(rate in any_rate(), count in 1_u32..500) {
        let shares: Vec<u32> = (0..count).map(|rank| rate.share(count, rank).requests).collect();
        prop_assert_eq!(shares.iter().sum::<u32>(), rate.requests);
        prop_assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        prop_assert_eq!(rate.share(count, count).requests, 0);
        prop_assert_eq!(rate.share(count, 0).per, rate.per);
    }

    #[test]
    fn any_rate_at_all_has_a_pace(requests: u32, per_ms: u32) {
        let rate = Rate { requests, per: Duration::from_millis(u64::from(per_ms)) };
        prop_assert!(rate.pace().burst >= 1);
    }

    #[test]
    fn no_rate_and_no_hold_is_too_large(requests: u32, per_ms: u64, now_s in 0_u64..1 << 31, hold_s: u64) {
        let (now, hold) = (Duration::from_secs(now_s), Duration::from_secs(hold_s));
        let mut gcra = Gcra::new(Rate { requests, per: Duration::from_millis(per_ms) }.pace());
        prop_assert_eq!(gcra.reserve(now, Duration::MAX), Reservation::Reserved { at: now });
        gcra.hold_until(hold);
        let next = gcra.next_slot(now);
        prop_assert!(next >= now);
        prop_assert!(requests > 100_000 || next >= hold.min(now + Duration::from_hours(24)), "{next:?}");
    }
}
