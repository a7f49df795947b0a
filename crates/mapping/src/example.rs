//! People who are made up, and what a mapping is to do with them: a mapping's own tests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tandem_contact::{Field, Observed, PerSide, Side, Value, email, phone, tag};
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{Document, Found, Run, Step, Writes, adopt, claimed, claims, next_step, read};

use crate::Mapping;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What it is about.
    pub name: String,
    /// Where the contact stands.
    pub side: Side,
    /// What stands in it there.
    pub given: Observed,
    /// What is to come of it.
    pub expected: Expected,
}

/// What is to come of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// No contact on the other side.
    Nobody,
    /// A contact on the other side with this in it, as it stands there; fields that are not named may hold anything.
    Contact(Observed),
}

impl Example {
    /// What differs from what is expected, a line for each; nothing where it is as expected.
    pub fn run(&self, mapping: &Mapping) -> Vec<String> {
        let there = self.side.other();
        let made = match self.made(mapping) {
            Ok(made) => made,
            Err(problem) => return vec![problem],
        };
        match (&self.expected, made) {
            (Expected::Nobody, None) => Vec::new(),
            (Expected::Nobody, Some(_)) => vec![format!("nobody is expected in {there}, and a contact is made there")],
            (Expected::Contact(_), None) => vec![format!("a contact is expected in {there}, and none is made there")],
            (Expected::Contact(expected), Some(made)) => differences(expected, &made),
        }
    }

    /// What would be made on the other side, as it stands there.
    fn made(&self, mapping: &Mapping) -> Result<Option<Observed>, String> {
        let (now, there) = (Timestamp::UNIX_EPOCH, self.side.other());
        let rules = mapping.rules(PerSide::default());
        let record = RecordId::new("example").map_err(|error| error.to_string())?;
        let mut document = Document::new(ConnectionId::unknown(), record, now);
        adopt(&mut document, &rules, self.side, "example", now);
        let country = &mapping.default_country;
        let observed = mapping.codecs[self.side].read(canonical(&self.given, country), country);
        read(&mut document, &rules, self.side, &Found { id: "example".to_owned(), observed, at: None }, now);
        let rules = mapping.apply(&rules, &mut document).map_err(|failed| failed.to_string())?;
        // Nobody else is there, so whatever it is known by is its own.
        let claims = claims(&document);
        claimed(&mut document, claims.add, &claims.release);
        let step = next_step(&document, &rules, &Run::default(), now);
        let Step::Create(side, writes) = step else { return Ok(None) };
        Ok((side == there).then(|| as_it_stands(mapping, there, writes)))
    }
}

fn as_it_stands(mapping: &Mapping, side: Side, writes: Writes) -> Observed {
    let wanted = writes.into_iter().map(|(field, write)| (field, write.to)).collect();
    mapping.codecs[side].write(wanted, &mapping.default_country)
}

/// Numbers, addresses and tags in their normal forms, as the providers' own are read.
fn canonical(given: &Observed, country: &str) -> Observed {
    let normal = |field: Field, item: String| {
        if field == Field::Phones {
            phone::normal(&item, country)
        } else if field == Field::Emails {
            email::normal(&item)
        } else if field == Field::Tags {
            tag::normal(&item)
        } else {
            Some(item)
        }
    };
    let value = |(field, value): (&Field, &Option<Value>)| {
        let value = match value {
            Some(Value::List(items)) => Value::list(items.iter().filter_map(|item| normal(*field, item.clone()))),
            other => other.clone(),
        };
        (*field, value)
    };
    given.iter().map(value).collect()
}

fn differences(expected: &Observed, made: &Observed) -> Vec<String> {
    let made: BTreeMap<Field, Option<Value>> = made.clone();
    let differs = |(field, wanted): (&Field, &Option<Value>)| {
        let is = made.get(field).cloned().flatten();
        (is != *wanted)
            .then(|| format!("{}: expected {}, found {}", field.name(), shown(wanted.as_ref()), shown(is.as_ref())))
    };
    expected.iter().filter_map(differs).collect()
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::Text(text)) => format!("{text:?}"),
        Some(Value::List(items)) => format!("[{}]", items.iter().cloned().collect::<Vec<_>>().join(", ")),
    }
}
