//! Identifiers in the providers' shapes, from a seeded generator so that a run can be repeated.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Makes identifiers.
pub(crate) struct Ids(StdRng);

impl Ids {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// GHL's shape: 20 letters and digits.
    pub(crate) fn letters(&mut self, length: usize) -> String {
        const SET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(SET[self.0.random_range(0..SET.len())])).collect()
    }

    /// OpenPhone's shape: 24 hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        const SET: &[u8] = b"0123456789abcdef";
        (0..length).map(|_| char::from(SET[self.0.random_range(0..SET.len())])).collect()
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let digits = self.hex(31);
        let variant = ["8", "9", "a", "b"][self.0.random_range(0..4)];
        format!(
            "{}-{}-4{}-{variant}{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..15],
            &digits[15..18],
            &digits[18..30]
        )
    }
}
