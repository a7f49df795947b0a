//! The contact with which `tandem check --write` tries what the keys allow: how it looks, and how everything else knows it
//! again. It is made and removed within a minute and belongs to nobody, so it doesn't travel.

use crate::{Field, Fields, Observed, Value};

/// Its given name.
pub const FIRST_NAME: &str = "Tandem Check";
/// Its family name; whoever finds one that was left behind knows what to do.
pub const LAST_NAME: &str = "(safe to delete)";
/// Its family name once it was changed.
pub const CHANGED_LAST_NAME: &str = "(safe to delete, changed)";

/// Its whole name; what else is made for a test is called so too.
pub const NAME: &str = "Tandem Check (safe to delete)";
/// What is called so once it was changed.
pub const CHANGED_NAME: &str = "Tandem Check (safe to delete, changed)";

/// Its number, one of a hundred that are kept for fiction.
pub fn number(pick: u8) -> String {
    format!("+141555501{:02}", pick % 100)
}

/// What it is made with.
pub fn fields(number: &str) -> Fields {
    let list = Value::List([number.to_owned()].into());
    let text = |text: &str| Value::Text(text.to_owned());
    [(Field::FirstName, text(FIRST_NAME)), (Field::LastName, text(LAST_NAME)), (Field::Phones, list)].into()
}

/// Whether a contact is one.
pub fn is_trial(observed: &Observed) -> bool {
    let name = |field| observed.get(&field).and_then(Option::as_ref).and_then(Value::as_text);
    let last = name(Field::LastName).is_some_and(|last| [LAST_NAME, CHANGED_LAST_NAME].contains(&last));
    name(Field::FirstName) == Some(FIRST_NAME) && last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone;

    #[test]
    fn it_is_known_again_and_nobody_else_is_taken_for_it() {
        let observed = |first: &str, last: &str| {
            Observed::from([(Field::FirstName, Value::text(first)), (Field::LastName, Value::text(last))])
        };
        let made: Observed = fields(&number(7)).into_iter().map(|(field, value)| (field, Some(value))).collect();
        assert!(is_trial(&made));
        assert_eq!(NAME, format!("{FIRST_NAME} {LAST_NAME}"));
        assert_eq!(CHANGED_NAME, format!("{FIRST_NAME} {CHANGED_LAST_NAME}"));
        assert!(is_trial(&observed(FIRST_NAME, CHANGED_LAST_NAME)));
        for (first, last) in [("Tandem Check", "Smith"), ("Ana", LAST_NAME), ("", ""), (FIRST_NAME, "")] {
            assert!(!is_trial(&observed(first, last)), "{first} {last}");
        }
        assert!(!is_trial(&Observed::new()));
    }

    #[test]
    fn every_number_is_a_number_and_none_is_anybodys() {
        for pick in 0..=u8::MAX {
            let number = number(pick);
            assert!(number.starts_with("+141555501") && number.len() == 12, "{number}");
            assert_eq!(phone::normal(&number, "US").as_deref(), Some(number.as_str()));
        }
    }
}
