//! Words that notify people in an `OpenPhone` note: `@US…`, `@GR…` and `@OR…` (its contract sheet, section 7.3). Text that comes
//! from elsewhere names nobody there on purpose, so it goes there broken up, and is read as it was.

/// Takes no room, and keeps the two apart that it stands between.
const JOINER: char = '\u{2060}';
/// How the ids of users, groups and organisations begin.
const KINDS: [&str; 3] = ["US", "GR", "OR"];

/// The text in which nobody is mentioned.
pub fn broken_up(text: &str) -> String {
    let mut broken = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        broken.push(char);
        if begins(&text[at..]) {
            broken.push(JOINER);
        }
    }
    broken
}

/// The text as it was before it was broken up.
pub fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut is_after_at = false;
    for (at, char) in text.char_indices() {
        let rest = &text[at + char.len_utf8()..];
        if !(is_after_at && char == JOINER && is_kind(rest)) {
            mended.push(char);
        }
        is_after_at = char == '@';
    }
    mended
}

/// Whether a mention begins here.
pub(crate) fn begins(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(is_kind)
}

fn is_kind(text: &str) -> bool {
    KINDS.iter().any(|kind| text.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whoever_is_named_is_not_told() {
        assert_eq!(broken_up("Ask @USabc, not @us or a@b.OR"), "Ask @\u{2060}USabc, not @us or a@b.OR");
        assert_eq!(broken_up("@@GR1"), "@@\u{2060}GR1");
        assert_eq!(mended("Ask @\u{2060}USabc, @\u{2060}home"), "Ask @USabc, @\u{2060}home");
    }

    proptest! {
        #[test]
        fn what_was_broken_up_is_mended(text in "([@USGROR \n\u{2060}é😀a]|@US|@GR|@OR){0,60}") {
            let broken = broken_up(&text);
            for kind in KINDS {
                prop_assert!(!broken.contains(&format!("@{kind}")), "{broken:?} mentions somebody");
            }
            prop_assert_eq!(mended(&broken), mended(&text));
            if !text.contains(JOINER) {
                prop_assert_eq!(mended(&broken), text);
            }
        }
    }
}
