//! Texts with values in them: `New customer: {{ contact.first_name }}`.

use crate::{Expression, Failed, InvalidExpression, Names, Seen};

/// A text in which expressions stand between `{{` and `}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Expression),
}

impl Template {
    /// Reads a template; what stands in it may be named by `names`.
    pub fn new(text: &str, names: Names<'_>) -> Result<Self, InvalidExpression> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let at = text.len() - rest.len() + before.len() + 2;
            let Some((source, behind)) = after.split_once("}}") else {
                let column = Some(text[..at].chars().count() - 1);
                let text = "`{{` opens an expression, and no `}}` closes it".to_owned();
                return Err(InvalidExpression { text, column });
            };
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let value = Expression::naming(source.trim(), names).map_err(|error| {
                let indent = source.chars().take_while(|letter| letter.is_whitespace()).count();
                let start = text[..at].chars().count() + indent;
                InvalidExpression { column: Some(start + error.column.unwrap_or(1)), ..error }
            })?;
            parts.push(Part::Value(value));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The text, where there is no value in it.
    pub fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text, with the values in it.
    ///
    /// # Errors
    /// An expression can't be evaluated over this contact and event.
    pub fn fill(&self, seen: &Seen) -> Result<String, Failed> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(words) => text.push_str(words),
                Part::Value(expression) => text.push_str(&expression.words(seen)?),
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tandem_contact::{Field, Value};

    use super::*;

    const NAMES: Names<'_> = Names { contact: &[Field::FirstName, Field::Tags], event: &[] };

    fn filled(text: &str) -> Result<String, String> {
        let tags = Value::list(["vip".to_owned(), "lead".to_owned()]);
        let seen =
            Seen::new(NAMES.contact, |field| if field == Field::Tags { tags.clone() } else { Value::text("Ana") });
        let template = Template::new(text, NAMES).map_err(|error| format!("{:?}: {error}", error.column))?;
        template.fill(&seen).map_err(|failed| failed.to_string())
    }

    #[test]
    fn values_stand_where_they_are_asked_for() {
        assert_eq!(filled("Hello {{ contact.first_name }}!").unwrap(), "Hello Ana!");
        assert_eq!(filled("{{contact.first_name + '.'}}{{contact.tags}}").unwrap(), "Ana.lead, vip");
        assert_eq!(filled("nothing in it }} {").unwrap(), "nothing in it }} {");
        assert_eq!(filled("").unwrap(), "");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(
            filled("Hello {{ contact.first_name").unwrap_err(),
            "Some(7): `{{` opens an expression, and no `}}` closes it"
        );
        let unknown = filled("Hello {{ contact.nobody }}").unwrap_err();
        assert!(unknown.starts_with("Some(1"), "{unknown}");
        assert!(unknown.contains("`contact` has no field `nobody`"), "{unknown}");
        assert!(filled("{{ event.amount }}").unwrap_err().contains("there is no `event` here"));
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_or_refused(text in "[a-z{} .é]{0,40}") {
            let read = filled(&text);
            if !text.contains("{{") {
                prop_assert_eq!(read.unwrap(), text);
            }
        }
    }
}
