//! Normal form of phone numbers, by libphonenumber's metadata.

use phonenumber::country::Id;

use crate::codec::PhoneStyle;

/// E.164 where the number can be read with `default_country` (ISO 3166-1 alpha-2) for numbers without a country
/// code; otherwise the trimmed text, because a short code or an extension must not get lost. Nothing when blank.
pub fn normal(raw: &str, default_country: &str) -> Option<String> {
    let text = raw.trim();
    if text.is_empty() {
        return None;
    }
    Some(e164(text, default_country).unwrap_or_else(|| text.to_owned()))
}

/// An E.164 number as people of `country` write it; nothing where it would not be read as the same number again.
pub fn written(number: &str, style: PhoneStyle, country: &str) -> Option<String> {
    let parsed = phonenumber::parse(None, number).ok()?;
    let is_of_country = parsed.country().id().is_some_and(|id| Ok(id) == country.parse());
    let mode = match style {
        PhoneStyle::E164 => phonenumber::Mode::E164,
        PhoneStyle::National if is_of_country => phonenumber::Mode::National,
        PhoneStyle::International | PhoneStyle::National => phonenumber::Mode::International,
    };
    let written = parsed.format().mode(mode).to_string();
    (normal(&written, country).as_deref() == Some(number)).then_some(written)
}

/// True for an ISO 3166-1 alpha-2 code that the metadata knows.
pub fn is_country(code: &str) -> bool {
    code.parse::<Id>().is_ok()
}

fn e164(text: &str, default_country: &str) -> Option<String> {
    if text.starts_with('+') {
        return international(text);
    }
    let country: Option<Id> = default_country.parse().ok();
    let number = phonenumber::parse(country, text).ok()?;
    // E.164 has no room for an extension, and an impossible number is better left as it was typed.
    if number.extension().is_some() || !is_possible(&number) {
        return None;
    }
    Some(number.format().mode(phonenumber::Mode::E164).to_string())
}

/// A number that names its country is what its digits say. Only its form is checked: the metadata of any country would
/// take some leading digits for a trunk prefix and drop them (`+7 8..`; `+33 1..` where the default is the US).
fn international(text: &str) -> Option<String> {
    // "+44 (0)20 ...": the trunk prefix as people write it for readers at home.
    let dialled = text.replacen("(0)", "", 1);
    let number = phonenumber::parse(None, &dialled).ok()?;
    let digits: String = dialled.chars().filter(char::is_ascii_digit).collect();
    let is_plain = dialled.chars().skip(1).all(|char| char.is_ascii_digit() || " ().-/\u{a0}".contains(char));
    let fits = number.extension().is_none() && is_plain && (7..=15).contains(&digits.len());
    fits.then(|| format!("+{digits}"))
}

fn is_possible(number: &phonenumber::PhoneNumber) -> bool {
    let digits = number.national().value().to_string().len() + number.code().value().to_string().len();
    (7..=15).contains(&digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ways_people_type_one_number_are_one_number() {
        for typed in ["+1 (415) 555-0123", "415-555-0123", "(415) 555 0123", "+14155550123", " 1 415 555 0123 "] {
            assert_eq!(normal(typed, "US").as_deref(), Some("+14155550123"), "{typed}");
        }
    }

    #[test]
    fn international_numbers_keep_their_country() {
        assert_eq!(normal("+44 20 7946 0018", "US").as_deref(), Some("+442079460018"));
        assert_eq!(normal("020 7946 0018", "GB").as_deref(), Some("+442079460018"));
        assert_eq!(normal("+91 95095 97501", "US").as_deref(), Some("+919509597501"));
    }

    #[test]
    fn no_digit_of_an_international_number_is_taken_for_a_prefix() {
        for (typed, normal_form) in [
            ("+33 1 99 00 00 00", "+33199000000"),
            ("+86 138 1234 5678", "+8613812345678"),
            ("+44 161 496 0018", "+441614960018"),
            ("+49 151 23456789", "+4915123456789"),
            ("+7 812 345 67 89", "+78123456789"),
            ("+44 (0)20 7946 0018", "+442079460018"),
        ] {
            for country in ["US", "GB", "DE"] {
                assert_eq!(normal(typed, country).as_deref(), Some(normal_form), "{typed} in {country}");
            }
        }
    }

    #[test]
    fn what_e164_cannot_hold_stays_as_typed() {
        assert_eq!(normal("415-555-0123 ext. 4", "US").as_deref(), Some("415-555-0123 ext. 4"));
        assert_eq!(normal("72345", "US").as_deref(), Some("72345"));
        assert_eq!(normal("call the office", "US").as_deref(), Some("call the office"));
        assert_eq!(normal("  ", "US"), None);
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(raw in "[+0-9 ()a-z.-]{0,24}") {
            if let Some(once) = normal(&raw, "US") {
                prop_assert_eq!(normal(&once, "US"), Some(once));
            }
        }

        #[test]
        fn a_number_that_is_written_down_is_read_as_the_same(raw in "[+0-9 ()-]{0,20}") {
            let Some(number) = normal(&raw, "US") else { return Ok(()) };
            for style in [PhoneStyle::E164, PhoneStyle::International, PhoneStyle::National] {
                if let Some(written) = written(&number, style, "US") {
                    prop_assert_eq!(normal(&written, "US"), Some(number.clone()));
                }
            }
        }

        #[test]
        fn an_international_number_keeps_every_digit(country in 1_u32..999, rest in "[0-9]{8,11}") {
            let typed = format!("+{country} {rest}");
            let digits = format!("+{country}{rest}");
            let normal = normal(&typed, "US").unwrap_or_default();
            prop_assert!(normal == digits || normal == typed, "{} became {}", typed, normal);
        }

        #[test]
        fn no_text_panics(raw in ".{0,40}", country in ".{0,3}") {
            let _normal = normal(&raw, &country);
        }
    }
}
