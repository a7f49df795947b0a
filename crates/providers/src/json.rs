//! JSON from outside: size, encoding and depth are checked before it is parsed, and fields are read leniently.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

/// The largest webhook body that is looked at.
pub const MAX_WEBHOOK_BYTES: usize = 1 << 20;

/// Real bodies are flat or a few levels deep; deeper ones are made to hurt.
const MAX_DEPTH: usize = 32;

/// A webhook body can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Larger than [`MAX_WEBHOOK_BYTES`].
    #[error("the body is larger than {MAX_WEBHOOK_BYTES} bytes")]
    TooLarge,
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Nested deeper than any event.
    #[error("the body is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// JSON, but not an event.
    #[error("the body is not an event: it is no object with a `type`")]
    NotAnEvent,
}

/// Parses a webhook body within the limits; the answer is always an object.
pub(crate) fn event(body: &[u8]) -> Result<Map<String, Json>, ParseError> {
    if body.len() > MAX_WEBHOOK_BYTES {
        return Err(ParseError::TooLarge);
    }
    let text = std::str::from_utf8(body).map_err(|_| ParseError::NotUtf8)?;
    if depth(body) > MAX_DEPTH {
        return Err(ParseError::TooDeep);
    }
    match serde_json::from_str(text) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(ParseError::NotAnEvent),
        Err(_) => Err(ParseError::NotJson),
    }
}

/// Parses an answer's body; anything but an object is nothing. `serde_json` itself stops at 128 levels.
pub(crate) fn object(body: &[u8]) -> Option<Map<String, Json>> {
    serde_json::from_slice(body).ok()
}

/// The deepest nesting, brackets in strings not counted. Works on broken JSON too: it only ever reads on.
fn depth(body: &[u8]) -> usize {
    let mut outside = Outside::default();
    let (mut now, mut deepest) = (0_usize, 0);
    for &byte in body {
        if !outside.of_strings(byte) {
            continue;
        }
        match byte {
            b'{' | b'[' => now += 1,
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
}

/// Tells byte by byte whether JSON text is outside of a string.
#[derive(Default)]
pub(crate) struct Outside {
    in_string: bool,
    escaped: bool,
}

impl Outside {
    /// True for a byte outside of strings; the quotes belong to the string.
    pub(crate) fn of_strings(&mut self, byte: u8) -> bool {
        if !self.in_string {
            self.in_string = byte == b'"';
            return !self.in_string;
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
        false
    }
}

/// The text under `key`; numbers count as text, blank text as none.
pub(crate) fn text(object: &Map<String, Json>, key: &str) -> Option<String> {
    object.get(key).and_then(plain)
}

/// A string or a number as text that isn't blank.
pub(crate) fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The time under `key`: ISO 8601, or milliseconds since 1970.
pub(crate) fn time(object: &Map<String, Json>, key: &str) -> Option<Timestamp> {
    match object.get(key)? {
        Json::String(text) => text.parse().ok(),
        Json::Number(number) => Timestamp::from_millisecond(number.as_i64()?).ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The object under `key`.
pub(crate) fn child<'a>(object: &'a Map<String, Json>, key: &str) -> Option<&'a Map<String, Json>> {
    object.get(key).and_then(Json::as_object)
}

/// The items of the list under `key`; none when there is no list.
pub(crate) fn list<'a>(object: &'a Map<String, Json>, key: &str) -> &'a [Json] {
    object.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// An object of what is given; what isn't is left out, never sent as `null`.
pub(crate) fn given<const N: usize>(entries: [(&str, Option<Json>); N]) -> Json {
    let given = entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    given.collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits_hold_before_the_parser_sees_the_body() {
        assert_eq!(event(&vec![b' '; MAX_WEBHOOK_BYTES + 1]), Err(ParseError::TooLarge));
        assert_eq!(event(b"{\"type\":\"\xff\"}"), Err(ParseError::NotUtf8));
        assert_eq!(event(b"[]"), Err(ParseError::NotAnEvent));
        assert_eq!(event(b""), Err(ParseError::NotJson));
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(event(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert_eq!(event(nested(MAX_DEPTH).as_bytes()), Err(ParseError::TooDeep));
        assert_eq!(event("[".repeat(MAX_WEBHOOK_BYTES).as_bytes()), Err(ParseError::TooDeep));
    }

    #[test]
    fn brackets_in_strings_are_not_nesting() {
        let text = format!(r#"{{"note":"\"{}"}}"#, "[{".repeat(200));
        assert!(event(text.as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _event = event(&body);
            let _object = object(&body);
        }
    }
}
