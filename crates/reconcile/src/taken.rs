//! What a side made of a value that we sent, judged by its own answer.
//!
//! Providers trim, fold, cut and drop. Taken for a person's edit, that would travel back and change the value where it came from,
//! or start two providers on rewriting each other for ever.

use std::collections::BTreeSet;

use tandem_contact::Value;

/// Texts that are cut to fewer characters than this are no longer taken for a beginning.
const SHORTEST_CUT: usize = 16;

/// What the side is to be taken to hold because of our write; what differs from `answered` then is somebody else's edit.
///
/// `before` is what the side held until then. Our value is what counts as sent unless the answer shows that the side left it
/// out, kept what it had, or took it in a form of its own.
pub fn taken_as(before: Option<&Value>, sent: &Option<Value>, answered: &Option<Value>) -> Option<Value> {
    match (sent, answered) {
        (Some(Value::List(_)) | None, Some(Value::List(there))) => {
            let sent = sent.as_ref().map(Value::items).unwrap_or_default();
            let before = before.map(Value::items).unwrap_or_default();
            Value::list(list(&before, &sent, there))
        }
        (Some(Value::List(_)), None) => None,
        (_, answered) if answered.as_ref() == before => answered.clone(),
        (Some(_), None) => None,
        (Some(Value::Text(sent)), Some(Value::Text(there))) if is_form_of(there, sent) => answered.clone(),
        _ => sent.clone(),
    }
}

/// Items that we sent and the side left out, and items that we left out and the side kept.
fn list(before: &BTreeSet<String>, sent: &BTreeSet<String>, there: &BTreeSet<String>) -> BTreeSet<String> {
    let kept = before.difference(sent).filter(|item| there.contains(*item));
    sent.intersection(there).chain(kept).cloned().collect()
}

/// True where one is the other but for case, spaces and punctuation, or its beginning.
fn is_form_of(there: &str, sent: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (there, sent) = (plain(there), plain(sent));
    there == sent || (there.chars().count() >= SHORTEST_CUT && sent.starts_with(&there))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<Value> {
        Value::text(text)
    }

    fn items(items: &[&str]) -> Option<Value> {
        Value::list(items.iter().map(|item| (*item).to_owned()))
    }

    #[test]
    fn what_the_side_writes_its_own_way_is_taken_as_it_stands_there() {
        assert_eq!(taken_as(None, &text("ACME  Inc."), &text("Acme Inc")), text("Acme Inc"));
        assert_eq!(
            taken_as(None, &text("A company with a long name"), &text("A company with a long")),
            text("A company with a long")
        );
    }

    #[test]
    fn what_the_side_ignores_stays_as_it_was() {
        assert_eq!(taken_as(text("Old").as_ref(), &text("New"), &text("Old")), text("Old"));
        assert_eq!(taken_as(text("Old").as_ref(), &None, &text("Old")), text("Old"));
        assert_eq!(taken_as(None, &text("New"), &None), None);
        assert_eq!(taken_as(None, &items(&["a", "b"]), &None), None);
    }

    #[test]
    fn another_value_is_somebody_elses() {
        assert_eq!(taken_as(text("Old").as_ref(), &text("New"), &text("Typed")), text("New"));
    }

    #[test]
    fn items_that_were_left_out_and_items_that_stayed_are_noticed_one_by_one() {
        let before = items(&["old", "both"]);
        let taken =
            taken_as(before.as_ref(), &items(&["both", "new", "dropped"]), &items(&["both", "new", "old", "typed"]));
        assert_eq!(taken, items(&["both", "new", "old"]));
    }
}
