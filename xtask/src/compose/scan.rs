//! Finding a number or a word in a text, without a parser for it.

use crate::Failure;

/// The whole number that follows the first such place.
pub(super) fn number_after(text: &str, place: &str) -> Result<u64, Failure> {
    let (_, after) = text.split_once(place).ok_or_else(|| format!("no {place} in: {text}"))?;
    let digits: String = after.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().map_err(|_| format!("no number after {place} in: {text}"))
}

/// How often the word is there.
pub(super) fn count(text: &str, word: &str) -> usize {
    text.matches(word).count()
}

/// The first line of container states that is not one of a healthy container.
pub(super) fn unhealthy(states: &str) -> Option<&str> {
    let mut lines = states.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.find(|line| !line.ends_with(" running healthy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_found() {
        assert_eq!(number_after(r#"{"a":1,"contacts": 23,"contacts":4}"#, "\"contacts\":"), Ok(23));
        assert!(number_after(r#"{"contacts":[]}"#, "\"contacts\":").is_err());
        assert!(number_after("{}", "\"contacts\":").is_err());
        assert_eq!(count(r#"["a","b","a"]"#, "\"a\""), 2);
    }

    #[test]
    fn the_container_that_is_waited_for_is_named() {
        assert_eq!(unhealthy("/a running healthy\n/b running healthy\n"), None);
        assert_eq!(unhealthy("/a running healthy\n/b running starting\n"), Some("/b running starting"));
        assert_eq!(unhealthy("/a exited unhealthy"), Some("/a exited unhealthy"));
        // A container without a health check.
        assert_eq!(unhealthy("/a running <no value>"), Some("/a running <no value>"));
    }
}
