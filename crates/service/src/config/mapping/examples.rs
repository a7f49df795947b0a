//! A mapping's own tests.

use tandem_contact::{Field, Observed, Side, Value};
use tandem_mapping::{Example, Expected, Mapping};

use super::super::section::Slot;

/// The examples; their fields are those of the mapping.
pub(super) fn examples(slot: &Slot<'_>, mapping: &Mapping) -> Option<Vec<Example>> {
    let read: Vec<Option<Example>> = slot.list()?.iter().map(|slot| example(slot, mapping)).collect();
    read.into_iter().collect()
}

fn example(slot: &Slot<'_>, mapping: &Mapping) -> Option<Example> {
    let mut keys = slot.section()?;
    let name = keys.slot("name").required();
    let (given, expect) = (keys.slot("given"), keys.slot("expect"));
    keys.finish();
    let (name, (side, contact)) = (name?, one_side(&given)?);
    let given = observed(&contact, mapping)?;
    let (there, contact) = one_side(&expect)?;
    if there == side {
        expect.problem(format!("what is given in {side} has consequences in {}: name that side", side.other()));
        return None;
    }
    let is_nobody = !contact.is_group() && contact.text().is_some_and(|text| text.trim() == "nobody");
    let expected = if is_nobody { Expected::Nobody } else { Expected::Contact(observed(&contact, mapping)?) };
    Some(Example { name, side, given, expected })
}

/// `ghl: ...` or `openphone: ...`.
fn one_side<'a>(slot: &Slot<'a>) -> Option<(Side, Slot<'a>)> {
    let mut keys = slot.section()?;
    let sides = Side::BOTH.map(|side| (side, keys.slot(side.name())));
    keys.finish();
    let mut named: Vec<(Side, Slot<'a>)> = sides.into_iter().filter(|(_, slot)| !slot.is_empty()).collect();
    if named.len() != 1 {
        slot.problem("expected `ghl:` or `openphone:`, one of them, with the fields of a contact");
        return None;
    }
    named.pop()
}

/// Fields by their names; what is not named is empty.
fn observed(slot: &Slot<'_>, mapping: &Mapping) -> Option<Observed> {
    let mut observed = Observed::new();
    let mut is_fine = true;
    for (name, slot) in slot.entries()? {
        let known = mapping.fields.keys().copied().chain(Field::ALL).find(|field| field.name() == name);
        let Some(field) = known else {
            let names: Vec<&str> = mapping.fields.keys().map(|field| field.name()).collect();
            slot.problem(format!("no field of this mapping (known: {})", names.join(", ")));
            is_fine = false;
            continue;
        };
        observed.insert(field, value(&slot));
    }
    is_fine.then_some(observed)
}

/// A text, or a list of texts.
fn value(slot: &Slot<'_>) -> Option<Value> {
    if slot.is_empty() {
        return None;
    }
    if slot.is_list() {
        return Value::list(slot.items().iter().filter_map(Slot::text));
    }
    slot.text().as_deref().and_then(Value::text)
}
