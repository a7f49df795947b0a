//! Telephone numbers nobody has: from the ranges that regulators keep for fiction, each handed out once.

use rand::RngExt as _;
use rand::rngs::StdRng;

/// Area codes whose 555-0100 to 555-0199 are kept for fiction.
const US_AREAS: [&str; 40] = [
    "415", "212", "312", "512", "206", "702", "303", "617", "404", "213", "310", "718", "214", "713", "602", "619",
    "503", "612", "305", "407", "813", "704", "615", "816", "314", "216", "614", "313", "414", "317", "502", "901",
    "504", "405", "505", "801", "916", "808", "907", "401",
];

/// Where a number is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Country {
    UnitedStates,
    UnitedKingdom,
    Germany,
    France,
    India,
    Australia,
}

impl Country {
    pub(crate) const ABROAD: [Self; 5] =
        [Self::UnitedKingdom, Self::Germany, Self::France, Self::India, Self::Australia];

    /// The `n`th number, as people there write it.
    fn number(self, n: usize, rng: &mut StdRng) -> String {
        let (high, low) = (n / 100 % 100, n % 100);
        match self {
            Self::UnitedStates => us(US_AREAS[n / 100 % US_AREAS.len()], low, rng),
            Self::UnitedKingdom => format!("+44 20 7946 {:04}", n % 1000),
            Self::Germany => format!("+49 30 23125 {:03}", n % 1000),
            Self::France => format!("+33 1 99 00 {high:02} {low:02}"),
            // India keeps no range for fiction; this is the one its textbooks use.
            Self::India => format!("+91 98765 43{:03}", n % 1000),
            Self::Australia => format!("+61 2 5550 {:04}", n % 10_000),
        }
    }
}

/// The ways people type a number of their own country.
fn us(area: &str, low: usize, rng: &mut StdRng) -> String {
    match rng.random_range(0..4) {
        0 => format!("({area}) 555-01{low:02}"),
        1 => format!("{area}-555-01{low:02}"),
        2 => format!("+1 {area} 555 01{low:02}"),
        _ => format!("+1{area}55501{low:02}"),
    }
}

/// Hands out numbers, none of them twice within a range's size.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    given: [usize; 6],
}

impl Numbers {
    pub(crate) fn next(&mut self, country: Country, rng: &mut StdRng) -> String {
        let given = &mut self.given[country as usize];
        *given += 1;
        country.number(*given - 1, rng)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn every_number_has_its_digits_in_e164_and_is_given_once() {
        let (mut numbers, mut rng) = (Numbers::default(), StdRng::seed_from_u64(1));
        let mut seen = BTreeSet::new();
        let mut check = |country: Country| {
            let typed = numbers.next(country, &mut rng);
            let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
            let wanted = if typed.starts_with('+') { format!("+{digits}") } else { format!("+1{digits}") };
            assert_eq!(tandem_contact::phone::normal(&typed, "US"), Some(wanted.clone()));
            assert!(seen.insert(wanted), "{typed} twice");
        };
        (0..4000).for_each(|_| check(Country::UnitedStates));
        for country in Country::ABROAD {
            (0..1000).for_each(|_| check(country));
        }
    }
}
