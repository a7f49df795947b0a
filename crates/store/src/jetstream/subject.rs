//! Keys as subjects: `record/acme/r1` is `$KV.STATE.record.acme.r1`.
//!
//! The parts of a key become the tokens of a subject, so that the server can filter by them. A token holds letters,
//! digits, `-` and `_` as they are, any other byte as `=` and two hexadecimal digits; an empty part is `=`.

use std::fmt::Write as _;

use crate::Error;

pub(super) const ROOT: &str = "$KV.STATE.";
/// A line of the protocol may have 4,096 bytes and holds up to one subject and the place for the answer.
const LIMIT: usize = 2_000;

/// The subject of a key.
pub(super) fn encode(key: &str) -> Result<String, Error> {
    let subject = with_tokens(key.split('/'));
    if subject.len() > LIMIT {
        return Err(Error::KeyTooLong { length: subject.len(), limit: LIMIT });
    }
    Ok(subject)
}

/// The key of a subject; none where the subject is not one of ours.
pub(super) fn decode(subject: &str) -> Option<String> {
    let parts: Option<Vec<String>> = subject.strip_prefix(ROOT)?.split('.').map(part).collect();
    let key = parts?.join("/");
    // There is one way to write a key: anything else was put there by somebody else.
    (with_tokens(key.split('/')) == subject).then_some(key)
}

/// The narrowest filter that every key with this prefix passes; others may pass too. None where a key with this prefix
/// would be too long to exist.
pub(super) fn filter(prefix: &str) -> Option<String> {
    // The last part may go on in the key.
    let Some((whole, _)) = prefix.rsplit_once('/') else { return Some(format!("{ROOT}>")) };
    let subject = with_tokens(whole.split('/'));
    (subject.len() < LIMIT).then(|| format!("{subject}.>"))
}

fn with_tokens<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut subject = ROOT.to_owned();
    for (index, part) in parts.enumerate() {
        if index > 0 {
            subject.push('.');
        }
        write_token(&mut subject, part);
    }
    subject
}

fn write_token(subject: &mut String, part: &str) {
    if part.is_empty() {
        subject.push('=');
    }
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            subject.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _written = write!(subject, "={byte:02X}");
        }
    }
}

fn part(token: &str) -> Option<String> {
    if token == "=" {
        return Some(String::new());
    }
    let mut pieces = token.split('=');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, plain) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(plain.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tandem_jetstream::async_nats::Subject;

    use super::*;

    /// As the server matches a filter that ends in `>`.
    fn passes(subject: &str, filter: &str) -> bool {
        let begin = filter.strip_suffix('>').unwrap();
        subject.len() > begin.len() && subject.starts_with(begin)
    }

    fn any_key() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[a-c=./*> \\-_\u{0}-\u{20}äß\u{10FFFF}]{0,12}"]
    }

    #[test]
    fn keys_stay_legible() {
        assert_eq!(encode("record/acme/r-1_x").unwrap(), "$KV.STATE.record.acme.r-1_x");
        assert_eq!(encode("").unwrap(), "$KV.STATE.=");
        assert_eq!(encode("a//b.c/ä/").unwrap(), "$KV.STATE.a.=.b=2Ec.=C3=A4.=");
    }

    #[test]
    fn prefixes_are_as_narrow_as_whole_parts_are() {
        assert_eq!(filter("").unwrap(), "$KV.STATE.>");
        assert_eq!(filter("record").unwrap(), "$KV.STATE.>");
        assert_eq!(filter("record/ac").unwrap(), "$KV.STATE.record.>");
        assert_eq!(filter("record/acme/").unwrap(), "$KV.STATE.record.acme.>");
        assert_eq!(filter(&"a/".repeat(2_000)), None);
    }

    #[test]
    fn foreign_subjects_are_not_keys() {
        for foreign in
            ["a", "$KV.OTHER.a", "$KV.STATE.a=2", "$KV.STATE.a=2e", "$KV.STATE.=61", "$KV.STATE.=FF", "$KV.STATE.a/b"]
        {
            assert_eq!(decode(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_key_that_no_subject_can_hold_is_refused() {
        assert!(encode(&"a".repeat(1_900)).is_ok());
        let refused = encode(&"ä".repeat(1_900)).unwrap_err();
        assert!(matches!(refused, Error::KeyTooLong { length: 11_410, limit: 2_000 }), "{refused:?}");
    }

    proptest! {
        #[test]
        fn every_key_comes_back_from_a_valid_subject(key in any_key()) {
            let subject = with_tokens(key.split('/'));
            prop_assert_eq!(decode(&subject), Some(key));
            prop_assert!(Subject::validated(&subject).is_ok(), "{}", subject);
            prop_assert!(subject.is_ascii() && !subject.contains(['*', '>', ' ']));
        }

        #[test]
        fn different_keys_have_different_subjects(one in any_key(), other in any_key()) {
            prop_assume!(one != other);
            prop_assert_ne!(with_tokens(one.split('/')), with_tokens(other.split('/')));
        }

        #[test]
        fn no_key_is_missed_by_the_filter_of_its_prefix(prefix in any_key(), rest in any_key()) {
            let subject = with_tokens(format!("{prefix}{rest}").split('/'));
            prop_assert!(passes(&subject, &filter(&prefix).unwrap()));
        }
    }
}
