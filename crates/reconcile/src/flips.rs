//! Notices two sides that rewrite each other.
//!
//! A provider that turns what it is given into another value looks like a person who edits. If both do, a field would be
//! written back and forth for ever. People don't change one field on alternating sides that often.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{Field, Side};

use crate::{Document, Flips, Held, Note};

/// So many changes of sides within [`SPAN`] are no people.
const MOST: u32 = 6;
const SPAN: Duration = Duration::from_mins(10);

/// Counts the edits among the notes that turned a field round; a field that turns too often waits for a person.
pub(crate) fn watch(document: &mut Document, side: Side, notes: &[Note], now: Timestamp) -> Vec<Note> {
    let edited: Vec<Field> = notes
        .iter()
        .filter_map(|note| match note {
            Note::Edit(field) | Note::Conflict { field, .. } => Some(*field),
            Note::KeptThere(_) | Note::OwnWrite(_) | Note::NotTaken(_) | Note::Held(..) => None,
        })
        .collect();
    edited.into_iter().filter_map(|field| turn(document, side, field, now)).collect()
}

fn turn(document: &mut Document, side: Side, field: Field, now: Timestamp) -> Option<Note> {
    // Both sides of a field whose only writer is a person never flip: the other side's value is our own write.
    document.agreed[side.other()].get(&field)?;
    let flips = document.flips.entry(field).or_insert(Flips { count: 0, since: now, side });
    if now > flips.since + SPAN {
        *flips = Flips { count: 0, since: now, side };
    }
    if flips.side != side {
        flips.side = side;
        flips.count += 1;
    }
    if flips.count < MOST {
        return None;
    }
    document.flips.remove(&field);
    document.held.insert(field, Held::Oscillation);
    Some(Note::Held(field, Held::Oscillation))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tandem_contact::{Observed, Value};
    use tandem_proto::{ConnectionId, RecordId};

    use super::*;
    use crate::{ConflictPolicy, Direction, FieldRule, Found, Rules, adopt, decide, diff, read};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_776_000_000 + seconds).unwrap()
    }

    fn rules() -> Rules {
        let rule = FieldRule { direction: Direction::Both, conflict: ConflictPolicy::Newest };
        Rules { fields: BTreeMap::from([(Field::Company, rule)]), ..Rules::default() }
    }

    fn see(document: &mut Document, side: Side, text: &str, seconds: i64) -> Vec<Note> {
        let observed = Observed::from([(Field::Company, Value::text(text))]);
        let found = Found { id: "x1".to_owned(), observed, at: Some(at(seconds)) };
        read(document, &rules(), side, &found, at(seconds))
    }

    fn linked() -> Document {
        let mut document = Document::new(ConnectionId::new("acme").unwrap(), RecordId::new("r1").unwrap(), at(0));
        for (side, id) in [(Side::Ghl, "g1"), (Side::OpenPhone, "q1")] {
            adopt(&mut document, &rules(), side, id, at(0));
        }
        document
    }

    #[test]
    fn sides_that_rewrite_each_other_are_stopped_until_somebody_decides() {
        let mut document = linked();
        let mut held = None;
        for turn in 0..40 {
            let side = if turn % 2 == 0 { Side::Ghl } else { Side::OpenPhone };
            let notes = see(&mut document, side, &format!("value {turn}"), turn);
            if notes.contains(&Note::Held(Field::Company, Held::Oscillation)) {
                held = Some(turn);
                break;
            }
        }
        assert!(held.is_some_and(|turn| turn < 20), "never stopped");
        assert!(Side::BOTH.iter().all(|side| diff(&document, &rules(), *side).is_empty()), "still written");
        see(&mut document, Side::Ghl, "another", 60);
        assert!(diff(&document, &rules(), Side::OpenPhone).is_empty(), "written while it waits for a person");

        decide(&mut document, Field::Company, Value::text("Example Inc"), (Side::Ghl, Some(at(90))));
        assert_eq!(diff(&document, &rules(), Side::Ghl).len(), 1);
        assert_eq!(diff(&document, &rules(), Side::OpenPhone).len(), 1);
    }

    #[test]
    fn one_side_may_change_as_often_as_it_likes() {
        let mut document = linked();
        see(&mut document, Side::OpenPhone, "first", 0);
        for turn in 1..40 {
            let notes = see(&mut document, Side::Ghl, &format!("value {turn}"), turn);
            assert!(!notes.iter().any(|note| matches!(note, Note::Held(..))), "held after {turn} edits");
        }
    }

    #[test]
    fn people_who_take_turns_slowly_are_left_alone() {
        let mut document = linked();
        for turn in 0..40 {
            let side = if turn % 2 == 0 { Side::Ghl } else { Side::OpenPhone };
            let notes = see(&mut document, side, &format!("value {turn}"), turn * 300);
            assert!(!notes.iter().any(|note| matches!(note, Note::Held(..))), "held after {turn} edits");
        }
    }
}
