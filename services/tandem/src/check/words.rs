//! What a provider said, before it is shown: it can repeat what we sent, and quote a contact.

/// A line of a table; the provider's support has the whole under its trace id.
const MOST: usize = 200;
/// Stands for what is not shown.
const HIDDEN: &str = "…";
/// A run of so many digits may be a phone number.
const DIGITS_OF_A_NUMBER: usize = 7;

/// The words without what is private, without addresses and without numbers that could be somebody's.
pub(super) fn shown(words: &str, private: &[&str]) -> String {
    let mut text = words.to_owned();
    for secret in private.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, HIDDEN);
    }
    let words: Vec<String> = text.split_whitespace().map(without_person).collect();
    let text = without_numbers(&words.join(" "));
    if text.chars().count() <= MOST {
        return text;
    }
    text.chars().take(MOST).chain(HIDDEN.chars()).collect()
}

/// The provider's id of a request, if it is one: letters, digits and a few signs.
pub(super) fn trace(text: &str) -> Option<String> {
    const MOST: usize = 64;
    let is_id = text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | ':'));
    (is_id && (1..=MOST).contains(&text.len())).then(|| text.to_owned())
}

fn without_person(word: &str) -> String {
    let is_address = word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if is_address { HIDDEN.to_owned() } else { word.to_owned() }
}

/// Phone numbers come with blanks, dashes and brackets in them.
fn without_numbers(text: &str) -> String {
    let mut shown = String::new();
    let mut run = String::new();
    for char in text.chars().chain(['\0']) {
        if char.is_ascii_digit() || !run.is_empty() && is_within_number(char) || matches!(char, '+' | '(') {
            run.push(char);
            continue;
        }
        shown.push_str(&finished(&run));
        run.clear();
        if char != '\0' {
            shown.push(char);
        }
    }
    shown
}

fn is_within_number(char: char) -> bool {
    matches!(char, ' ' | '-' | '.' | '(' | ')')
}

/// The run as it is, or hidden, with the signs behind it kept.
fn finished(run: &str) -> String {
    if run.chars().filter(char::is_ascii_digit).count() < DIGITS_OF_A_NUMBER {
        return run.to_owned();
    }
    let end = run.trim_end_matches(|char: char| !char.is_ascii_digit()).len();
    format!("{HIDDEN}{}", &run[end..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_words_are_shown_as_they_are() {
        for words in [
            "The token is not authorized for this scope.",
            "The token does not have access to this location.",
            "Location is not active",
            "Invalid token: access token is invalid",
            "property x should not exist; limit must not be greater than 500 (got 1000)",
            "version header was not found or is not supported (2021-07)",
        ] {
            assert_eq!(shown(words, &["pit-secret"]), words);
        }
    }

    #[test]
    fn what_was_sent_and_who_is_quoted_is_hidden() {
        let said = "token pit-1 of ana@example.com, +1 (415) 555-0123 and 4155550123: contact c9 not found.";
        let text = shown(said, &["pit-1", "c9", ""]);
        assert_eq!(text, "token … of … … and …: contact … not found.");
    }

    #[test]
    fn a_trace_is_an_id_or_nothing() {
        let id = "898893cc-05e6-4bf0-a5d8-e6f866949b91";
        assert_eq!(trace(id).as_deref(), Some(id));
        for text in ["", "ana@example.com", "two words", &"x".repeat(65)] {
            assert_eq!(trace(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_answer_is_cut() {
        let text = shown(&"word ".repeat(100), &[]);
        assert_eq!(text.chars().count(), MOST + 1);
        assert!(text.ends_with(HIDDEN));
    }

    proptest! {
        #[test]
        fn nothing_private_survives(before in "[ -~]{0,60}", after in "[ -~é]{0,60}") {
            let text = shown(&format!("{before} sk-1x9 {after} bea@example.org +14155550177"), &["sk-1x9"]);
            prop_assert!(!text.contains("sk-1x9"), "{text}");
            prop_assert!(!text.contains("bea@") && !text.contains("5550177"), "{text}");
        }
    }
}
