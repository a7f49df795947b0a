//! What a mapping says of one record: values that are made from others, what is written and what is held back, and whether it is
//! anybody at all.

use std::collections::BTreeSet;

use tandem_contact::{CustomName, Field, Side, Value};
use tandem_reconcile::{Canon, Direction, Document, Kind, Rules};

use crate::{Expression, Failed, Mapping, Seen};

/// How a value is made from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formula {
    /// By an expression.
    Expression(Expression),
    /// The names of the segments that the contact is in.
    Segments(Vec<Segment>),
}

/// A condition with a name, which stands on the contact while it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What stands there.
    pub name: String,
    /// Who is in it.
    pub when: Expression,
}

/// The field that holds the names of a contact's segments.
pub fn segments_field() -> Option<Field> {
    CustomName::new("segments").map(Field::CustomList).ok()
}

impl Mapping {
    /// True where every record is decided by the same rules, and no value is made from others.
    pub fn is_plain(&self) -> bool {
        self.filter.is_none() && self.conditions.is_empty() && self.formulas.is_empty()
    }

    /// Brings values that are made from others up to date in the document, and says by which rules it is decided: those of the
    /// connection, for this record.
    ///
    /// # Errors
    /// An expression can't be evaluated over this contact. The document is as it was.
    pub fn apply(&self, rules: &Rules, document: &mut Document) -> Result<Rules, Failed> {
        if self.is_plain() || document.kind != Kind::Contact || document.canon.is_empty() {
            return Ok(rules.clone());
        }
        let seen = Seen::new(&self.names(), |field| document.canon_value(field).cloned());
        let is_left_out = match &self.filter {
            Some(filter) => !filter.holds(&seen)?,
            None => false,
        };
        let mut held_back = BTreeSet::new();
        for (field, condition) in &self.conditions {
            if !condition.holds(&seen)? {
                held_back.insert(*field);
            }
        }
        let mut made = Vec::new();
        for (field, formula) in &self.formulas {
            made.push((*field, formula.value(*field, &seen)?));
        }
        for (field, value) in made {
            let is_new = document.canon.get(&field).is_none_or(|canon| canon.value != value);
            if is_new {
                document.canon.insert(field, Canon { value, side: self.from(field), at: None });
            }
        }
        Ok(Rules { held_back, is_left_out, ..rules.clone() })
    }

    /// The side that a value which is made stands for: the one that it travels from.
    fn from(&self, field: Field) -> Side {
        match self.fields.get(&field).map(|rule| rule.direction) {
            Some(Direction::ToGhl) => Side::OpenPhone,
            Some(Direction::Both | Direction::ToOpenPhone) | None => Side::Ghl,
        }
    }
}

impl Formula {
    fn value(&self, field: Field, seen: &Seen) -> Result<Option<Value>, Failed> {
        match self {
            Self::Expression(expression) => expression.value(seen, field.is_list()),
            Self::Segments(segments) => {
                let holds = |segment: &Segment| Ok(segment.when.holds(seen)?.then(|| segment.name.clone()));
                let names: Vec<Option<String>> = segments.iter().map(holds).collect::<Result<_, Failed>>()?;
                Ok(Value::list(names.into_iter().flatten()))
            }
        }
    }
}
