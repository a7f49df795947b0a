//! What tasks and notes have in common at the providers: no place for an id of ours, so one that was made is known by what it says.

use std::time::Duration;

use tandem_contact::{Observed, Side, Value};
use tandem_proto::RecordId;
use tandem_reconcile::{Document, Found};
use tandem_records::{Error, fingerprint};

use crate::call::Caller;

/// Clocks differ.
pub(crate) const SKEW: Duration = Duration::from_mins(2);

/// What is left of a text when a provider has trimmed it and put it into a form of its own.
pub(crate) fn alike(text: &str) -> String {
    let plain: String = text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if plain.is_empty() { text.split_whitespace().collect() } else { plain }
}

/// What a thing was found to be, for a reading of all of them that asks whether it is another one than before.
pub(crate) fn print(found: &Found) -> String {
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_text).unwrap_or_default().to_owned();
    let fields: Vec<String> =
        found.observed.iter().flat_map(|(field, value)| [field.name().to_owned(), text(value)]).collect();
    fingerprint(&fields.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Of which the answer shows no more than that it is there.
pub(crate) fn bare(id: &str) -> Found {
    Found { id: id.to_owned(), observed: Observed::new(), at: None }
}

/// Those that no other record has.
pub(crate) async fn unclaimed(
    caller: &Caller<'_>,
    document: &Document,
    side: Side,
    found: impl Iterator<Item = Found>,
) -> Result<Vec<Found>, crate::Failure> {
    let mut ours = Vec::new();
    for found in found {
        let holder = caller.deps.records.linked_thing(&document.connection, (document.kind, side), &found.id).await?;
        // What was heard of before its maker had the answer has a record named after itself, which is no other's.
        let is_free = match holder.filter(|holder| *holder != document.id) {
            Some(holder) => is_echo(caller, document, side, &holder).await?,
            None => true,
        };
        if is_free {
            ours.push(found);
        }
    }
    Ok(ours)
}

/// Whether a record knows its thing from this side only: then that may be the one that this record has made.
async fn is_echo(caller: &Caller<'_>, document: &Document, side: Side, holder: &RecordId) -> Result<bool, Error> {
    let held = caller.deps.records.load(&document.connection, holder).await?;
    Ok(held.is_none_or(|held| {
        held.document.merged_into.as_ref() == Some(&document.id)
            || (held.document.link[side.other()].is_none() && held.document.intent[side.other()].is_none())
    }))
}
