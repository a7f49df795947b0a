//! Exponential backoff with full jitter.

use std::time::Duration;

/// How long to wait before attempt `attempt + 1`: anything up to `base * 2^attempt`, at most `cap`.
///
/// `random` is a number in `[0, 1)`; what lies outside is brought back into it. The whole range is used ("full
/// jitter"): workers that failed at the same moment spread out instead of coming back as one wave.
pub fn delay(attempt: u32, base: Duration, cap: Duration, random: f64) -> Duration {
    ceiling(attempt, base, cap).mul_f64(if random.is_nan() { 1.0 } else { random.clamp(0.0, 1.0) })
}

/// The longest wait that [`delay`] can give for this attempt.
pub fn ceiling(attempt: u32, base: Duration, cap: Duration) -> Duration {
    let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
    base.checked_mul(factor).map_or(cap, |delay| delay.min(cap))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: Duration = Duration::from_millis(500);
    const CAP: Duration = Duration::from_mins(1);

    #[test]
    fn the_ceiling_doubles_until_the_cap() {
        let ceilings: Vec<u128> = (0..9).map(|attempt| ceiling(attempt, BASE, CAP).as_millis()).collect();
        assert_eq!(ceilings, [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
        assert_eq!(ceiling(u32::MAX, BASE, CAP), CAP);
    }

    proptest! {
        #[test]
        fn a_delay_never_passes_its_ceiling(attempt: u32, random: f64, base_ms in 0_u64..100_000, cap_ms in 0_u64..10_000_000) {
            let (base, cap) = (Duration::from_millis(base_ms), Duration::from_millis(cap_ms));
            prop_assert!(delay(attempt, base, cap, random) <= ceiling(attempt, base, cap));
            prop_assert!(ceiling(attempt, base, cap) <= cap);
        }

        #[test]
        fn a_larger_random_number_waits_no_shorter(attempt in 0_u32..40, a in 0.0_f64..1.0, b in 0.0_f64..1.0) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(delay(attempt, BASE, CAP, low) <= delay(attempt, BASE, CAP, high));
        }
    }
}
