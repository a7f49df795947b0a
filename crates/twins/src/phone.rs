//! How both twins read telephone numbers. Neither provider publishes its rules: plain United States input becomes
//! E.164, input with a plus sign keeps its digits, and anything else stays as it was typed.

/// The number as the provider will show it.
pub(crate) fn normal(input: &str) -> String {
    let input = input.trim();
    let digits: String = input.chars().filter(char::is_ascii_digit).collect();
    if input.chars().any(char::is_alphabetic) || digits.len() < 7 {
        return input.to_owned();
    }
    if input.starts_with('+') {
        return format!("+{digits}");
    }
    match digits.len() {
        10 => format!("+1{digits}"),
        11 if digits.starts_with('1') => format!("+{digits}"),
        _ => input.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn united_states_numbers_become_e164() {
        assert_eq!(normal("(415) 555-0100"), "+14155550100");
        assert_eq!(normal("1 415 555 0100"), "+14155550100");
        assert_eq!(normal("+1 415-555-0100"), "+14155550100");
    }

    #[test]
    fn everything_else_is_kept() {
        assert_eq!(normal("+44 20 7946 0018"), "+442079460018");
        assert_eq!(normal("911"), "911");
        assert_eq!(normal("1-800-FLOWERS"), "1-800-FLOWERS");
    }
}
