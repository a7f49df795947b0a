//! The line that says whom a task is about, where it hangs on a number and not on a conversation.

use std::collections::BTreeSet;

use tandem_contact::{Field, Value};
use tandem_reconcile::Document;

const BEGIN: &str = "[Tandem] ";

/// It stands last in the description, and is no part of the task's own text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoteLine(String);

impl NoteLine {
    /// Names the person: what they are called, and their numbers.
    pub(crate) fn about(contact: &Document) -> Self {
        let text = |field| contact.canon_value(field).and_then(Value::as_text);
        let name: Vec<&str> = [text(Field::FirstName), text(Field::LastName)].into_iter().flatten().collect();
        let name = if name.is_empty() { text(Field::Company).unwrap_or_default().to_owned() } else { name.join(" ") };
        let phones: BTreeSet<String> = contact.canon_value(Field::Phones).map(Value::items).unwrap_or_default();
        let parts: Vec<String> = [name].into_iter().chain(phones).filter(|part| !part.is_empty()).collect();
        Self(parts.join(", ").split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The text with the line behind it.
    pub(crate) fn behind(&self, text: &str) -> String {
        let gap = if text.is_empty() { "" } else { "\n\n" };
        format!("{text}{gap}{BEGIN}{}", self.0)
    }

    /// A description's own text, and the line where there is one.
    pub(crate) fn split(description: &str) -> (&str, Option<Self>) {
        let trimmed = description.trim_end();
        let start = trimmed.rfind('\n').map_or(0, |at| at + 1);
        match trimmed[start..].strip_prefix(BEGIN) {
            Some(line) => (trimmed[..start].trim_end(), Some(Self(line.to_owned()))),
            None => (description, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_comes_off_as_it_was_put_on() {
        let line = NoteLine("Ana Díaz, +14155550123".to_owned());
        for text in ["", "One line", "Two\nlines", "[Tandem] is a word\nhere"] {
            let description = line.behind(text);
            assert_eq!(NoteLine::split(&description), (text, Some(line.clone())), "{description:?}");
        }
        assert_eq!(NoteLine::split("No line\nat all"), ("No line\nat all", None));
        assert_eq!(NoteLine::split("[Tandem] first\nthen text"), ("[Tandem] first\nthen text", None));
    }
}
