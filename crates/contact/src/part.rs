//! A long text in parts: `OpenPhone` takes a note of 2,000 characters (its contract sheet, section 7.3), GHL names no limit.
//!
//! The same text always has the same parts. A part ends where a word does; a mark at its end says that another one follows, and a
//! mark at the beginning of that one says where it comes from. Parts are counted from 1.

use std::ops::Range;

use crate::mention;

/// The most characters that a part has, marks and broken up mentions included, however they are counted.
pub const MOST: usize = 2_000;

/// Less than this may stand in a text anywhere.
const LEAST_MOVED: usize = 64;

const GOES_ON: &str = "\n[Tandem: goes on in the next note]";
const COMES_FROM: &str = "[Tandem: goes on from the note before]\n";

/// How many parts the text has. A text without anything in it still is one.
pub fn count(text: &str) -> usize {
    ranges(text).len().max(1)
}

/// A part with its marks; none where the text has fewer parts.
pub fn part(text: &str, number: usize) -> Option<String> {
    let ranges = ranges(text);
    let range = ranges.get(number.checked_sub(1)?)?;
    let before = if number > 1 { COMES_FROM } else { "" };
    let after = if number < ranges.len() { GOES_ON } else { "" };
    Some(format!("{before}{}{after}", &text[range.clone()]))
}

/// Where in the text a part stands that was last known to be this one: in its place, or else where its own text has moved to, which
/// only a part of several can. None where it can't be told.
pub fn find(text: &str, number: usize, known: &str) -> Option<Range<usize>> {
    let (ranges, own) = (ranges(text), without_marks(known));
    let in_place = ranges.get(number.checked_sub(1)?);
    if let Some(range) = in_place.filter(|range| mention::mended(&text[(*range).clone()]) == own) {
        return Some(range.clone());
    }
    if own.is_empty() {
        return (number == 1 && ranges.is_empty()).then_some(0..text.len());
    }
    let is_of_several = own != known.trim() && own.len() >= LEAST_MOVED;
    is_of_several.then(|| alone(text, own)).flatten()
}

/// Where the words stand, if they do so only once.
fn alone(text: &str, words: &str) -> Option<Range<usize>> {
    let mut found = text.match_indices(words);
    let (start, end) = found.next().map(|(at, words)| (at, at + words.len()))?;
    let is_end = |char: Option<char>| char.is_none_or(char::is_whitespace);
    let is_whole = is_end(text[..start].chars().next_back()) && is_end(text[end..].chars().next());
    (is_whole && found.next().is_none()).then_some(start..end)
}

/// The text with something else in place of a part, found by [`find`]; nothing takes the part away.
pub fn replaced(text: &str, range: &Range<usize>, new: Option<&str>) -> String {
    let (before, after) = (&text[..range.start], &text[range.end..]);
    let new = new.map(without_marks).unwrap_or_default();
    match (new, after.trim().is_empty()) {
        ("", true) => before.trim_end().to_owned(),
        ("", false) => format!("{before}{}", after.trim_start()),
        (new, _) => format!("{before}{new}{after}"),
    }
}

/// A part's own text.
pub fn without_marks(part: &str) -> &str {
    let part = part.trim();
    let part = part.strip_prefix(COMES_FROM.trim()).unwrap_or(part);
    part.strip_suffix(GOES_ON.trim()).unwrap_or(part).trim()
}

/// Where the parts are; between them is nothing but space.
fn ranges(text: &str) -> Vec<Range<usize>> {
    let (mut at, end) = (text.len() - text.trim_start().len(), text.trim_end().len());
    let mut ranges = Vec::new();
    while at < end {
        let rest = &text[at..end];
        let room = if ranges.is_empty() { MOST } else { MOST - width(COMES_FROM) };
        if width(rest) <= room {
            ranges.push(at..end);
            break;
        }
        let (part, next) = cut(rest, room - width(GOES_ON));
        ranges.push(at..at + part);
        at += next;
    }
    ranges
}

/// Where the part ends that the text begins with, and where the next one begins.
fn cut(text: &str, room: usize) -> (usize, usize) {
    let limit = fitting(text, room);
    // Of a word that is longer than half a part, as much as fits.
    let is_space = |(at, char): &(usize, char)| *at >= limit / 2 && char.is_whitespace();
    let within = text.char_indices().take_while(|(at, _)| *at <= limit);
    let Some((space, _)) = within.filter(is_space).last() else { return (limit, limit) };
    let next = text.len() - text[space..].trim_start().len();
    (text[..space].trim_end().len(), next)
}

/// How many bytes fit.
fn fitting(text: &str, room: usize) -> usize {
    let mut taken = 0;
    for (at, char) in text.char_indices() {
        taken += width_at(text, at, char);
        if taken > room {
            return at;
        }
    }
    text.len()
}

/// Nobody says how characters are counted. No usual way counts more than UTF-16 does.
fn width(text: &str) -> usize {
    text.char_indices().map(|(at, char)| width_at(text, at, char)).sum()
}

fn width_at(text: &str, at: usize, char: char) -> usize {
    char.len_utf16() + usize::from(mention::begins(&text[at..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(count: usize) -> String {
        (0..count).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_fits_is_one_part_without_marks() {
        for text in ["Called back", &"é".repeat(MOST)] {
            assert_eq!((count(text), part(text, 1).as_deref(), part(text, 2)), (1, Some(text), None));
        }
        assert_eq!((count("  \n"), part("  \n", 1)), (1, None));
        assert_eq!(count(&"é".repeat(MOST + 1)), 2);
        assert_eq!(count(&"😀".repeat(MOST / 2 + 1)), 2, "whoever counts UTF-16 would refuse it");
    }

    #[test]
    fn a_long_text_goes_on_from_note_to_note() {
        let text = words(600);
        let parts: Vec<String> = (1..=count(&text)).map(|number| part(&text, number).unwrap()).collect();
        assert_eq!(parts.len(), 3);
        assert!(parts[0].starts_with("word0 ") && parts[0].ends_with(GOES_ON));
        assert!(parts[1].starts_with(COMES_FROM) && parts[1].ends_with(GOES_ON));
        assert!(parts[2].starts_with(COMES_FROM) && parts[2].ends_with("word599"));
        let own: Vec<&str> = parts.iter().map(|part| without_marks(part)).collect();
        assert_eq!(own.join(" "), text);
    }

    fn changed(text: &str, number: usize, new: Option<&str>) -> String {
        let known = part(text, number).unwrap_or_default();
        replaced(text, &find(text, number, &known).unwrap(), new)
    }

    #[test]
    fn a_part_that_is_taken_away_leaves_the_others() {
        let text = words(600);
        let own = |number| without_marks(&part(&text, number).unwrap()).to_owned();
        assert_eq!(changed(&text, 2, None), format!("{} {}", own(1), own(3)));
        assert_eq!(changed(&text, 3, None), format!("{} {}", own(1), own(2)));
        assert_eq!(changed("All of it", 1, None), "");
        assert_eq!(changed(" ", 1, Some("Something")), "Something");
        assert_eq!(find(&text, 4, ""), None);
    }

    #[test]
    fn a_part_that_has_moved_is_found() {
        let text = words(600);
        let [first, second] = [1, 2].map(|number| part(&text, number).unwrap());
        let shorter = changed(&text, 1, Some(&first[..500]));
        assert_ne!(part(&shorter, 2).unwrap(), second);
        let range = find(&shorter, 2, &second).unwrap();
        assert_eq!(&shorter[range], without_marks(&second));
        assert_eq!(find(&text, 2, &second).unwrap().start, text.find(without_marks(&second)).unwrap());
        assert_eq!(find("Nothing of it", 2, &second), None);
        assert_eq!(find("Call Ana back", 1, "Call Ana"), None, "a short note has no parts that move");
    }

    proptest! {
        #[test]
        fn every_part_fits_and_nothing_is_lost(text in "([a-zé😀@]{1,12}[ \n]{0,3}|@US|@GR1 ){0,900}") {
            let ranges = ranges(&text);
            let mut at = 0;
            for (range, number) in ranges.iter().zip(1..) {
                prop_assert!(text[at..range.start].trim().is_empty(), "left out: {:?}", &text[at..range.start]);
                let part = part(&text, number).unwrap();
                let there = mention::broken_up(&part);
                prop_assert!(there.encode_utf16().count() <= MOST && !there.is_empty());
                prop_assert_eq!(part.trim(), &part);
                prop_assert_eq!(without_marks(&part), &text[range.clone()]);
                at = range.end;
            }
            prop_assert!(text[at..].trim().is_empty());
        }

        #[test]
        fn a_part_put_back_changes_nothing(text in "([a-zé😀]{1,9}[ \n]{1,2}){0,700}", word in "[a-z]{1,9}") {
            for number in 1..=ranges(&text).len() {
                let same = part(&text, number).unwrap();
                prop_assert_eq!(changed(&text, number, Some(&same)), text.clone());
                let own = without_marks(&same);
                let other = changed(&text, number, Some(&format!("{word} {own}")));
                prop_assert_eq!(other.len(), text.len() + word.len() + 1);
                prop_assert_eq!(other.replacen(&format!("{word} {own}"), own, 1), text.clone());
            }
        }
    }
}
